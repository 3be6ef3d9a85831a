import assert from "node:assert/strict";
import test from "node:test";

import { busyShare, workerLanes } from "../../../immediate_tasks_ipy/panel/static/model/time/worker_lanes.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const KINDS = [["f", "default", 0, "default"]];

function storeOf(rows, workers) {
  const store = new Store();
  store.applyRows({ seq: 1, base: 0, kinds: KINDS, workers, new: rows });
  return store;
}

test("each worker has a lane, and one more for tasks that overlap", () => {
  const store = storeOf(
    [
      [1, 2, 0, "", 0, 0, 0, 10_000],
      [2, 2, 0, "", 5000, 0, 0, 10_000],
      [3, 2, 0, "", 12_000, 0, 0, 1000],
      [4, 1, 0, "", 0, 0, 1],
      [5, 0, 0, "", 0],
    ],
    ["k3Qzabc", "k9"],
  );
  assert.deepEqual(workerLanes(store, store.keys()), {
    lanes: [
      { name: "k3Qz-1", keys: [1, 3], levels: new Map() },
      { name: "k3Qz-2", keys: [2], levels: new Map() },
      { name: "k9-1", keys: [4], levels: new Map() },
    ],
    waiting: [5],
  });
});

test("child tasks lie below the task that enqueued them, beside each other where they overlap", () => {
  const store = new Store();
  const kinds = [...KINDS, ["f", "default", 0, "default", null, 1], ["f", "default", 0, "default", null, 2]];
  store.applyRows({
    seq: 1, base: 0, kinds, workers: ["a", "b"],
    new: [
      [1, 2, 0, "", 0, 0, 0, 90_000],
      [2, 2, 1, "", 10_000, 0, 0, 40_000],
      [3, 2, 2, "", 15_000, 0, 0, 5000],
      [4, 2, 1, "", 30_000, 0, 0, 50_000],
      [5, 2, 1, "", 30_000, 0, 1, 50_000],
    ],
  });
  assert.deepEqual(workerLanes(store, store.keys()).lanes, [
    { name: "a-1", keys: [1, 2, 3, 4], levels: new Map([[2, 1], [3, 2], [4, 2]]) },
    { name: "b-1", keys: [5], levels: new Map() },
  ]);
});

test("a worker is busy for the share of the shown time in which it ran", () => {
  const store = storeOf([[1, 2, 0, "", 0, 0, 0, 10_000], [2, 1, 0, "", 15_000, 0, 0]], ["a"]);
  assert.equal(busyShare(store, [1], { start: 0, end: 20 }, 20), 0.5);
  assert.equal(busyShare(store, [1, 2], { start: 0, end: 20 }, 20), 0.75);
});
