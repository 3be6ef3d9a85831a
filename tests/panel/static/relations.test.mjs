import assert from "node:assert/strict";
import test from "node:test";

import { groupStatus } from "../../../immediate_tasks_ipy/panel/static/model/tasks/relations.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const BASE = 1_000_000;
const plain = ["add", "default", 0, "default"];
const item = [...plain, 1];
const childOf = (key) => [...plain, null, key];
const runOf = (key) => [...plain, null, null, key];
let seq = 0;

/** Rows as [key, status, kind], and batches as [number, label, size, ended]. */
function store(rows, groups = []) {
  const made = new Store();
  put(made, rows, groups);
  return made;
}
function put(made, rows, groups = []) {
  const kinds = rows.map(([, , kind]) => kind);
  const wires = rows.map(([key, status], index) => [key, status, index, `${key}`, key * 1000, 0, null, 5, "1"]);
  made.applyRows({ seq: ++seq, base: BASE, kinds, groups, new: wires });
}
const change = (made, ...changed) => made.applyRows({ seq: ++seq, base: BASE, changed });
const remove = (made, ...removed) => made.applyRows({ seq: ++seq, base: BASE, removed });

test("items of a batch stand below it, at the place of the first", () => {
  const made = store([[1, 2, plain], [2, 2, item], [3, 3, item], [4, 2, plain]], [[1, "fetch(url)", 5, 0]]);
  assert.deepEqual(made.topIds(), [1, -1, 4]);
  const group = made.relations.group(-1);
  assert.deepEqual(made.relations.membersOf(group), [2, 3]);
  assert.deepEqual(group.counts, [0, 0, 1, 1, 0]);
  put(made, [[5, 1, item]]);
  assert.deepEqual(made.topIds(), [1, -1, 4]);
  assert.deepEqual(made.relations.membersOf(group), [2, 3, 5]);
  change(made, [5, 4]);
  assert.deepEqual(group.counts, [0, 0, 1, 1, 1]);
  assert.deepEqual(made.counts, [0, 0, 3, 1, 1]);
});

test("children stand below their parent, and at the first level once it is gone", () => {
  const made = store([[1, 1, plain], [2, 2, childOf(1)], [3, 2, childOf(2)]]);
  assert.deepEqual(made.topIds(), [1]);
  assert.deepEqual(made.relations.childrenOf(1), [2]);
  assert.deepEqual(made.relations.childrenOf(2), [3]);
  remove(made, [1, 1]);
  assert.deepEqual(made.topIds(), [2]);
});

test("a child that arrives before its parent moves below it", () => {
  const made = store([[2, 2, childOf(1)]]);
  assert.deepEqual(made.topIds(), [2]);
  put(made, [[1, 2, plain]]);
  assert.deepEqual(made.topIds(), [1]);
});

for (const order of ["the first run first", "the newest run first"]) {
  test(`several runs are one task, shown by the newest: ${order}`, () => {
    const runs = [[1, 3, item], [3, 3, runOf(1)], [4, 2, runOf(1)]];
    const made = store([[2, 2, item]], [[1, "f(x)", 2, 1]]);
    for (const run of order.startsWith("the first") ? runs : runs.reverse()) put(made, [run]);
    const { relations } = made;
    assert.deepEqual(made.counts, [0, 0, 2, 0, 0]);
    assert.equal(made.size, 2);
    assert.deepEqual(relations.runsOf(1), [1, 3, 4]);
    assert.equal(relations.newest(3), 4);
    assert.deepEqual(relations.membersOf(relations.group(-1)), [4, 2]);
    assert.deepEqual(relations.group(-1).counts, [0, 0, 2, 0, 0]);
    remove(made, [1, 1]);
    assert.deepEqual(relations.membersOf(relations.group(-1)), [4, 2]);
    remove(made, [4, 4]);
    assert.deepEqual(made.counts, [0, 0, 1, 1, 0]);
  });
}

test("children of all runs of a task stand below the newest", () => {
  const made = store([[1, 3, plain], [2, 2, childOf(1)], [3, 2, runOf(1)], [4, 2, childOf(3)]]);
  assert.deepEqual(made.topIds(), [3]);
  assert.deepEqual(made.relations.childrenOf(3), [2, 4]);
});

test("a row that is sent again is counted once, and keeps what its first run told of it", () => {
  const made = store([[1, 3, item], [2, 1, runOf(1)]], [[1, "f(x)", 1, 0]]);
  put(made, [[1, 3, item], [2, 2, runOf(1)]]);
  assert.deepEqual(made.counts, [0, 0, 1, 0, 0]);
  assert.deepEqual(made.relations.group(-1).counts, [0, 0, 1, 0, 0]);
  assert.deepEqual(made.topIds(), [-1]);
});

test("a batch whose items are all gone is gone", () => {
  const made = store([[1, 2, item], [2, 2, plain]]);
  remove(made, [1, 1]);
  assert.deepEqual(made.topIds(), [2]);
  assert.equal(made.relations.groups.size, 0);
});

test("a batch runs until it has ended, then it has failed if an item did", () => {
  const status = (counts, ended) => groupStatus({ counts, ended });
  assert.equal(status([0, 0, 5, 1, 0], false), 1);
  assert.equal(status([1, 0, 5, 1, 0], true), 0);
  assert.equal(status([0, 0, 5, 1, 0], true), 3);
  assert.equal(status([0, 0, 0, 0, 2], true), 4);
  assert.equal(status([0, 0, 5, 0, 2], true), 2);
});
