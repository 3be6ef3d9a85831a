import assert from "node:assert/strict";
import test from "node:test";

import { SortedIds, sortValue } from "../../../immediate_tasks_ipy/panel/static/model/list/sorting.js";
import { TopOrder } from "../../../immediate_tasks_ipy/panel/static/model/list/top_order.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const KINDS = [["f", "default", 0, "default"], ["f", "default", 0, "default", 7]];

test("the order that is kept while rows come, run, end and go is that of sorting all", () => {
  let seed = 5;
  const random = (/** @type {number} */ below) => (seed = (seed * 48271) % 2147483647) % below;
  for (const column of ["took", "status"]) {
    const store = new Store();
    const order = new TopOrder(store);
    store.observers.add((keys) => order.note(keys));
    const sort = { column, descending: true };
    let last = 0;
    let gone = 0;
    for (let round = 1; round < 80; round++) {
      const made = Array.from({ length: random(4) }, () => {
        const started = random(3) > 0 ? random(50_000) : null;
        return [++last, started === null ? 0 : 1, random(2), "", 0, started];
      });
      const changed = Array.from({ length: random(4) }, () => {
        const key = gone + 1 + random(Math.max(1, last - gone));
        return [key, 2 + random(2), random(1000), null, random(90_000)];
      });
      const removed = random(4) === 0 && gone < last ? [[gone + 1, ++gone]] : [];
      store.applyRows({ seq: round, base: 0, kinds: KINDS, groups: [[7, "f", null, 0]], new: made, changed, removed });
      const now = round * 10;
      const expected = new SortedIds().update(store.topIds(), sortValue(store, column, now), sort);
      assert.deepEqual(order.ids(sort, now), expected);
    }
  }
});

test("only what has changed is looked at again", () => {
  const store = new Store();
  const order = new TopOrder(store);
  store.observers.add((keys) => order.note(keys));
  const rows = Array.from({ length: 1000 }, (_, index) => [index + 1, 2, 0, "", 0, 0, null, index]);
  store.applyRows({ seq: 1, base: 0, kinds: KINDS, new: [...rows, [1001, 1, 0, "", 0, 0]] });
  const sort = { column: "took", descending: true };
  order.ids(sort, 1000);
  let looks = 0;
  const { get } = store.rows;
  store.rows.get = (key) => (looks++, get.call(store.rows, key));
  store.applyRows({ seq: 2, base: 0, changed: [[3, 3, 0, null, 9_000_000]] });
  assert.deepEqual(order.ids(sort, 1001).slice(0, 3), [3, 1001, 1000]);
  assert.ok(looks < 20, `${looks} rows were looked at`);
});
