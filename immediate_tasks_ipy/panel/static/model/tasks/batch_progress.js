// How far a batch is: what is left, how fast it goes, when it ends.

import { durationText, rateText } from "../text/format.js";
import { CANCELLED, FAILED, READY, RUNNING, SUCCESSFUL } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./relations.js").Group} Group */

/**
 * @typedef {object} BatchProgress
 * @property {number} waiting items that have not begun, enqueued or not
 * @property {number} rest items that have not finished
 * @property {number} missing items that never will be, since the batch has stopped
 * @property {number} elapsed seconds from its first item to its last, or to now
 * @property {number | null} rate items a second
 * @property {number | null} left seconds until it ends, if all goes on as it did
 */

/**
 * @param {Store} store
 * @param {Group} group
 * @param {number} now
 * @returns {BatchProgress}
 */
export function batchProgress(store, group, now) {
  const { counts, ended, size } = group;
  const members = store.relations.membersOf(group);
  const at = (/** @type {number} */ status) => counts[status] ?? 0;
  const done = at(SUCCESSFUL) + at(FAILED) + at(CANCELLED);
  const unread = size === null ? 0 : Math.max(0, size - members.length);
  const waiting = at(READY) + (ended ? 0 : unread);
  const rest = waiting + at(RUNNING);
  const first = store.rows.get(members[0] ?? 0);
  const start = first?.enqueued ?? first?.started ?? now;
  const elapsed = Math.max(0, (rest > 0 ? now : lastEnd(store, members, start)) - start) / 1000;
  const rate = done > 0 && elapsed > 0 ? done / elapsed : null;
  const isKnown = rate !== null && rest > 0 && (ended || size !== null);
  const left = isKnown ? rest / rate : null;
  return { waiting, rest, missing: ended ? unread : 0, elapsed, rate, left };
}

/** @type {WeakMap<Group["members"], { version: number, end: number }>} */
const ENDS = new WeakMap();

/**
 * When the last of these tasks finished; kept until a row changes.
 *
 * @param {Store} store
 * @param {number[]} members
 * @param {number} start
 */
function lastEnd(store, members, start) {
  const known = ENDS.get(members);
  if (known?.version === store.version) return known.end;
  let end = start;
  for (const key of members) end = Math.max(end, store.rows.get(key)?.finished ?? start);
  ENDS.set(members, { version: store.version, end });
  return end;
}

/**
 * How fast it goes and when it ends, or how long it took: `32.1/s · 4 s left`, `in 2.31 s`.
 *
 * @param {BatchProgress} progress
 */
export function paceText({ rest, elapsed, rate, left }) {
  if (rest === 0) return `in ${durationText(elapsed)}`;
  if (rate === null) return "";
  const time = left === null ? "" : ` · ${durationText(Math.max(1, Math.round(left)))} left`;
  return rateText(rate) + time.replace(/\.0+ s|\.\d+ s/, " s");
}
