// A task's lifecycle as text: its status line, its stages and the times between them.

import { clockText, durationText } from "./format.js";
import { CANCELLED, FAILED, RUNNING, secondsTaken, SUCCESSFUL } from "../tasks/rows.js";

/** @typedef {import("../tasks/rows.js").Row} Row */
/** @typedef {{ stage: string, time: number | null } | { gap: string, waiting: boolean }} Step */

/**
 * Status, duration and time of enqueuing: `Failed after 1.20 s, enqueued 14:03:07.412`.
 *
 * @param {Row} row
 * @param {number} now
 * @param {boolean} connected
 * @param {number} [attempts]
 * @returns {string}
 */
export function statusLine(row, now, connected, attempts = 1) {
  const seconds = secondsTaken(row, now);
  const took =
    seconds === null ? "" : durationText(seconds) + (row.finished === null && !connected ? "+" : "");
  const enqueued = row.enqueued === null ? "" : `, enqueued ${clockText(row.enqueued, true)}`;
  const at = attempts > 1 ? ` at attempt ${attempts}` : "";
  if (row.status === FAILED) return `Failed${at}${took && ` after ${took}`}${enqueued}`;
  if (row.status === CANCELLED) return `Cancelled${at}${took && ` after ${took}`}${enqueued}`;
  if (row.status === SUCCESSFUL) return `Successful${at}${took && ` in ${took}`}${enqueued}`;
  if (row.status === RUNNING) return `Running for ${took || "some time"}${enqueued}`;
  return `Ready${enqueued}`;
}

/**
 * The stages a task has gone through, alternating with the gaps between them.
 *
 * @param {Row} row
 * @param {[string, number][] | null} lifecycle the transitions recorded by the kernel; they are
 *   used for tasks of more than one attempt
 * @param {number} now
 * @param {boolean} connected
 * @returns {Step[]}
 */
export function stages(row, lifecycle, now, connected) {
  const points = lifecycle && lifecycle.length > 3 ? lifecycle : rowPoints(row);
  /** @type {Step[]} */
  const steps = [];
  points.forEach(([stage, time], index) => {
    steps.push({ stage, time });
    const next = points[index + 1];
    if (next === undefined && row.status >= SUCCESSFUL) return;
    const until = next === undefined ? now : next[1];
    if (time === null || until === null) return;
    const took =
      durationText(Math.max(0, until - time) / 1000) + (next === undefined && !connected ? "+" : "");
    const waiting = stage === "READY";
    const word = waiting ? (next ? "waited" : "waiting") : next ? "ran" : "running";
    steps.push({ gap: `${word} ${took}`, waiting });
  });
  return steps;
}

/**
 * @param {Row} row
 * @returns {[stage: string, time: number | null][]}
 */
function rowPoints(row) {
  /** @type {[string, number | null][]} */
  const points = [["READY", row.enqueued]];
  if (row.started !== null) points.push(["RUNNING", row.started]);
  if (row.status >= SUCCESSFUL)
    points.push([row.status === SUCCESSFUL ? "SUCCESSFUL" : "FAILED", row.finished]);
  return points;
}

/**
 * The stages in one line: the times between them, then the last with its time.
 *
 * @param {Step[]} steps
 * @returns {string[]}
 */
export function lifeline(steps) {
  const last = steps.at(-1);
  return steps.flatMap((step) => {
    if ("gap" in step) return [step.gap];
    if (step !== last) return [];
    return [step.time === null ? step.stage : `${step.stage} ${clockText(step.time, true)}`];
  });
}
