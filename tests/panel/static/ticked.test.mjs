import assert from "node:assert/strict";
import test from "node:test";

import { Ticked } from "../../../immediate_tasks_ipy/panel/static/model/list/ticked.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const KINDS = [["f", "default", 0, "default"], ["f", "default", 0, "default", null, null, 1]];

function tickedOf() {
  const store = new Store();
  const statuses = [3, 2, 1, 0, 4];
  const rows = statuses.map((status, index) => [index + 1, status, 0, "", 0, 0, null, 1]);
  store.applyRows({ seq: 1, base: 0, kinds: KINDS, new: rows });
  return { store, ticked: new Ticked(store) };
}

test("ticked tasks are told apart by what can be done with them", () => {
  const { ticked } = tickedOf();
  ticked.set([1, 2, 3, 4, 5], true);
  const all = new Set([1, 2, 3, 4, 5]);
  assert.deepEqual(ticked.summary(all), { state: "all", unseen: 0, finished: [1, 2, 5], unfinished: [3, 4] });
  assert.deepEqual(ticked.summary(new Set([1, 7])).unseen, 4);
  assert.equal(ticked.summary(new Set([1, 7])).state, "some");
  assert.equal(ticked.state([1, 2]), "all");
  ticked.set([1], false);
  assert.equal(ticked.state([1, 2]), "some");
  ticked.clear();
  assert.equal(ticked.state([1, 2]), "none");
});

test("a tick goes over to the next run, and goes with the task", () => {
  const { store, ticked } = tickedOf();
  ticked.set([1, 2], true);
  store.applyRows({ seq: 2, base: 0, kinds: KINDS, new: [[9, 1, 1, "", 0, 0]], removed: [[2, 2]] });
  ticked.refresh();
  assert.deepEqual([...ticked.keys], [9]);
});
