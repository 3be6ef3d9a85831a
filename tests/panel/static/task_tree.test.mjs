import assert from "node:assert/strict";
import test from "node:test";

import { TaskTree } from "../../../immediate_tasks_ipy/panel/static/model/list/task_tree.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const plain = ["add", "default", 0, "default"];
const item = [...plain, 1];
const childOf = (key) => [...plain, null, key];

function treeOf(rows, groups = [[1, "f(x)", null, 1]]) {
  const store = new Store();
  const kinds = rows.map(([, , kind]) => kind);
  const wires = rows.map(([key, status], index) => [key, status, index, `${key}`, key * 1000, 0, null, 5]);
  store.applyRows({ seq: 1, base: 0, kinds, groups, new: wires });
  const tree = new TaskTree(store);
  return { store, tree, list: () => tree.list(store.topIds(), null) };
}

test("a batch opens by itself while it has failures and few items", () => {
  const { list } = treeOf([[1, 2, plain], [2, 2, item], [3, 3, item]]);
  const { ids, places } = list();
  assert.deepEqual(ids, [1, -1, 3, 2]);
  assert.deepEqual(places.get(-1), { level: 1, position: 2, siblings: 2 });
  assert.deepEqual(places.get(3), { level: 2, position: 1, siblings: 2 });

  const many = treeOf(Array.from({ length: 13 }, (_, index) => [index + 1, 3, item]));
  assert.deepEqual(many.list().ids, [-1]);
});

test("what the user opened or closed stays so", () => {
  const { tree, list, store } = treeOf([[1, 3, item], [2, 2, item]]);
  tree.choose(-1, false);
  store.applyRows({ seq: 2, base: 0, changed: [[2, 3]] });
  assert.deepEqual(list().ids, [-1]);
  tree.choose(-1, true);
  tree.failuresFirst = false;
  assert.deepEqual(list().ids, [-1, 1, 2]);
});

test("a new failure moves no item while the pointer is among them", () => {
  const { tree, list, store } = treeOf([[1, 2, item], [2, 1, item], [3, 3, item]]);
  tree.choose(-1, true);
  assert.deepEqual(list().ids, [-1, 3, 1, 2]);
  tree.holdsStill = true;
  store.applyRows({ seq: 2, base: 0, changed: [[2, 3]] });
  assert.deepEqual(list().ids, [-1, 3, 1, 2]);
  tree.holdsStill = false;
  assert.deepEqual(list().ids, [-1, 2, 3, 1]);
});

test("a filter keeps parents of what matches, and opens them", () => {
  const { tree, store } = treeOf([[1, 2, plain], [2, 2, childOf(1)], [3, 2, childOf(2)], [4, 2, plain]]);
  tree.setMatches(new Set([3]));
  const { ids, places } = tree.list(store.topIds().filter((id) => tree.isListed(id)), null);
  assert.deepEqual(ids, [1, 2, 3]);
  assert.equal(places.get(3).level, 3);
  assert.ok(tree.isDim(1) && tree.isDim(2) && !tree.isDim(3));
});

test("without anything open there is nothing to compute", () => {
  const { store, tree } = treeOf([[1, 2, plain], [2, 2, plain]]);
  const tops = store.topIds();
  assert.equal(tree.list(tops, null).ids, tops);
});

test("the timeline takes batches apart, children below their parents", () => {
  const { tree } = treeOf([[1, 2, item], [2, 2, plain], [3, 2, item], [4, 2, childOf(2)]]);
  assert.deepEqual(tree.allTasks().ids, [1, 2, 4, 3]);
  assert.equal(tree.allTasks().places.get(4).level, 2);
});
