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
      { name: "k3Qz-1", keys: [1, 3] },
      { name: "k3Qz-2", keys: [2] },
      { name: "k9-1", keys: [4] },
    ],
    waiting: [5],
  });
});

test("a worker is busy for the share of the shown time in which it ran", () => {
  const store = storeOf([[1, 2, 0, "", 0, 0, 0, 10_000], [2, 1, 0, "", 15_000, 0, 0]], ["a"]);
  assert.equal(busyShare(store, [1], { start: 0, end: 20 }, 20), 0.5);
  assert.equal(busyShare(store, [1, 2], { start: 0, end: 20 }, 20), 0.75);
});
