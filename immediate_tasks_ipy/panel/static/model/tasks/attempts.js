// The attempts of a task: its runs, and those inside one result.

import { countText } from "../text/format.js";
import { CANCELLED, errorName, FAILED, secondsTaken, SUCCESSFUL } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./store.js").Store} Store */

/**
 * @typedef {object} Attempt
 * @property {number} key of the run
 * @property {number | null} inner its position among the attempts of that run; null if it is all of it
 * @property {number} status
 * @property {string} error the exception's class; empty if there is none
 * @property {number | null} seconds
 */

/**
 * The attempts of a task, oldest first. A result that was tried more than once has them inside.
 *
 * @param {Store} store
 * @param {Row} row any run of the task
 * @param {string[]} errors the exception classes of the attempts of `row` that failed, oldest first
 * @param {number} now
 * @returns {Attempt[]}
 */
export function attemptsOf(store, row, errors, now) {
  const runs = store.relations.runsOf(row.key);
  if (runs.length === 1 && row.attempts > 1) return innerAttempts(row, errors, now);
  return runs.flatMap((key) => {
    const run = store.rows.get(key);
    if (run === undefined) return [];
    const error = run.status === FAILED ? errorName(run) : "";
    const seconds = run.finished === null ? null : secondsTaken(run, now);
    return [{ key, inner: null, status: run.status, error, seconds }];
  });
}

/**
 * @param {Row} row
 * @param {string[]} errors
 * @param {number} now
 * @returns {Attempt[]}
 */
function innerAttempts(row, errors, now) {
  return Array.from({ length: row.attempts }, (_, inner) => {
    const isLast = inner === row.attempts - 1;
    const error = errors[inner]?.split(".").at(-1) ?? "";
    const status = isLast ? row.status : FAILED;
    const seconds = isLast && row.finished !== null ? secondsTaken(row, now) : null;
    return { key: row.key, inner, status, error: isLast && status !== FAILED ? "" : error, seconds };
  });
}

/**
 * What became of an attempt that was not the last; empty for the last.
 *
 * @param {Attempt[]} attempts
 * @param {number} chosen
 */
export function attemptSentence(attempts, chosen) {
  const last = attempts.at(-1);
  if (last === undefined || chosen < 0 || chosen >= attempts.length - 1) return "";
  const place = `Attempt ${countText(chosen + 1)} of ${countText(attempts.length)}.`;
  const newest = `Attempt ${countText(attempts.length)}`;
  if (last.status === SUCCESSFUL) return `${place} ${newest} succeeded, so this failure is not counted.`;
  if (last.status === FAILED) return `${place} ${newest} failed too.`;
  if (last.status === CANCELLED) return `${place} ${newest} was cancelled.`;
  return `${place} ${newest} still runs.`;
}
