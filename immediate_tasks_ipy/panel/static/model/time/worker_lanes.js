// The timeline by worker: a lane for each slot of a worker, with the tasks that ran there.

import { READY, RUNNING } from "../tasks/rows.js";

/** @typedef {import("../tasks/rows.js").Row} Row */
/** @typedef {import("../tasks/store.js").Store} Store */
/** @typedef {import("./time_span.js").Span} Span */

/**
 * @typedef {object} WorkerLane
 * @property {string} name `k3Qz-1`, or "waiting"
 * @property {number[]} keys of its tasks, in order of their start
 * @property {number} busy the share of the shown span in which a task ran, 0 to 1
 */

/** Characters of a worker's id in a name, unless ids share more. */
const SHORT = 4;

/**
 * The tasks by worker and slot: tasks that overlap in one worker lie in slots of their own.
 *
 * @param {Store} store
 * @param {number[]} keys in order of arrival
 * @returns {{ lanes: { name: string, keys: number[] }[], waiting: number[] }}
 */
export function workerLanes({ rows }, keys) {
  /** @type {Map<string, Row[]>} */
  const byWorker = new Map();
  /** @type {number[]} */
  const waiting = [];
  for (const key of keys) {
    const row = rows.get(key);
    if (row === undefined) continue;
    if (row.started === null) {
      if (row.status === READY) waiting.push(key);
      continue;
    }
    const found = byWorker.get(row.worker);
    if (found) found.push(row);
    else byWorker.set(row.worker, [row]);
  }
  const names = shortNames([...byWorker.keys()]);
  const lanes = [...byWorker].flatMap(([worker, tasks]) => {
    const slots = slotsOf(tasks);
    return slots.map((slot, index) => ({ name: `${names.get(worker)}-${index + 1}`, keys: slot }));
  });
  return { lanes, waiting };
}

/**
 * @param {Row[]} tasks of one worker
 * @returns {number[][]} keys by slot
 */
function slotsOf(tasks) {
  tasks.sort((a, b) => (a.started ?? 0) - (b.started ?? 0));
  /** @type {{ keys: number[], end: number }[]} */
  const slots = [];
  for (const { key, started, finished } of tasks) {
    const start = started ?? 0;
    let slot = slots.find(({ end }) => end <= start);
    if (slot === undefined) slots.push((slot = { keys: [], end: 0 }));
    slot.keys.push(key);
    slot.end = finished ?? Infinity;
  }
  return slots.map(({ keys }) => keys);
}

/**
 * The share of a span in which the tasks of a lane ran.
 *
 * @param {Store} store
 * @param {number[]} keys
 * @param {Span} span
 * @param {number} now
 */
export function busyShare({ rows }, keys, { start, end }, now) {
  let busy = 0;
  for (const key of keys) {
    const row = rows.get(key);
    if (row?.started == null) continue;
    const until = row.finished ?? (row.status === RUNNING ? now : row.started);
    busy += Math.max(0, Math.min(until, end) - Math.max(row.started, start));
  }
  return Math.min(1, busy / Math.max(1e-9, Math.min(end, now) - start));
}

/**
 * Ids cut to what distinguishes them.
 *
 * @param {string[]} ids
 * @returns {Map<string, string>}
 */
function shortNames(ids) {
  let length = SHORT;
  while (length < 40 && new Set(ids.map((id) => id.slice(0, length))).size < ids.length) length++;
  return new Map(ids.map((id) => [id, id.slice(0, length) || "worker"]));
}
