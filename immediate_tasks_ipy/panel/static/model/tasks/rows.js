// Rows as transmitted (see rows.py), and rows as the views read them.

export const READY = 0;
export const RUNNING = 1;
export const SUCCESSFUL = 2;
export const FAILED = 3;
/** A status of the panel alone: what the user cancelled is FAILED for everybody else. */
export const CANCELLED = 4;

/** The label of each status. */
export const STATUS_LABELS = ["Ready", "Running", "Successful", "Failed", "Cancelled"];
/** The name of each status in CSS classes. */
export const STATUS_NAMES = ["ready", "running", "successful", "failed", "cancelled"];

/**
 * @typedef {object} Row a task; times are milliseconds since the epoch
 * @property {number} key
 * @property {number} status
 * @property {string} name
 * @property {string | null} args null for a cell, which is not a call
 * @property {string} queue
 * @property {number} priority
 * @property {string} backend
 * @property {number | null} group the batch it is an item of
 * @property {number | null} parent the key of the task that enqueued it
 * @property {number | null} rerunOf the key of the first run of the same task
 * @property {number | null} enqueued
 * @property {number | null} started
 * @property {number | null} finished
 * @property {string | null} outcome preview of the return value, or the error's first line
 * @property {string | null} note what JSON changed
 * @property {number} attempts inside this result
 * @property {Progress | null} progress what the task said last
 * @property {string} worker the id of the worker that ran it; empty if none did
 * @property {string | null} text the text to search in, cached until the row changes
 */

/** @typedef {[done: number, total: number | null, text: string]} Progress */
/**
 * @typedef {[
 *   name: string, queue: string, priority: number, backend: string, group?: number | null,
 *   parent?: number | null, rerunOf?: number | null,
 * ]} Kind
 */
/** @typedef {(string | number | null | undefined | Progress)[]} WireRow */

/** @type {Kind} */
const UNKNOWN_KIND = ["?", "default", 0, "default"];

/**
 * @typedef {object} Tables what rows point into
 * @property {number} base
 * @property {Kind[]} [kinds]
 * @property {string[]} [workers]
 */

/**
 * @param {WireRow} wire
 * @param {Tables} tables
 * @returns {Row}
 */
export function decodeRow(wire, { base, kinds = [], workers = [] }) {
  const [key, status, kind, args, offset, ...state] = wire;
  const [name, queue, priority, backend, group = null, parent = null, rerunOf = null] =
    kinds[Number(kind)] ?? UNKNOWN_KIND;
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
    group,
    parent,
    rerunOf,
    enqueued,
    started: null,
    finished: null,
    outcome: null,
    note: null,
    attempts: 1,
    progress: null,
    worker: "",
    text: null,
  };
  decodeState(row, state, workers);
  return row;
}

/**
 * Apply a transmitted change to a row.
 *
 * @param {Row} row
 * @param {WireRow} wire
 * @param {Tables} tables
 */
export function decodeChange(row, wire, { workers = [] }) {
  const [, status, ...state] = wire;
  row.status = Number(status);
  row.text = null;
  decodeState(row, state, workers);
}

/**
 * @param {Row} row
 * @param {WireRow} state started, worker, finished, outcome, note, attempts, progress
 * @param {string[]} workers
 */
function decodeState(row, [started, worker, finished, outcome, note, attempts, progress], workers) {
  row.started = later(row.enqueued, started);
  row.finished = later(row.started ?? row.enqueued, finished);
  row.outcome = typeof outcome === "string" ? outcome : null;
  row.note = typeof note === "string" ? note : null;
  row.attempts = typeof attempts === "number" ? attempts : 1;
  row.progress = Array.isArray(progress) ? progress : null;
  if (typeof worker === "number") row.worker = workers[worker] ?? "";
}

/**
 * @param {number | null} time
 * @param {WireRow[number]} microseconds
 */
function later(time, microseconds) {
  return time === null || typeof microseconds !== "number" ? null : time + microseconds / 1000;
}

/**
 * Rows in the transmitted format, for the state that is saved with a notebook.
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
  /** @type {string[]} */
  const workers = [...new Set(rows.map(({ worker }) => worker).filter(Boolean))];
  const wires = rows.map((row) => {
    /** @type {Kind} */
    const kind = [row.name, row.queue, row.priority, row.backend, row.group, row.parent, row.rerunOf];
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
      row.worker ? workers.indexOf(row.worker) : null,
      between(row.started ?? row.enqueued, row.finished),
      row.outcome,
      row.note,
      row.attempts > 1 ? row.attempts : null,
      row.progress,
    ];
    while (wire.at(-1) === null) wire.pop();
    return wire;
  });
  return { base, kinds, workers, rows: wires, total };
}

/**
 * @param {number | null} since
 * @param {number | null} until
 */
function between(since, until) {
  return since === null || until === null ? null : Math.round((until - since) * 1000);
}

/**
 * Seconds that a task ran, or has run by `now`; null if it has not started.
 *
 * @param {Row} row
 * @param {number} now
 * @returns {number | null}
 */
export function secondsTaken(row, now) {
  const start = row.started ?? (row.finished === null ? null : row.enqueued);
  if (start === null) return null;
  return Math.max(0, (row.finished ?? now) - start) / 1000;
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
 * The task as a call: `add(2, 3)`.
 *
 * @param {Row} row
 * @returns {string}
 */
export function callText(row) {
  return row.args === null ? row.name : `${row.name}(${row.args})`;
}

/**
 * The exception class at the start of a failed task's outcome.
 *
 * @param {Row} row
 * @returns {string}
 */
export function errorName(row) {
  return (row.outcome ?? "failed").split(":", 1)[0] ?? "failed";
}
