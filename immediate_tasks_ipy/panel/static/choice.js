// Which rows a view shows: the filters and the order that were chosen, and the list they make.

import { NEWEST_FIRST, nextSort, OLDEST_FIRST, viewRows } from "./listing.js";

/** @typedef {import("./connection.js").Connection} Connection */
/** @typedef {import("./listing.js").Column} Column */
/** @typedef {import("./header.js").ViewName} ViewName */

/** Milliseconds after the last letter until the kernel is asked to search too. */
const TYPING = 250;
/** A list that took long to make is made anew only after this many times as long. */
const REST = 8;

export class Choice {
  /**
   * @param {Connection} connection
   * @param {() => void} changed
   */
  constructor(connection, changed) {
    this.connection = connection;
    this.changed = changed;
    /** @type {Set<number>} */
    this.statuses = new Set();
    this.query = "";
    /** @type {{ query: string, keys: Set<number> } | null} where the kernel found the query */
    this.found = null;
    this.sort = NEWEST_FIRST;
    /** @type {ViewName} */
    this.view = "table";
    /** @type {number[]} the keys of the rows that are shown, in order */
    this.keys = [];
    this.made = "";
    this.madeAt = 0;
    this.cost = 0;
  }

  /** Are some rows left out? */
  get filtered() {
    return this.statuses.size > 0 || this.query.trim() !== "";
  }

  /** A timeline always goes with time. */
  get order() {
    return this.view === "table" ? this.sort : OLDEST_FIRST;
  }

  /** Is the list older than the rows, because making it anew was put off? */
  get old() {
    return this.made !== `${this.connection.store.version} ${this.terms}`;
  }

  /** What was chosen; equal texts, equal choices. */
  get terms() {
    const found = this.found?.query === this.query ? this.found.keys.size : -1;
    return JSON.stringify([this.order, [...this.statuses], this.query, found, this.view]);
  }

  /**
   * Make the list anew, if it is old; if only the rows have changed, not too often.
   *
   * @param {number} now
   * @returns {boolean} true if it is new
   */
  update(now) {
    if (!this.old) return false;
    const began = performance.now();
    if (this.made.endsWith(` ${this.terms}`) && began - this.madeAt < this.cost * REST) return false;
    const { store } = this.connection;
    const found = this.found?.query === this.query ? this.found.keys : null;
    const filter = { statuses: this.statuses, query: this.query, found };
    this.keys = viewRows(store.rows, store.keys(), filter, this.order, now);
    this.made = `${store.version} ${this.terms}`;
    this.madeAt = performance.now();
    this.cost = this.madeAt - began;
    return true;
  }

  /** @param {number} status */
  toggle(status) {
    if (!this.statuses.delete(status)) this.statuses.add(status);
    this.changed();
  }

  /** @param {Column} column */
  sortBy(column) {
    this.sort = nextSort(this.sort, column);
    this.changed();
  }

  /**
   * Search in what the rows show, and by the kernel in what they cut.
   *
   * @param {string} query
   */
  search(query) {
    this.query = query;
    this.changed();
    clearTimeout(this.typing);
    if (!query.trim() || this.connection.health === "lost") return;
    this.typing = setTimeout(async () => {
      try {
        const { keys } = await this.connection.ask("search", { text: query.trim().slice(0, 200) });
        this.found = { query, keys: new Set(keys) };
        this.changed();
      } catch {
        // What the rows show has been searched all the same.
      }
    }, TYPING);
  }

  clear() {
    this.statuses.clear();
    this.search("");
  }
}
