import assert from "node:assert/strict";
import test from "node:test";

import { NEWEST_FIRST, nextSort, SortedIds, sortValue } from "../../../immediate_tasks_ipy/panel/static/model/list/sorting.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const KINDS = [["fetch", "default", 0, "default"], ["Crawl", "default", 0, "default"], ["add", "default", 0, "default"]];

function storeOf() {
  const store = new Store();
  store.applyRows({
    seq: 1, base: 0, kinds: KINDS,
    new: [
      [1, 2, 0, '"a"', 1000, 0, null, 30_000, "12"],
      [2, 3, 0, '"b"', 2000, 0, null, 10_000, "TimeoutError: timed out"],
      [3, 1, 1, "", 3000, 0],
      [4, 0, 2, "2, 3", 4000],
      [5, 2, 2, "1, 1", 5000, 0, null, 20_000, "2"],
    ],
  });
  return store;
}
const sorted = (column, descending = false, store = storeOf()) =>
  new SortedIds().update(store.topIds(), sortValue(store, column, 1000), { column, descending });

test("columns sort by their meaning, equal rows newest first", () => {
  assert.deepEqual(sorted("status"), [2, 3, 4, 5, 1]);
  assert.deepEqual(sorted("task"), [5, 4, 3, 1, 2]);
  assert.deepEqual(sorted("took", true), [3, 1, 5, 2, 4]);
  assert.deepEqual(sorted("result"), [4, 3, 1, 5, 2]);
});

test("a click sorts, a second one reverses; long and new tasks come first", () => {
  const took = nextSort(NEWEST_FIRST, "took");
  assert.deepEqual(took, { column: "took", descending: true });
  assert.deepEqual(nextSort(took, "took"), { column: "took", descending: false });
  assert.deepEqual(nextSort(took, "task"), { column: "task", descending: false });
  assert.deepEqual(nextSort(took, "enqueued"), NEWEST_FIRST);
});

test("the order that is kept is the order of sorting all", () => {
  let seed = 7;
  const random = (/** @type {number} */ below) => (seed = (seed * 48271) % 2147483647) % below;
  const kept = new SortedIds();
  const values = new Map();
  for (let round = 0; round < 60; round++) {
    for (let index = 0; index < 10; index++) values.set(random(300) + 1, random(20));
    for (let index = 0; index < 3; index++) values.delete(random(300) + 1);
    const ids = [...values.keys()].sort((a, b) => a - b);
    const sort = { column: "took", descending: round % 20 > 10 };
    const value = (id) => values.get(id);
    const expected = new SortedIds().update(ids, value, sort);
    assert.deepEqual(kept.update(ids, value, sort), expected);
    const direction = sort.descending ? -1 : 1;
    assert.deepEqual(expected, ids.slice().sort((a, b) => direction * (value(a) - value(b)) || b - a));
  }
});
