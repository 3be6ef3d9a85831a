import assert from "node:assert/strict";
import test from "node:test";

import { buildTicks } from "../../../immediate_tasks_ipy/panel/static/model/time/ticks.js";
import { TimeScale } from "../../../immediate_tasks_ipy/panel/static/model/time/time_scale.js";

test("ticks keep their distance from one another and from now", () => {
  for (const length of [0.2, 5, 900, 61_000, 4_000_000, 90_000_000, 5_000_000_000]) {
    for (const width of [200, 700, 1500]) {
      const ticks = buildTicks(new TimeScale({ start: 1e12, end: 1e12 + length }, [], width), width, true);
      ticks.slice(1).forEach(({ at }, index) => assert.ok(((at - ticks[index].at) / 100) * width >= 72));
      ticks.forEach(({ at, text }) => {
        assert.ok(((100 - at) / 100) * width >= 72);
        assert.ok(text);
      });
    }
  }
  assert.deepEqual(buildTicks(new TimeScale({ start: 0, end: 0 }, [], 500), 500, false), []);
});

test("no tick stands in a gap, or at its label", () => {
  const scale = new TimeScale({ start: 0, end: 400_000 }, [{ start: 50_000, end: 350_000 }], 900);
  const ticks = buildTicks(scale, 900, false);
  const middle = (scale.at(50_000) + scale.at(350_000)) / 2;
  assert.ok(ticks.length > 2);
  for (const { at } of ticks) assert.ok((Math.abs(at - middle) / 100) * 900 >= 72);
});

test("ticks below a millisecond differ", () => {
  const ticks = buildTicks(new TimeScale({ start: 1e12, end: 1e12 + 0.1 }, [], 900), 900, false);
  const texts = ticks.map(({ text }) => text);
  assert.ok(texts.length > 2);
  assert.equal(new Set(texts).size, texts.length);
  assert.match(texts[0], /\.\d{5}$/);
});
