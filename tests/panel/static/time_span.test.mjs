import assert from "node:assert/strict";
import test from "node:test";

import { extentOf, panned, spanBetween, wholeSpan, zoomed } from "../../../immediate_tasks_ipy/panel/static/model/time/time_span.js";

const row = (key, enqueued, started, finished, status = finished === null ? 1 : 2) => ({
  key, enqueued, started, finished, status, name: "f", args: "", outcome: null, note: null,
});

test("the whole span goes from the first enqueuing to the last end, or to now", () => {
  const rows = new Map([[1, row(1, 1000, 1000, 1500)], [2, row(2, 1200, 1300, 2000)]]);
  const spanOf = (keys) => {
    const extent = extentOf(rows, keys);
    return { active: extent.active, span: wholeSpan(extent, 9000) };
  };
  const done = spanOf([1, 2]);
  assert.ok(!done.active);
  assert.ok(done.span.start < 1000 && done.span.end > 2000 && done.span.end < 2100);

  rows.set(3, row(3, 2000, 2000, null));
  const going = spanOf([1, 2, 3]);
  assert.ok(going.active);
  assert.equal(Math.round(going.span.end), 9000);
  assert.ok(spanOf([]).span.start < 9000);
});

test("a span between two moments is in order, and within the whole", () => {
  const whole = { start: 0, end: 1000 };
  assert.deepEqual(spanBetween(600, 200, whole), { start: 200, end: 600 });
  assert.deepEqual(spanBetween(900, 1200, whole), { start: 700, end: 1000 });
});

test("zooming keeps the focus in place, and never shows more than the whole span", () => {
  const whole = { start: 0, end: 1000 };
  assert.deepEqual(zoomed(whole, 0.5, 0.5, whole), { start: 250, end: 750 });
  assert.deepEqual(zoomed(whole, 0.5, 1, whole), { start: 500, end: 1000 });
  assert.equal(zoomed({ start: 250, end: 750 }, 4, 0.5, whole), null);
  const nearest = zoomed({ start: 500, end: 500.1 }, 0.01, 0.5, whole);
  assert.ok(nearest.end - nearest.start >= 0.099);
});

test("panning stays within the whole span", () => {
  const whole = { start: 0, end: 1000 };
  assert.deepEqual(panned({ start: 100, end: 200 }, 0.5, whole), { start: 150, end: 250 });
  assert.deepEqual(panned({ start: 10, end: 110 }, -1, whole), { start: 0, end: 100 });
  assert.deepEqual(panned({ start: 850, end: 950 }, 3, whole), { start: 900, end: 1000 });
});
