// Messages for screen readers: at most one in five seconds, and only about what matters.

import { countText } from "./format.js";
import { callText, errorName, FAILED } from "../tasks/rows.js";

/** @typedef {import("../tasks/rows.js").Row} Row */

/** Milliseconds between two announcements. */
export const ANNOUNCE_INTERVAL = 5000;
/** Finished rows that are remembered until the next announcement. */
const MOST_PENDING = 10_000;

/**
 * The announcement for the tasks that have finished since the previous one.
 *
 * @param {Row[]} finished
 * @param {number[]} counts all tasks by status
 * @returns {string}
 */
export function finishedText(finished, counts) {
  const [ready = 0, running = 0, successful = 0, failed = 0] = counts;
  if (ready + running === 0 && finished.length > 1) {
    return `${outcomeText(failed, successful)}, all done`;
  }
  const failures = finished.filter((row) => row.status === FAILED);
  const [first] = failures;
  if (failures.length === 1 && first) return `${first.name} failed: ${errorName(first)}`;
  const [only] = finished;
  if (finished.length === 1 && only) return `${callText(only)} finished`;
  return outcomeText(failures.length, finished.length - failures.length);
}

/**
 * @param {number} failed
 * @param {number} successful
 */
function outcomeText(failed, successful) {
  const text = `${countText(successful)} successful`;
  return failed ? `${countText(failed)} failed, ${text}` : text;
}

/** Rate limit for announcements: the latest message replaces earlier ones, finished rows add up. */
export class Announcer {
  /**
   * @param {(text: string) => void} write updates the live region
   * @param {() => number} now in milliseconds
   */
  constructor(write, now) {
    this.write = write;
    this.now = now;
    this.lastWriteAt = -Infinity;
    this.message = "";
    /** @type {Row[]} */
    this.finished = [];
  }

  /** @param {string} message takes precedence over finished tasks */
  announce(message) {
    this.message = message;
  }

  /** @param {Row[]} rows */
  addFinished(rows) {
    if (this.finished.length < MOST_PENDING) this.finished.push(...rows);
  }

  /**
   * Write the pending announcement if the interval has passed; call it periodically.
   *
   * @param {number[]} counts all tasks by status
   */
  tick(counts) {
    if (this.now() - this.lastWriteAt < ANNOUNCE_INTERVAL) return;
    const text = this.message || (this.finished.length > 0 ? finishedText(this.finished, counts) : "");
    if (!text) return;
    if (!this.message) this.finished = [];
    this.message = "";
    this.lastWriteAt = this.now();
    this.write(text);
  }
}
