// The newest rows, as the widget's state keeps them for a page that is opened again.

import { encodeRows } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./store.js").Store} Store */

const SAVED_ROWS = 500;

/** @param {Store} store */
export function rowsToSave(store) {
  const keys = store.keys().slice(-SAVED_ROWS).reverse();
  const rows = keys.map((key) => /** @type {Row} */ (store.rows.get(key)));
  return { ...encodeRows(rows, store.rows.size), groups: encodeGroups(store.relations, rows) };
}

/**
 * @param {Store} store
 * @param {any} saved what `rowsToSave` made, or anything else
 * @returns {number | null} the latest time in a row; null if there is none
 */
export function restoreRows(store, saved) {
  if (!Array.isArray(saved?.rows)) return null;
  let latest = /** @type {number | null} */ (null);
  store.relations.putGroups(saved.groups ?? []);
  for (const wire of saved.rows) {
    const row = store.put(wire, saved);
    latest = Math.max(latest ?? 0, row.finished ?? row.started ?? row.enqueued ?? 0);
  }
  store.version++;
  return latest;
}

/**
 * The batches of some rows in the transmitted format.
 *
 * @param {import("./relations.js").Relations} relations
 * @param {Row[]} rows
 * @returns {import("./relations.js").WireGroup[]}
 */
function encodeGroups(relations, rows) {
  const numbers = new Set(rows.map((row) => row.group).filter((number) => number !== null));
  return [...numbers].map((number) => {
    const { label, size, ended } = relations.group(-number);
    return [number, label, size, ended ? 1 : 0];
  });
}
