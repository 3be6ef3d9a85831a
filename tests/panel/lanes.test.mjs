import assert from "node:assert/strict";
import test from "node:test";

import { buildLanes, buildTicks, panned, wholeSpan, zoomed } from "../../immediate_tasks_ipy/panel/static/lanes.js";

const row = (key, enqueued, started, finished, status = finished === null ? 1 : 2) => ({
  key, enqueued, started, finished, status, name: "f", args: "", outcome: null, note: null,
});
const SPAN = { start: 1000, end: 2000 };

test("waiting and running are parts of a lane, in percent of the track", () => {
  const [lane] = buildLanes([row(1, 1000, 1200, 1500)], 2000, SPAN);
  assert.deepEqual(lane, { key: 1, wait: { left: 0, width: 20 }, bar: { left: 20, width: 30 }, label: 50 });
});

test("what is not finished reaches to now", () => {
  const [running, ready] = buildLanes([row(1, 1100, 1200, null), row(2, 1500, null, null, 0)], 2000, SPAN);
  assert.deepEqual(running.bar, { left: 20, width: 80 });
  assert.equal(ready.bar, null);
  assert.deepEqual(ready.wait, { left: 50, width: 50 });
});

test("a task outside the time shown has no parts, one at its edge is cut", () => {
  const [before, across] = buildLanes([row(1, 100, 200, 300), row(2, 500, 600, 1500)], 2000, SPAN);
  assert.deepEqual(before, { key: 1, wait: null, bar: null, label: null });
  assert.deepEqual(across.bar, { left: 0, width: 50 });
});

test("a task that failed before it began is a bar of no width", () => {
  const [lane] = buildLanes([row(1, 1500, null, 1500, 3)], 2000, SPAN);
  assert.deepEqual(lane.bar, { left: 50, width: 0 });
});

test("all of time goes from the first enqueuing to the last end, or to now", () => {
  const rows = new Map([[1, row(1, 1000, 1000, 1500)], [2, row(2, 1200, 1300, 2000)]]);
  const done = wholeSpan(rows, [1, 2], 9000);
  assert.ok(!done.active);
  assert.ok(done.span.start < 1000 && done.span.end > 2000 && done.span.end < 2100);

  rows.set(3, row(3, 2000, 2000, null));
  const going = wholeSpan(rows, [1, 2, 3], 9000);
  assert.ok(going.active);
  assert.equal(Math.round(going.span.end), 9000);
  assert.ok(wholeSpan(new Map(), [], 9000).span.start < 9000);
});

test("ticks are apart, and away from now", () => {
  for (const length of [0.2, 5, 900, 61_000, 4_000_000, 90_000_000, 5_000_000_000]) {
    for (const width of [200, 700, 1500]) {
      const ticks = buildTicks({ start: 1e12, end: 1e12 + length }, width, true);
      ticks.slice(1).forEach(({ at }, index) => assert.ok(((at - ticks[index].at) / 100) * width >= 72));
      ticks.forEach(({ at, text }) => {
        assert.ok(((100 - at) / 100) * width >= 72);
        assert.ok(text);
      });
    }
  }
  assert.deepEqual(buildTicks({ start: 0, end: 0 }, 500, false), []);
});

test("zoom keeps the moment in focus, and never shows more than all", () => {
  const whole = { start: 0, end: 1000 };
  assert.deepEqual(zoomed(whole, 0.5, 0.5, whole), { start: 250, end: 750 });
  assert.deepEqual(zoomed(whole, 0.5, 1, whole), { start: 500, end: 1000 });
  assert.equal(zoomed({ start: 250, end: 750 }, 4, 0.5, whole), null);
  const nearest = zoomed({ start: 500, end: 500.1 }, 0.01, 0.5, whole);
  assert.ok(nearest.end - nearest.start >= 0.099);
});

test("pan stays within all of time", () => {
  const whole = { start: 0, end: 1000 };
  assert.deepEqual(panned({ start: 100, end: 200 }, 0.5, whole), { start: 150, end: 250 });
  assert.deepEqual(panned({ start: 10, end: 110 }, -1, whole), { start: 0, end: 100 });
  assert.deepEqual(panned({ start: 850, end: 950 }, 3, whole), { start: 900, end: 1000 });
});
