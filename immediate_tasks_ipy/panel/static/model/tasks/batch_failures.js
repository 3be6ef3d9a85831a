// The failures of a batch by their exception, the most frequent first.

import { errorName, FAILED } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {{ exception: string, rows: Row[] }} FailureKind rows oldest first */

/**
 * @param {import("./store.js").Store} store
 * @param {number[]} keys of the batch's items
 * @returns {FailureKind[]}
 */
export function failureKinds(store, keys) {
  /** @type {Map<string, Row[]>} */
  const byException = new Map();
  for (const key of keys) {
    const row = store.rows.get(key);
    if (row?.status !== FAILED) continue;
    const rows = byException.get(errorName(row));
    if (rows) rows.push(row);
    else byException.set(errorName(row), [row]);
  }
  const kinds = [...byException].map(([exception, rows]) => ({ exception, rows }));
  return kinds.sort((a, b) => b.rows.length - a.rows.length);
}
