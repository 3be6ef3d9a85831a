import assert from "node:assert/strict";
import test from "node:test";

import { functionStats, sortedStats } from "../../../immediate_tasks_ipy/panel/static/model/list/function_stats.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const KINDS = [["fetch", "default", 0, "default"], ["add", "default", 0, "default"]];

function statsOf(rows, now = 1e6) {
  const store = new Store();
  const wires = rows.map(([kind, status, ms], index) =>
    status < 2 ? [index + 1, status, kind, "", 0, 0] : [index + 1, status, kind, "", 0, 0, null, ms * 1000, "1"],
  );
  store.applyRows({ seq: 1, base: 0, kinds: KINDS, new: wires });
  return functionStats(store, store.keys(), now);
}

test("tasks are counted and measured by function", () => {
  const [fetch, add] = statsOf([[0, 2, 1000], [1, 2, 5], [0, 3, 3000], [0, 2, 2000], [0, 4, 9000]]);
  assert.deepEqual({ ...fetch, points: fetch.points.length }, {
    name: "fetch", tasks: 4, failed: 1, median: 2, most: 3, longest: 3, total: 15, points: 3, trend: "steady",
  });
  assert.equal(add.name, "add");
  assert.equal(add.median, 0.005);
});

test("a function of which nothing has finished has no durations", () => {
  const [stats] = statsOf([[0, 1, 0]], 4000);
  assert.deepEqual([stats.median, stats.most, stats.longest, stats.trend], [null, null, null, ""]);
  assert.equal(stats.total, 4);
});

test("durations that change lately are a trend", () => {
  const runs = (/** @type {number[]} */ ...ms) => ms.map((each) => [0, 2, each]);
  const [slower] = statsOf(runs(10, 11, 10, 9, 10, 10, 11, 10, 20, 21));
  assert.equal(slower.trend, "slower lately");
  const [faster] = statsOf(runs(20, 21, 20, 22, 20, 20, 21, 20, 10, 11));
  assert.equal(faster.trend, "faster lately");
});

test("the latest 50 durations are kept for the sparkline", () => {
  const [stats] = statsOf(Array.from({ length: 80 }, (_, index) => [0, 2, index + 1]));
  assert.equal(stats.points.length, 50);
  assert.equal(stats.points.at(-1).seconds, 0.08);
});

test("functions are sorted by any column, names by the alphabet", () => {
  const stats = statsOf([[0, 2, 5], [1, 2, 10], [1, 2, 10]]);
  const names = (column, descending) => sortedStats(stats, { column, descending }).map(({ name }) => name);
  assert.deepEqual(names("total", true), ["add", "fetch"]);
  assert.deepEqual(names("tasks", false), ["fetch", "add"]);
  assert.deepEqual(names("function", false), ["add", "fetch"]);
});
