import assert from "node:assert/strict";
import test from "node:test";

import { buildLanes } from "../../../immediate_tasks_ipy/panel/static/model/time/lanes.js";
import { TimeScale } from "../../../immediate_tasks_ipy/panel/static/model/time/time_scale.js";

const row = (key, enqueued, started, finished, status = finished === null ? 1 : 2) => ({
  key, enqueued, started, finished, status, name: "f", args: "", outcome: null, note: null,
});
const SPAN = new TimeScale({ start: 1000, end: 2000 }, [], 1000);

test("waiting and running are bars in a lane, in percent of the track", () => {
  const [lane] = buildLanes([row(1, 1000, 1200, 1500)], 2000, SPAN);
  assert.deepEqual(lane, { key: 1, wait: { left: 0, width: 20 }, bar: { left: 20, width: 30 }, label: 50 });
});

test("an unfinished task reaches to now", () => {
  const [running, ready] = buildLanes([row(1, 1100, 1200, null), row(2, 1500, null, null, 0)], 2000, SPAN);
  assert.deepEqual(running.bar, { left: 20, width: 80 });
  assert.equal(ready.bar, null);
  assert.deepEqual(ready.wait, { left: 50, width: 50 });
});

test("a task outside the span has no bars, one at its edge is cut", () => {
  const [before, across] = buildLanes([row(1, 100, 200, 300), row(2, 500, 600, 1500)], 2000, SPAN);
  assert.deepEqual(before, { key: 1, wait: null, bar: null, label: null });
  assert.deepEqual(across.bar, { left: 0, width: 50 });
});

test("a task that failed before it started is a bar of no width", () => {
  const [lane] = buildLanes([row(1, 1500, null, 1500, 3)], 2000, SPAN);
  assert.deepEqual(lane.bar, { left: 50, width: 0 });
});
