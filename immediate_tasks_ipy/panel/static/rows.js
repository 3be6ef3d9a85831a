// Rows as they travel (see rows.py) and rows as the views read them.

export const READY = 0;
export const RUNNING = 1;
export const SUCCESSFUL = 2;
export const FAILED = 3;

/** The words of the statuses, by their numbers. */
export const STATUS_WORDS = ["Ready", "Running", "Successful", "Failed"];
/** Their names in style classes. */
export const STATUS_NAMES = ["ready", "running", "successful", "failed"];

/**
 * @typedef {object} Row a task; times are milliseconds since the epoch
 * @property {number} key
 * @property {number} status
 * @property {string} name
 * @property {string | null} args null for a task that is no call, a cell
 * @property {string} queue
 * @property {number} priority
 * @property {string} backend
 * @property {number | null} enqueued
 * @property {number | null} started
 * @property {number | null} finished
 * @property {string | null} outcome preview of the return value, or the error's first line
 * @property {string | null} note what JSON changed
 * @property {string | null} text what a search looks at, once it has looked
 */

/** @typedef {[name: string, queue: string, priority: number, backend: string]} Kind */
/** @typedef {(string | number | null | undefined)[]} WireRow */

/**
 * @param {WireRow} wire
 * @param {number} base
 * @param {Kind[]} kinds
 * @returns {Row}
 */
export function decodeRow(wire, base, kinds) {
  const [key, status, kind, args, offset, ...state] = wire;
  const [name, queue, priority, backend] = kinds[Number(kind)] ?? ["?", "default", 0, "default"];
  const enqueued = typeof offset === "number" ? base + offset / 1000 : null;
  /** @type {Row} */
  const row = {
    key: Number(key),
    status: Number(status),
    name,
    args: typeof args === "string" ? args : null,
    queue,
    priority,
    backend,
    enqueued,
    started: null,
    finished: null,
    outcome: null,
    note: null,
    text: null,
  };
  decodeState(row, state);
  return row;
}

/**
 * Take over what a change says.
 *
 * @param {Row} row
 * @param {WireRow} wire
 */
export function decodeChange(row, wire) {
  const [, status, ...state] = wire;
  row.status = Number(status);
  row.text = null;
  decodeState(row, state);
}

/**
 * @param {Row} row
 * @param {WireRow} state started, finished, outcome, note
 */
function decodeState(row, [started, finished, outcome, note]) {
  row.started = later(row.enqueued, started);
  row.finished = later(row.started ?? row.enqueued, finished);
  row.outcome = typeof outcome === "string" ? outcome : null;
  row.note = typeof note === "string" ? note : null;
}

/**
 * @param {number | null} time
 * @param {string | number | null | undefined} microseconds
 */
function later(time, microseconds) {
  return time === null || typeof microseconds !== "number" ? null : time + microseconds / 1000;
}

/**
 * The rows as they travel, for the state that is saved with a notebook.
 *
 * @param {Row[]} rows
 * @param {number} total
 */
export function encodeRows(rows, total) {
  const base = rows[0]?.enqueued ?? 0;
  /** @type {Map<string, number>} */
  const index = new Map();
  /** @type {Kind[]} */
  const kinds = [];
  const wires = rows.map((row) => {
    /** @type {Kind} */
    const kind = [row.name, row.queue, row.priority, row.backend];
    const name = JSON.stringify(kind);
    if (!index.has(name)) {
      index.set(name, kinds.length);
      kinds.push(kind);
    }
    const wire = [
      row.key,
      row.status,
      index.get(name),
      row.args,
      between(base, row.enqueued),
      between(row.enqueued, row.started),
      between(row.started ?? row.enqueued, row.finished),
      row.outcome,
      row.note,
    ];
    while (wire.at(-1) === null) wire.pop();
    return wire;
  });
  return { base, kinds, rows: wires, total };
}

/**
 * @param {number | null} since
 * @param {number | null} until
 */
function between(since, until) {
  return since === null || until === null ? null : Math.round((until - since) * 1000);
}

/**
 * Seconds that a task ran, or has run by `now`; null if it has not begun.
 *
 * @param {Row} row
 * @param {number} now
 * @returns {number | null}
 */
export function secondsTaken(row, now) {
  const began = row.started ?? (row.finished === null ? null : row.enqueued);
  if (began === null) return null;
  return Math.max(0, (row.finished ?? now) - began) / 1000;
}

/**
 * Seconds that a task waited, or has waited by `now`.
 *
 * @param {Row} row
 * @param {number} now
 * @returns {number | null}
 */
export function secondsWaited(row, now) {
  if (row.enqueued === null) return null;
  return Math.max(0, (row.started ?? row.finished ?? now) - row.enqueued) / 1000;
}

/**
 * The task as a call.
 *
 * @param {Row} row
 * @returns {string}
 */
export function callText(row) {
  return row.args === null ? row.name : `${row.name}(${row.args})`;
}

/**
 * The class of the error that a failed task's outcome begins with.
 *
 * @param {Row} row
 * @returns {string}
 */
export function errorName(row) {
  return (row.outcome ?? "failed").split(":", 1)[0] ?? "failed";
}
