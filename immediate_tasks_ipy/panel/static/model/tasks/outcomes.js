// What a task came to, or how far it is, in the words of a row.

import { countText } from "../text/format.js";
import { CANCELLED, FAILED, RUNNING } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./rows.js").Progress} Progress */
/** @typedef {import("./store.js").Store} Store */

/**
 * The text of a row's result: the value, the error, what was cancelled.
 *
 * @param {Row} row
 */
export function resultText(row) {
  if (row.status === CANCELLED) {
    if (row.started === null) return "Cancelled before it ran";
    return row.progress ? `Cancelled by you at ${progressWords(row.progress)}` : "Cancelled by you";
  }
  if (row.status === FAILED && row.progress) {
    return `${(row.outcome ?? "Failed").split(":", 1)[0]} at ${progressWords(row.progress)}`;
  }
  return row.outcome ?? "";
}

/**
 * What a running task says of itself; empty if it says nothing.
 *
 * @param {Row} row
 */
export function progressText({ status, progress }) {
  return status === RUNNING && progress ? progressWords(progress) : "";
}

/**
 * `3 of 10, epoch 3`, or without a total `412 so far`.
 *
 * @param {Progress} progress
 */
export function progressWords([done, total, text]) {
  const count = total === null ? `${numberText(done)} so far` : `${numberText(done)} of ${numberText(total)}`;
  return text ? `${count}, ${text}` : count;
}

/** @param {number} number */
function numberText(number) {
  return Number.isInteger(number) ? countText(number) : String(Number(number.toFixed(2)));
}

/**
 * How often a task was tried: its runs, and the attempts inside each.
 *
 * @param {Store} store
 * @param {Row} row
 */
export function attemptCount(store, row) {
  let count = 0;
  for (const key of store.relations.runsOf(row.key)) count += Math.max(1, store.rows.get(key)?.attempts ?? 1);
  return count;
}

/**
 * How many failed runs a later one stands for.
 *
 * @param {Store} store
 */
export function supersededFailures({ relations, rows }) {
  let count = 0;
  for (const runs of relations.runs.values()) {
    for (const key of runs) if (!relations.shown.has(key) && rows.get(key)?.status === FAILED) count++;
  }
  return count;
}
