// The timeline by worker: a lane for each slot of a worker, with the tasks that ran there.

import { READY, RUNNING } from "../tasks/rows.js";

/** @typedef {import("../tasks/rows.js").Row} Row */
/** @typedef {import("../tasks/store.js").Store} Store */
/** @typedef {import("./time_span.js").Span} Span */

/**
 * @typedef {object} WorkerLane
 * @property {string} name `k3Qz-1`
 * @property {number[]} keys of its tasks, in order of their start
 * @property {Map<number, number>} levels of those that lie below the task that enqueued them, from 1
 */

/** Levels below the first that are drawn apart; what is deeper lies in the last. */
const MOST_LEVELS = 4;
/** Characters of a worker's id in a name, unless ids share more. */
const SHORT = 4;

/**
 * The tasks by worker and slot: tasks that overlap in one worker lie in slots of their own, but
 * child tasks below the task that enqueued them.
 *
 * @param {Store} store
 * @param {number[]} keys in order of arrival
 * @returns {{ lanes: WorkerLane[], waiting: number[] }}
 */
export function workerLanes({ rows }, keys) {
  /** @type {Map<string, Row[]>} */
  const byWorker = new Map();
  /** @type {Map<number, Row[]>} the child tasks by the key of the task that all of them began with */
  const below = new Map();
  /** @type {number[]} */
  const waiting = [];
  const append = (/** @type {Map<any, Row[]>} */ map, /** @type {any} */ key, /** @type {Row} */ row) => {
    const found = map.get(key);
    if (found) found.push(row);
    else map.set(key, [row]);
  };
  for (const key of keys) {
    const row = rows.get(key);
    if (row === undefined) continue;
    if (row.started === null) {
      if (row.status === READY) waiting.push(key);
      continue;
    }
    const top = outermost(rows, row);
    if (top === row) append(byWorker, row.worker, row);
    else append(below, top.key, row);
  }
  const names = shortNames([...byWorker.keys()]);
  const lanes = [...byWorker].flatMap(([worker, tasks]) => {
    const slots = slotsOf(tasks);
    return slots.map((slot, index) => ({ name: `${names.get(worker)}-${index + 1}`, ...nested(slot, below) }));
  });
  return { lanes, waiting };
}

/**
 * The task of the same worker that a task was enqueued by, or the one that enqueued that one.
 *
 * @param {Map<number, Row>} rows
 * @param {Row} row
 */
function outermost(rows, row) {
  let top = row;
  for (let depth = 0; top.parent !== null && depth < 100; depth++) {
    const parent = rows.get(top.parent);
    if (parent === undefined || parent.started === null || parent.worker !== row.worker) break;
    top = parent;
  }
  return top;
}

/**
 * The tasks of a slot with those below them, each in the first level that is free.
 *
 * @param {number[]} slot
 * @param {Map<number, Row[]>} below
 * @returns {{ keys: number[], levels: Map<number, number> }}
 */
function nested(slot, below) {
  /** @type {number[]} */
  const keys = [];
  /** @type {Map<number, number>} */
  const levels = new Map();
  for (const top of slot) {
    keys.push(top);
    /** @type {number[]} when the last task of each level ends */
    const ends = [];
    const children = (below.get(top) ?? []).sort((a, b) => (a.started ?? 0) - (b.started ?? 0));
    for (const { key, parent, started, finished } of children) {
      let level = (levels.get(parent ?? 0) ?? 0) + 1;
      while (level < MOST_LEVELS && (ends[level] ?? -Infinity) > (started ?? 0)) level++;
      level = Math.min(level, MOST_LEVELS);
      ends[level] = finished ?? Infinity;
      levels.set(key, level);
      keys.push(key);
    }
  }
  return { keys, levels };
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
