// What a screen reader is told: at most one sentence in five seconds, and only what matters.

import { callText, errorName, FAILED } from "./rows.js";
import { countText } from "./text.js";

/** @typedef {import("./rows.js").Row} Row */

/** Milliseconds between two sentences. */
export const PACE = 5000;

/**
 * What to say of the tasks that have ended since the last sentence.
 *
 * @param {Row[]} ended
 * @param {number[]} counts all tasks by status
 * @returns {string}
 */
export function endedText(ended, counts) {
  const [ready = 0, running = 0, successful = 0, failed = 0] = counts;
  if (ready + running === 0 && ended.length > 1) {
    return `${outcomeText(failed, successful)}, all done`;
  }
  const failures = ended.filter((row) => row.status === FAILED);
  const [first] = failures;
  if (failures.length === 1 && first) return `${first.name} failed: ${errorName(first)}`;
  const [only] = ended;
  if (ended.length === 1 && only) return `${callText(only)} finished`;
  return outcomeText(failures.length, ended.length - failures.length);
}

/**
 * @param {number} failed
 * @param {number} successful
 */
function outcomeText(failed, successful) {
  const good = `${countText(successful)} successful`;
  return failed ? `${countText(failed)} failed, ${good}` : good;
}

/** Holds back what comes too fast; the newest sentence wins, endings are added up. */
export class Announcer {
  /**
   * @param {(text: string) => void} write
   * @param {() => number} now
   */
  constructor(write, now) {
    this.write = write;
    this.now = now;
    this.last = -Infinity;
    this.sentence = "";
    /** @type {Row[]} */
    this.ended = [];
  }

  /** @param {string} sentence */
  say(sentence) {
    this.sentence = sentence;
  }

  /** @param {Row[]} rows */
  tasksEnded(rows) {
    if (this.ended.length < 10_000) this.ended.push(...rows);
  }

  /**
   * Write what waits, if it is time; to be called now and then.
   *
   * @param {number[]} counts all tasks by status
   */
  tick(counts) {
    if (this.now() - this.last < PACE) return;
    const text = this.sentence || (this.ended.length > 0 ? endedText(this.ended, counts) : "");
    if (!text) return;
    if (!this.sentence) this.ended = [];
    this.sentence = "";
    this.last = this.now();
    this.write(text);
  }
}
