import assert from "node:assert/strict";
import test from "node:test";

import { ListState } from "../../../immediate_tasks_ipy/panel/static/model/list/list_state.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const KINDS = [["add", "default", 0, "default"]];
const wire = (key, status = 2) => [key, status, 0, `${key}`, 0, 1000, null, 2000, "3"];

/** A state on a store of these keys, and a kernel that answers searches with `matches`. */
function stateOf(t, keys, matches = []) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const store = new Store();
  store.applyRows({ seq: 1, base: 0, kinds: KINDS, new: keys.map((key) => wire(key)) });
  const requests = [];
  const request = async (op, fields) => (requests.push([op, fields]), { keys: matches });
  const connection = { store, health: "connected", request };
  let changes = 0;
  const state = new ListState(connection, () => changes++);
  return { state, store, connection, requests, changes: () => changes, wait: (ms) => t.mock.timers.tick(ms) };
}

test("the list is stale once rows or criteria change, until it is updated", (t) => {
  const { state, store } = stateOf(t, [1, 2]);
  assert.ok(state.update(0));
  assert.deepEqual(state.ids, [2, 1]);
  assert.ok(!state.isStale);
  assert.ok(!state.update(0));
  store.applyRows({ seq: 2, base: 0, kinds: KINDS, new: [wire(3)] });
  assert.ok(state.isStale);
  state.updateCost = 0;
  assert.ok(state.update(0));
  state.sortBy("enqueued");
  assert.ok(state.isStale);
  assert.ok(state.update(0));
  assert.deepEqual(state.ids, [1, 2, 3]);
});

test("an expensive list waits for changed rows, and never for changed criteria", (t) => {
  const { state, store } = stateOf(t, [1, 2]);
  state.update(0);
  state.updateCost = 1e9;
  store.applyRows({ seq: 2, base: 0, kinds: KINDS, new: [wire(3)] });
  assert.ok(!state.update(0));
  assert.deepEqual(state.ids, [2, 1]);
  state.toggleStatus(2);
  assert.ok(state.update(0));
  assert.deepEqual(state.ids, [3, 2, 1]);
});

test("removed rows leave even a list that waits: there is nothing to draw of them", (t) => {
  const { state, store } = stateOf(t, [1, 2, 3]);
  state.update(0);
  state.updateCost = 1e9;
  store.applyRows({ seq: 2, base: 0, kinds: KINDS, new: [wire(4)], removed: [[1, 2]] });
  assert.ok(state.update(0));
  assert.deepEqual(state.ids, [3]);
  assert.ok(state.isStale);
});

test("a search asks the kernel once typing pauses, and its matches count for that query only", async (t) => {
  const { state, requests, changes, wait } = stateOf(t, [1, 2, 3], [2]);
  state.search("need");
  state.search(" needle ");
  assert.equal(changes(), 2);
  wait(249);
  assert.deepEqual(requests, []);
  wait(1);
  assert.deepEqual(requests, [["search", { text: "needle" }]]);
  await Promise.resolve();
  await Promise.resolve();
  state.update(0);
  assert.deepEqual(state.ids, [2]);
  state.search("other");
  assert.equal(state.currentMatches, null);
});

test("a disconnected kernel is not asked, an empty query neither", (t) => {
  const { state, connection, requests, wait } = stateOf(t, [1]);
  state.search("  ");
  wait(1000);
  connection.health = "disconnected";
  state.search("needle");
  wait(1000);
  assert.deepEqual(requests, []);
});

test("the timeline is always in order of time", (t) => {
  const { state } = stateOf(t, [1, 2]);
  state.view = "timeline";
  state.update(0);
  assert.deepEqual(state.ids, [1, 2]);
});

test("a search that another one follows is given up", async (t) => {
  const { state, connection, wait } = stateOf(t, [1, 2, 3]);
  const stopped = [];
  const answers = [];
  connection.request = (_op, fields, onProgress) => {
    onProgress(0, 0, `r-${fields.text}`);
    return new Promise((resolve) => answers.push(resolve));
  };
  connection.stopRequest = (name) => stopped.push(name);
  state.search("one");
  wait(250);
  state.search("two");
  wait(250);
  assert.deepEqual(stopped, ["r-one"]);
  answers[0]({ stopped: true });
  answers[1]({ keys: [2] });
  await new Promise(setImmediate);
  assert.deepEqual(state.kernelMatches, { query: "two", keys: new Set([2]) });
});

test("a search lists what its first slice found, and then all of it", (t) => {
  const { state, store } = stateOf(t, Array.from({ length: 2000 }, (_, index) => index + 1));
  state.update(0);
  state.search("3");
  let clock = performance.now();
  t.mock.method(performance, "now", () => (clock += 20));
  state.update(0);
  const first = state.ids.length;
  assert.ok(state.isSearching && first > 0 && first < store.size);
  state.updateCost = 1e9;
  while (state.isSearching) state.update(0);
  assert.equal(state.ids.length, store.size);
  assert.ok(!state.isStale);
});
