import assert from "node:assert/strict";
import test from "node:test";

import { Matches } from "../../../immediate_tasks_ipy/panel/static/model/list/matches.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const KINDS = [["fetch", "mail", 0, "processes"], ["Crawl", "default", 0, "default"], ["add", "default", 0, "default"]];

function storeOf() {
  const store = new Store();
  store.applyRows({
    seq: 1, base: 0, kinds: KINDS,
    new: [
      [1, 2, 0, '"a"', 1, 0, null, 30, "12"],
      [2, 3, 0, '"b"', 2, 0, null, 10, "TimeoutError: timed out"],
      [3, 1, 1, "", 3, 0],
      [4, 0, 2, "2, 3", 4],
      [5, 2, 2, "1, 1", 5, 0, null, 20, "2"],
    ],
  });
  return store;
}
function matching(filter, store = storeOf()) {
  const matches = new Matches(store, { statuses: new Set(), query: "", found: null, ...filter });
  matches.step(Infinity);
  return [...matches.keys].sort();
}

test("several statuses are a union", () => {
  assert.deepEqual(matching({ statuses: new Set([3]) }), [2]);
  assert.deepEqual(matching({ statuses: new Set([3, 1]) }), [2, 3]);
});

test("a search looks at what a row shows, its status, queue and backend, in any case", () => {
  assert.deepEqual(matching({ query: "FETCH" }), [1, 2]);
  assert.deepEqual(matching({ query: " 2, 3 " }), [4]);
  assert.deepEqual(matching({ query: "12" }), [1]);
  assert.deepEqual(matching({ query: "timeout" }), [2]);
  assert.deepEqual(matching({ query: "add(" }), [4, 5]);
  assert.deepEqual(matching({ query: "running" }), [3]);
  assert.deepEqual(matching({ query: "mail" }), [1, 2]);
  assert.deepEqual(matching({ query: "processes" }), [1, 2]);
  assert.deepEqual(matching({ query: "nothing" }), []);
});

test("fn: names a function, exactly", () => {
  assert.deepEqual(matching({ query: "fn:add" }), [4, 5]);
  assert.deepEqual(matching({ query: "fn:ad" }), []);
});

test("the kernel's matches count too, if their status does", () => {
  assert.deepEqual(matching({ query: "needle", found: new Set([1, 2, 99]) }), [1, 2]);
  assert.deepEqual(matching({ query: "needle", found: new Set([1, 2]), statuses: new Set([2]) }), [1]);
});

test("rows are looked at in slices, the newest first, and again when they change", () => {
  const store = new Store();
  const wires = Array.from({ length: 1000 }, (_, index) => [index + 1, 2, 2, "x", 0, 0, null, 1]);
  store.applyRows({ seq: 1, base: 0, kinds: KINDS, new: wires });
  const matches = new Matches(store, { statuses: new Set([2]), query: "add", found: null });
  store.observers.add((keys) => matches.refresh(keys));
  matches.step(-Infinity);
  assert.ok(!matches.isComplete);
  assert.ok(matches.keys.has(1000) && !matches.keys.has(1));
  store.applyRows({ seq: 2, base: 0, changed: [[1000, 3]] });
  assert.ok(!matches.keys.has(1000));
  matches.step(Infinity);
  assert.ok(matches.isComplete);
  assert.equal(matches.keys.size, 999);
});

test("a removed row matches no more, and failures are counted", () => {
  const store = storeOf();
  const matches = new Matches(store, { statuses: new Set(), query: "fetch", found: null });
  store.observers.add((keys) => matches.refresh(keys));
  matches.step(Infinity);
  assert.deepEqual([...matches.failed], [2]);
  store.applyRows({ seq: 2, base: 0, removed: [[2, 3]] });
  assert.deepEqual([...matches.keys], [1]);
  assert.equal(matches.failed.size, 0);
});
