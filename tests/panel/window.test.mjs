import assert from "node:assert/strict";
import test from "node:test";

import { heldScroll, movedIndex, scrollTo, visibleRange } from "../../immediate_tasks_ipy/panel/static/window.js";

test("few rows are drawn of many, wherever the list is scrolled to", () => {
  for (const scrollTop of [0, 13, 28_000, 2_799_000, 2_800_000]) {
    for (const height of [100, 350, 900, 3000]) {
      const { first, end } = visibleRange(scrollTop, height, 28, 100_000);
      assert.ok(end - first <= 41, `${end - first} rows`);
      assert.ok(first >= 0 && end <= 100_000);
      if (scrollTop < 2_799_000) assert.ok(first * 28 <= scrollTop);
    }
  }
  assert.deepEqual(visibleRange(0, 350, 28, 3), { first: 0, end: 3 });
  assert.deepEqual(visibleRange(0, 350, 28, 0), { first: 0, end: 0 });
});

test("the held row stays where it is when rows come above it", () => {
  assert.equal(heldScroll(56, 28, { key: 7, index: 2 }, [10, 9, 8, 7, 6]), 84);
  assert.equal(heldScroll(84, 28, { key: 7, index: 3 }, [8, 7, 6]), 28);
  assert.equal(heldScroll(56, 28, { key: 7, index: 2 }, [9, 8, 7]), null);
  assert.equal(heldScroll(56, 28, { key: 7, index: 2 }, [9, 8]), null);
  assert.equal(heldScroll(56, 28, null, [9, 8]), null);
});

test("a row is scrolled into view by the least", () => {
  assert.equal(scrollTo(100, 280, 28, 1), 28);
  assert.equal(scrollTo(0, 280, 28, 10), 28);
  assert.equal(scrollTo(0, 280, 28, 9), 0);
});

test("keys move within the list", () => {
  assert.equal(movedIndex("ArrowDown", -1, 5, 3), 0);
  assert.equal(movedIndex("ArrowDown", 4, 5, 3), 4);
  assert.equal(movedIndex("ArrowUp", 0, 5, 3), 0);
  assert.equal(movedIndex("PageDown", 1, 5, 3), 4);
  assert.equal(movedIndex("PageUp", 1, 5, 3), 0);
  assert.equal(movedIndex("End", 1, 5, 3), 4);
  assert.equal(movedIndex("x", 1, 5, 3), null);
});
