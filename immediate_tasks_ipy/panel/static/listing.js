// Which rows are shown, and in which order.

import { callText, FAILED, READY, RUNNING, secondsTaken, SUCCESSFUL } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {"status" | "task" | "args" | "queue" | "enqueued" | "took" | "result"} Column */
/** @typedef {{ column: Column, descending: boolean }} Sort */

/**
 * @typedef {object} Filter
 * @property {Set<number>} statuses none: all are shown
 * @property {string} query
 * @property {Set<number> | null} found keys that the kernel found the query in
 */

/** @type {Sort} */
export const NEWEST_FIRST = { column: "enqueued", descending: true };
/** @type {Sort} */
export const OLDEST_FIRST = { column: "enqueued", descending: false };

/** Failures first, then what is not finished. */
const STATUS_ORDER = [READY, RUNNING, SUCCESSFUL, FAILED].map((status) =>
  [FAILED, RUNNING, READY, SUCCESSFUL].indexOf(status),
);

/**
 * The keys of the rows that match, in the order in which they are shown.
 *
 * @param {Map<number, Row>} rows
 * @param {number[]} keys in order of arrival
 * @param {Filter} filter
 * @param {Sort} sort
 * @param {number} now
 * @returns {number[]}
 */
export function viewRows(rows, keys, filter, sort, now) {
  const matching = filtered(rows, keys, filter);
  if (sort.column === "enqueued") {
    if (!sort.descending) return matching === keys ? keys.slice() : matching;
    return matching === keys ? keys.slice().reverse() : matching.reverse();
  }
  const value = sortValue(sort.column, now);
  const direction = sort.descending ? -1 : 1;
  const decorated = matching.map((key) => ({ key, value: value(/** @type {Row} */ (rows.get(key))) }));
  decorated.sort((a, b) => {
    if (a.value < b.value) return -direction;
    if (a.value > b.value) return direction;
    return b.key - a.key;
  });
  return decorated.map(({ key }) => key);
}

/**
 * @param {Map<number, Row>} rows
 * @param {number[]} keys
 * @param {Filter} filter
 */
function filtered(rows, keys, { statuses, query, found }) {
  const wanted = query.trim().toLowerCase();
  if (!wanted && statuses.size === 0) return keys;
  return keys.filter((key) => {
    const row = /** @type {Row} */ (rows.get(key));
    if (statuses.size > 0 && !statuses.has(row.status)) return false;
    return !wanted || searchText(row).includes(wanted) || (found?.has(key) ?? false);
  });
}

/**
 * Name, arguments and outcome in lower case, kept with the row until it changes.
 *
 * @param {Row} row
 */
function searchText(row) {
  row.text ??= `${callText(row)}\n${row.outcome ?? ""}`.toLowerCase();
  return row.text;
}

/**
 * @param {Column} column
 * @param {number} now
 * @returns {(row: Row) => string | number}
 */
function sortValue(column, now) {
  switch (column) {
    case "status":
      return (row) => STATUS_ORDER[row.status] ?? 0;
    case "task":
      return (row) => row.name.toLowerCase();
    case "args":
      return (row) => row.args ?? "";
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

/**
 * What a click on a column's header makes of the order.
 *
 * @param {Sort} sort
 * @param {Column} column
 * @returns {Sort}
 */
export function nextSort(sort, column) {
  if (sort.column === column) return { column, descending: !sort.descending };
  return { column, descending: column === "enqueued" || column === "took" };
}
