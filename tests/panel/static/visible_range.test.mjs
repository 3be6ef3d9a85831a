import assert from "node:assert/strict";
import test from "node:test";

import { anchoredScroll, indexAfterKey, revealScroll, visibleRange } from "../../../immediate_tasks_ipy/panel/static/model/list/visible_range.js";

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

test("the anchor row stays where it is when rows are added above it", () => {
  assert.equal(anchoredScroll(56, 28, { key: 7, index: 2 }, [10, 9, 8, 7, 6]), 84);
  assert.equal(anchoredScroll(84, 28, { key: 7, index: 3 }, [8, 7, 6]), 28);
  assert.equal(anchoredScroll(56, 28, { key: 7, index: 2 }, [9, 8, 7]), null);
  assert.equal(anchoredScroll(56, 28, { key: 7, index: 2 }, [9, 8]), null);
  assert.equal(anchoredScroll(56, 28, null, [9, 8]), null);
});

test("a row is scrolled into view by the shortest distance", () => {
  assert.equal(revealScroll(100, 280, 28, 1), 28);
  assert.equal(revealScroll(0, 280, 28, 10), 28);
  assert.equal(revealScroll(0, 280, 28, 9), 0);
});

test("keys move within the list", () => {
  assert.equal(indexAfterKey("ArrowDown", -1, 5, 3), 0);
  assert.equal(indexAfterKey("ArrowDown", 4, 5, 3), 4);
  assert.equal(indexAfterKey("ArrowUp", 0, 5, 3), 0);
  assert.equal(indexAfterKey("PageDown", 1, 5, 3), 4);
  assert.equal(indexAfterKey("PageUp", 1, 5, 3), 0);
  assert.equal(indexAfterKey("End", 1, 5, 3), 4);
  assert.equal(indexAfterKey("x", 1, 5, 3), null);
});
