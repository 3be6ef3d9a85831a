// The first level of the list in the order that the user chose, kept as rows change.

import { SortedIds, sortValue } from "./sorting.js";

/** @typedef {import("../tasks/store.js").Store} Store */
/** @typedef {import("./sorting.js").Sort} Sort */

/** Only what has changed is looked at again, and what runs, since its duration grows. */
export class TopOrder {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.sorted = new SortedIds();
    /** What `sorted` was made for; empty while tasks stand as they arrived. */
    this.key = "";
    /** @type {Set<number>} the ids that have changed since */
    this.changed = new Set();
    /** @type {Set<number>} the tasks that run */
    this.running = new Set();
  }

  /** @param {Iterable<number>} keys of rows that are new, changed or gone */
  note(keys) {
    if (this.key === "") return;
    const { relations, rows } = this.store;
    let hasRemoved = false;
    for (const key of keys) {
      const row = rows.get(key);
      const place = row === undefined ? 0 : relations.placeOf(row);
      this.changed.add(place < 0 ? place : key);
      if (row !== undefined && row.started !== null && row.finished === null) this.running.add(key);
      else this.running.delete(key);
      hasRemoved ||= row === undefined;
    }
    // The row is gone, and with it what batch it was an item of.
    if (hasRemoved) for (const id of relations.groups.keys()) this.changed.add(id);
  }

  /**
   * @param {Sort} sort
   * @param {number} now
   * @returns {number[]} a new array, or one that is replaced by the next update
   */
  ids(sort, now) {
    const { store } = this;
    const tops = store.topIds();
    if (sort.column === "enqueued") {
      this.key = "";
      return sort.descending ? tops.slice().reverse() : tops.slice();
    }
    const value = sortValue(store, sort.column, now);
    const key = `${JSON.stringify(sort)} ${store.topsVersion}`;
    if (key !== this.key) {
      this.key = key;
      this.running.clear();
      this.note(store.keys());
      this.changed.clear();
      return this.sorted.update(tops, value, sort);
    }
    if (sort.column === "took") this.note([...this.running]);
    const changed = [...this.changed];
    this.changed.clear();
    return this.sorted.refresh(changed, (id) => store.isTop(id), value, sort);
  }
}
