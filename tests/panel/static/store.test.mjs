import assert from "node:assert/strict";
import test from "node:test";

import { decodeRow, encodeRows, secondsTaken, secondsWaited } from "../../../immediate_tasks_ipy/panel/static/model/tasks/rows.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const KINDS = [["add", "default", 0, "default"]];
const BASE = 1_000_000;
const wire = (key, status = 2) =>
  status < 2 ? [key, status, 0, "1, 2", -5000] : [key, status, 0, "1, 2", -5000, 1000, 0, 2000, "3"];
const rows = (seq, fresh, more = {}) => ({ seq, base: BASE, kinds: KINDS, new: fresh, ...more });
const part = (index, parts, keys, seq = 7) => ({
  request: "me", seq, part: index, parts, base: BASE, kinds: KINDS, rows: keys.map((key) => wire(key)),
});

test("a row is decoded with its times", () => {
  const row = decodeRow(wire(3), { base: BASE, kinds: KINDS, workers: ["k3Qz"] });
  assert.equal(row.name, "add");
  assert.equal(row.worker, "k3Qz");
  assert.equal(row.enqueued, BASE - 5);
  assert.equal(row.started, BASE - 4);
  assert.equal(row.finished, BASE - 2);
  assert.equal(secondsWaited(row, 0), 0.001);
  assert.equal(secondsTaken(row, 0), 0.002);
});

test("rows are counted by status as they change", () => {
  const store = new Store();
  store.applyRows(rows(1, [wire(1, 0), wire(2, 1)]));
  assert.deepEqual(store.counts, [1, 1, 0, 0, 0]);

  const { finished } = store.applyRows({ seq: 2, base: BASE, changed: [[1, 1, 10], [2, 3, 10, 0, 500, "ValueError: x"]] });
  assert.deepEqual(store.counts, [0, 1, 0, 1, 0]);
  assert.deepEqual(finished.map((row) => row.key), [2]);
  assert.equal(store.rows.get(2).outcome, "ValueError: x");
  assert.ok(store.hasUnfinished);
});

test("a change of an unknown row is ignored: a snapshot will bring it", () => {
  const store = new Store();
  store.applyRows({ seq: 1, base: BASE, changed: [[9, 2]] });
  assert.equal(store.rows.size, 0);
});

test("a missed message is noticed", () => {
  const store = new Store();
  assert.ok(store.applyRows(rows(4, [])).complete);
  assert.ok(store.applyRows(rows(5, [])).complete);
  assert.ok(!store.applyRows(rows(7, [])).complete);
});

test("keys are in order of arrival, whatever the order of messages", () => {
  const store = new Store();
  store.applyRows(rows(1, [wire(5), wire(6)]));
  store.applyRows(rows(2, [wire(2), wire(3)], { removed: [[5, 5]] }));
  store.applyRows(rows(3, [wire(7), wire(4)]));
  assert.deepEqual(store.keys(), [2, 3, 4, 6, 7]);
  store.applyRows(rows(4, [], { removed: [[1, 4]] }));
  assert.deepEqual(store.keys(), [6, 7]);
  store.applyRows(rows(5, [wire(3)]));
  assert.deepEqual(store.keys(), [3, 6, 7]);
  assert.deepEqual(store.counts, [0, 0, 3, 0, 0]);
});

test("after a snapshot the rows are those of its parts and of messages in between", () => {
  const store = new Store();
  store.applyRows(rows(1, [wire(1), wire(2), wire(3)]));
  assert.equal(store.applySnapshot(part(0, 2, [12, 11])), "more");
  assert.ok(store.loading);
  store.applyRows(rows(8, [wire(13)]));
  assert.equal(store.applySnapshot(part(1, 2, [10, 3], 8)), "done");
  assert.deepEqual(store.keys(), [3, 10, 11, 12, 13]);
  assert.ok(!store.loading);
  assert.equal(store.seq, 8);
});

test("a snapshot with a part missing is broken", () => {
  const store = new Store();
  assert.equal(store.applySnapshot(part(1, 3, [1])), "broken");
  assert.equal(store.applySnapshot(part(0, 3, [1])), "more");
  assert.equal(store.applySnapshot(part(2, 3, [1])), "broken");
});

test("rows that were saved are read back as they were", () => {
  const tables = { base: BASE, kinds: [...KINDS, ["cell [7]", "mail", 50, "other", 2, 9, 1]], workers: ["a", "b"] };
  const decoded = [
    decodeRow(wire(2), tables),
    decodeRow([1, 3, 1, null, -9000, 0, 1, 7, "ValueError: x", "tuple → list", 2, [3, 10, "epoch 3"]], tables),
    decodeRow([3, 0, 0, "", 4], tables),
  ];
  const saved = JSON.parse(JSON.stringify(encodeRows(decoded, 3)));
  assert.deepEqual(saved.rows.map((row) => decodeRow(row, saved)), decoded);
});
