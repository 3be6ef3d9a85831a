// The tasks that the user has ticked, to do something with all of them.

import { CANCELLED, FAILED, READY, RUNNING, SUCCESSFUL } from "../tasks/rows.js";

/** @typedef {import("../tasks/store.js").Store} Store */
/** @typedef {"all" | "some" | "none"} TickState */

/**
 * @typedef {object} Summary
 * @property {TickState} state of the ticks of all tasks that match
 * @property {number} unseen how many ticked tasks do not match
 * @property {number[]} finished the ticked tasks that can be run again
 * @property {number[]} unfinished the ticked tasks that can be cancelled
 */

export class Ticked {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Set<number>} keys */
    this.keys = new Set();
    /** Where a range starts that is extended with Shift. */
    this.anchor = /** @type {number | null} */ (null);
    /** Incremented with every change of what is ticked. */
    this.version = 0;
    /** The store's version at the last `refresh`. */
    this.storeVersion = -1;
    /** The last summary, and what it is of. */
    this.summaryKey = "";
    this.lastSummary = /** @type {Summary} */ ({ state: "none", unseen: 0, finished: [], unfinished: [] });
  }

  get size() {
    return this.keys.size;
  }

  clear() {
    this.keys.clear();
    this.version++;
    this.anchor = null;
  }

  /** Drop what the history has dropped, and take the newest run of what was run again. */
  refresh() {
    const { rows, relations, version } = this.store;
    if (version === this.storeVersion) return;
    this.storeVersion = version;
    for (const key of this.keys) {
      if (relations.shown.has(key)) continue;
      this.version++;
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
    this.version++;
    for (const key of keys) {
      if (on) this.keys.add(key);
      else this.keys.delete(key);
    }
  }

  /**
   * Are all of these ticked, or some?
   *
   * @param {number[]} keys
   * @returns {TickState}
   */
  state(keys) {
    if (keys.length === 0 || this.keys.size === 0) return "none";
    let count = 0;
    for (const key of keys) if (this.keys.has(key)) count++;
    return count === 0 ? "none" : count === keys.length ? "all" : "some";
  }

  /**
   * What can be said of all ticks; computed once per change.
   *
   * @param {Set<number>} matching the keys of all tasks that match
   * @returns {Summary}
   */
  summary(matching) {
    const key = `${this.version} ${this.store.version} ${matching.size}`;
    if (key === this.summaryKey) return this.lastSummary;
    /** @type {Summary} */
    const found = { state: "none", unseen: 0, finished: [], unfinished: [] };
    for (const key of this.keys) {
      if (!matching.has(key)) found.unseen++;
      const status = this.store.rows.get(key)?.status;
      if (status === READY || status === RUNNING) found.unfinished.push(key);
      else if (status === SUCCESSFUL || status === FAILED || status === CANCELLED) found.finished.push(key);
    }
    const seen = this.size - found.unseen;
    if (seen > 0) found.state = seen === matching.size ? "all" : "some";
    this.summaryKey = key;
    this.lastSummary = found;
    return found;
  }
}
