import assert from "node:assert/strict";
import test from "node:test";

import { idleGaps, TimeScale } from "../../../immediate_tasks_ipy/panel/static/model/time/time_scale.js";

test("idle time is what lies between tasks and is long", () => {
  const task = (enqueued, finished) => ({ enqueued, started: enqueued, finished });
  const busy = [task(0, 1000), task(500, 3000), task(3500, 4000), task(60_000, 61_000)];
  assert.deepEqual(idleGaps(busy, 61_000), [{ start: 4000, end: 60_000 }]);
  assert.deepEqual(idleGaps([task(0, null), task(90_000, 91_000)], 91_000), []);
  assert.deepEqual(idleGaps([], 0), []);
});

test("without gaps positions are linear", () => {
  const scale = new TimeScale({ start: 1000, end: 2000 }, [], 500);
  assert.equal(scale.at(1000), 0);
  assert.equal(scale.at(1250), 25);
  assert.equal(scale.timeAt(25), 1250);
});

test("a gap takes 48 pixels, and equal durations are equally long on both sides of it", () => {
  const scale = new TimeScale({ start: 0, end: 110_000 }, [{ start: 5000, end: 105_000 }], 960);
  const width = (from, to) => scale.at(to) - scale.at(from);
  assert.ok(Math.abs(width(5000, 105_000) - 5) < 1e-9);
  assert.ok(Math.abs(width(0, 5000) - width(105_000, 110_000)) < 1e-9);
  assert.ok(Math.abs(scale.at(110_000) - 100) < 1e-9);
});

test("the moment at a position is the inverse", () => {
  const gaps = [{ start: 2000, end: 50_000 }, { start: 60_000, end: 90_000 }];
  const scale = new TimeScale({ start: 1000, end: 100_000 }, gaps, 700);
  for (const time of [1000, 1500, 2000, 30_000, 50_000, 55_000, 75_000, 99_000]) {
    assert.ok(Math.abs(scale.timeAt(scale.at(time)) - time) < 1e-6, `${time}`);
  }
});
