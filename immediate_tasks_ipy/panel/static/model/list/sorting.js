// The order of the list, kept as rows change without sorting all of them again.

import { groupStatus } from "../tasks/relations.js";
import { CANCELLED, FAILED, READY, RUNNING, secondsTaken, SUCCESSFUL } from "../tasks/rows.js";

/** @typedef {import("../tasks/rows.js").Row} Row */
/** @typedef {import("../tasks/store.js").Store} Store */
/** @typedef {"status" | "task" | "queue" | "enqueued" | "took" | "result"} Column */
/** @typedef {{ column: Column, descending: boolean }} Sort */

/** @type {Sort} */
export const NEWEST_FIRST = { column: "enqueued", descending: true };
/** @type {Sort} */
export const OLDEST_FIRST = { column: "enqueued", descending: false };

/** Rank by status: failures first, then unfinished tasks. */
const STATUS_ORDER = [READY, RUNNING, SUCCESSFUL, FAILED, CANCELLED].map((status) =>
  [FAILED, RUNNING, READY, CANCELLED, SUCCESSFUL].indexOf(status),
);
/** The share of moved ids beyond which all are sorted again. */
const MOST_MOVED = 0.25;

/**
 * The sort order after a click on a column's header.
 *
 * @param {Sort} sort
 * @param {Column} column
 * @returns {Sort}
 */
export function nextSort(sort, column) {
  if (sort.column === column) return { column, descending: !sort.descending };
  return { column, descending: column === "enqueued" || column === "took" };
}

/**
 * What a batch or task is sorted by.
 *
 * @param {Store} store
 * @param {Column} column
 * @param {number} now
 * @returns {(id: number) => string | number}
 */
export function sortValue(store, column, now) {
  const ofRow = rowValue(column, now);
  const { relations, rows } = store;
  return (id) => {
    if (id > 0) return ofRow(/** @type {Row} */ (rows.get(id)));
    const group = relations.group(id);
    if (column === "status") return STATUS_ORDER[groupStatus(group)] ?? 0;
    if (column === "task") return group.label.toLowerCase();
    const first = rows.get(group.members[0] ?? 0);
    return first ? ofRow(first) : "";
  };
}

/**
 * @param {Column} column
 * @param {number} now
 * @returns {(row: Row) => string | number}
 */
function rowValue(column, now) {
  switch (column) {
    case "status":
      return (row) => STATUS_ORDER[row.status] ?? 0;
    case "task":
      return (row) => `${row.name.toLowerCase()}\n${row.args ?? ""}`;
    case "queue":
      return (row) => `${row.queue}\n${String(1000 - row.priority).padStart(4, "0")}`;
    case "took":
      return (row) => secondsTaken(row, now) ?? -1;
    case "result":
      return (row) => row.outcome ?? "";
    default:
      return (row) => row.key;
  }
}

/** Ids sorted by a value, ties by id with the newest first. */
export class SortedIds {
  constructor() {
    /** @type {number[]} */
    this.ids = [];
    /** @type {Map<number, string | number>} */
    this.values = new Map();
    /** Identifies the order. */
    this.key = "";
  }

  /**
   * The ids in order; only those are moved that are new or whose value has changed.
   *
   * @param {number[]} ids
   * @param {(id: number) => string | number} value
   * @param {Sort} sort
   * @returns {number[]}
   */
  update(ids, value, sort) {
    const key = JSON.stringify(sort);
    if (this.key !== key) {
      this.key = key;
      this.values.clear();
    }
    const { values } = this;
    const compare = this.comparison(sort);
    const known = values.size;
    /** @type {number[]} */
    const moved = [];
    for (const id of ids) {
      const present = value(id);
      if (values.get(id) === present) continue;
      values.set(id, present);
      moved.push(id);
    }
    // Each id has a value now: there are more values only if ids were removed.
    const hasRemoved = values.size > ids.length;
    const isSame = moved.length === 0 && ids.length === known;
    if (isSame && this.ids.length === ids.length) return this.ids;
    if (moved.length > ids.length * MOST_MOVED) this.ids = ids.slice().sort(compare);
    else this.ids = merged(this.kept(ids, moved, hasRemoved), moved.sort(compare), compare);
    if (hasRemoved) {
      const present = new Set(ids);
      for (const id of values.keys()) if (!present.has(id)) values.delete(id);
    }
    return this.ids;
  }

  /**
   * The same, where only some ids may be new, gone, or have another value.
   *
   * @param {Iterable<number>} changed
   * @param {(id: number) => boolean} exists
   * @param {(id: number) => string | number} value
   * @param {Sort} sort that of the update before
   * @returns {number[]}
   */
  refresh(changed, exists, value, sort) {
    const { values } = this;
    /** @type {number[]} */
    const moved = [];
    const leaving = new Set();
    for (const id of changed) {
      const before = values.get(id);
      const present = exists(id) ? value(id) : undefined;
      if (before === present) continue;
      if (before !== undefined) leaving.add(id);
      if (present === undefined) values.delete(id);
      else {
        values.set(id, present);
        moved.push(id);
      }
    }
    if (leaving.size === 0 && moved.length === 0) return this.ids;
    const staying = leaving.size > 0 ? this.ids.filter((id) => !leaving.has(id)) : this.ids;
    const compare = this.comparison(sort);
    this.ids = merged(staying, moved.sort(compare), compare);
    return this.ids;
  }

  /**
   * @param {Sort} sort
   * @returns {(a: number, b: number) => number}
   */
  comparison({ descending }) {
    const direction = descending ? -1 : 1;
    const { values } = this;
    return (a, b) => {
      const left = /** @type {string | number} */ (values.get(a));
      const right = /** @type {string | number} */ (values.get(b));
      return left < right ? -direction : left > right ? direction : b - a;
    };
  }

  /**
   * The ids that stay where they are, in order.
   *
   * @param {number[]} ids
   * @param {number[]} moved
   * @param {boolean} hasRemoved
   */
  kept(ids, moved, hasRemoved) {
    const leaving = new Set(moved);
    if (!hasRemoved) return this.ids.filter((id) => !leaving.has(id));
    const staying = new Set(ids);
    return this.ids.filter((id) => staying.has(id) && !leaving.has(id));
  }
}

/**
 * @param {number[]} left sorted
 * @param {number[]} right sorted, and shorter
 * @param {(a: number, b: number) => number} compare
 * @returns {number[]}
 */
function merged(left, right, compare) {
  const result = [];
  let next = 0;
  for (const id of right) {
    let low = next;
    let high = left.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(/** @type {number} */ (left[middle]), id) < 0) low = middle + 1;
      else high = middle;
    }
    for (; next < low; next++) result.push(/** @type {number} */ (left[next]));
    result.push(id);
  }
  for (; next < left.length; next++) result.push(/** @type {number} */ (left[next]));
  return result;
}
