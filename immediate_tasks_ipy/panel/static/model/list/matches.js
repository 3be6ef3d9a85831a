// Which rows match the filters, found in slices so that no key in the search box waits for it.

import { callText, FAILED, STATUS_LABELS } from "../tasks/rows.js";

/** @typedef {import("../tasks/rows.js").Row} Row */
/** @typedef {import("../tasks/store.js").Store} Store */

/**
 * @typedef {object} Filter
 * @property {Set<number>} statuses empty for all
 * @property {string} query `fn:NAME` for the tasks of one function, else a text to be found in a row
 * @property {Set<number> | null} found keys of the kernel's matches for the query
 */

/** Rows between two looks at the clock. */
const STRIDE = 256;

/** The keys that match one filter, kept as rows change. */
export class Matches {
  /**
   * @param {Store} store
   * @param {Filter} filter
   */
  constructor(store, filter) {
    this.store = store;
    this.statuses = filter.statuses;
    this.found = filter.found;
    const query = filter.query.trim();
    this.functionName = /^fn:\S/.test(query) ? query.slice(3) : null;
    this.text = this.functionName === null ? query.toLowerCase() : "";
    /** @type {Set<number>} */
    this.keys = new Set();
    /** @type {Set<number>} those of them that failed */
    this.failed = new Set();
    /** Rows that are still to be looked at, oldest first. */
    this.pending = store.keys().slice();
    /** Incremented when `keys` has changed. */
    this.version = 0;
  }

  /** Have all rows been looked at? */
  get isComplete() {
    return this.pending.length === 0;
  }

  /**
   * Look at more rows, the newest first.
   *
   * @param {number} until by the clock of `performance.now()`
   */
  step(until) {
    if (this.isComplete) return;
    this.version++;
    do {
      for (const key of this.pending.splice(-STRIDE).reverse()) this.look(key);
    } while (!this.isComplete && performance.now() < until);
  }

  /** @param {number[]} keys of rows that are new, changed or gone */
  refresh(keys) {
    for (const key of keys) this.look(key);
    this.version++;
  }

  /** @param {number} key */
  look(key) {
    const row = this.store.rows.get(key);
    const isMatch = row !== undefined && this.matches(row);
    if (isMatch) this.keys.add(key);
    else this.keys.delete(key);
    if (isMatch && row.status === FAILED) this.failed.add(key);
    else this.failed.delete(key);
  }

  /** @param {Row} row */
  matches(row) {
    if (!this.store.relations.shown.has(row.key)) return false;
    if (this.statuses.size > 0 && !this.statuses.has(row.status)) return false;
    if (this.functionName !== null) return row.name === this.functionName;
    if (this.text === "" || searchText(row).includes(this.text)) return true;
    return this.found?.has(row.key) ?? false;
  }
}

/**
 * What a row shows, and its queue and backend, in lower case; cached in the row until it changes.
 *
 * @param {Row} row
 */
function searchText(row) {
  row.text ??= [callText(row), row.outcome ?? "", STATUS_LABELS[row.status], row.queue, row.backend]
    .join("\n")
    .toLowerCase();
  return row.text;
}
