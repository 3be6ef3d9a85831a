// The stages a task went through, and the time between them.

import { h, icon } from "./elements.js";
import { FAILED, RUNNING, secondsTaken, SUCCESSFUL } from "./rows.js";
import { clockText, dateText, durationText } from "./text.js";

/** @typedef {import("./rows.js").Row} Row */

/**
 * @param {Row} row
 * @param {number} now
 * @param {boolean} connected
 * @returns {string}
 */
export function statusLine(row, now, connected) {
  const seconds = secondsTaken(row, now);
  const took =
    seconds === null ? "" : durationText(seconds) + (row.finished === null && !connected ? "+" : "");
  const enqueued = row.enqueued === null ? "" : `, enqueued ${clockText(row.enqueued, true)}`;
  if (row.status === FAILED) return `Failed${took && ` after ${took}`}${enqueued}`;
  if (row.status === SUCCESSFUL) return `Successful${took && ` in ${took}`}${enqueued}`;
  if (row.status === RUNNING) return `Running for ${took || "some time"}${enqueued}`;
  return `Ready${enqueued}`;
}

/** @typedef {{ stage: string, time: number | null } | { gap: string, waiting: boolean }} Step */

/**
 * The stages a task went through and the times between them.
 *
 * @param {Row} row
 * @param {[string, number][] | null} lifecycle as the kernel tells it, for more than one attempt
 * @param {number} now
 * @param {boolean} connected
 * @returns {Step[]}
 */
export function stages(row, lifecycle, now, connected) {
  /** @type {[string, number | null][]} */
  let points = [];
  if (lifecycle && lifecycle.length > 3) points = lifecycle.slice();
  else {
    points.push(["READY", row.enqueued]);
    if (row.started !== null) points.push(["RUNNING", row.started]);
    if (row.status >= SUCCESSFUL)
      points.push([row.status === FAILED ? "FAILED" : "SUCCESSFUL", row.finished]);
  }
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
 * @param {Step} step
 * @returns {HTMLLIElement}
 */
export function stepElement(step) {
  if ("gap" in step) {
    return h(
      "li",
      { class: `itipy-gap${step.waiting ? " itipy-gap-wait" : ""}` },
      h("i", { class: "itipy-gapline" }),
      h("span", { class: "itipy-gaptext" }, step.gap),
    );
  }
  const name = step.stage.toLowerCase();
  const mark = name === "running" ? h("i", { class: "itipy-dot" }) : icon(name);
  return h(
    "li",
    { class: "itipy-stage", title: step.time === null ? null : dateText(step.time) },
    h("span", { class: `itipy-stagename itipy-is-${name}` }, mark, step.stage),
  );
}
