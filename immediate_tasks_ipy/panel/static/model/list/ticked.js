// The tasks that the user has ticked, to do something with all of them.

import { CANCELLED, FAILED, READY, RUNNING, SUCCESSFUL } from "../tasks/rows.js";

/** @typedef {import("../tasks/store.js").Store} Store */

export class Ticked {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Set<number>} keys */
    this.keys = new Set();
    /** Where a range starts that is extended with Shift. */
    this.anchor = /** @type {number | null} */ (null);
  }

  get size() {
    return this.keys.size;
  }

  clear() {
    this.keys.clear();
    this.anchor = null;
  }

  /** Drop what the history has dropped, and take the newest run of what was run again. */
  refresh() {
    const { rows, relations } = this.store;
    for (const key of this.keys) {
      if (relations.shown.has(key)) continue;
      this.keys.delete(key);
      if (rows.has(key)) this.keys.add(relations.newest(key));
    }
  }

  /**
   * The tasks that an id stands for: itself, or all items of a batch that match.
   *
   * @param {number} id
   * @param {(id: number) => number[]} childrenOf
   * @returns {number[]}
   */
  static tasksOf(id, childrenOf) {
    return id > 0 ? [id] : childrenOf(id);
  }

  /**
   * @param {number[]} keys
   * @param {boolean} on
   */
  set(keys, on) {
    for (const key of keys) {
      if (on) this.keys.add(key);
      else this.keys.delete(key);
    }
  }

  /**
   * Are all of these ticked, or some?
   *
   * @param {number[]} keys
   * @returns {"all" | "some" | "none"}
   */
  state(keys) {
    if (keys.length === 0 || this.keys.size === 0) return "none";
    let count = 0;
    for (const key of keys) if (this.keys.has(key)) count++;
    return count === 0 ? "none" : count === keys.length ? "all" : "some";
  }

  /** The ticked tasks that have ended and can be run again, and those that can be cancelled. */
  byAction() {
    /** @type {{ finished: number[], unfinished: number[] }} */
    const found = { finished: [], unfinished: [] };
    for (const key of this.keys) {
      const status = this.store.rows.get(key)?.status;
      if (status === READY || status === RUNNING) found.unfinished.push(key);
      else if (status === SUCCESSFUL || status === FAILED || status === CANCELLED) found.finished.push(key);
    }
    return found;
  }
}
