import assert from "node:assert/strict";
import test from "node:test";

import { clockText, countText, durationText, headAndTail, plural, queueText } from "../../immediate_tasks_ipy/panel/static/text.js";

test("durations have three digits and always a unit", () => {
  const texts = {
    0: "<0.01 ms",
    0.00012: "0.12 ms",
    0.0481: "48.1 ms",
    0.01: "10.0 ms",
    0.8: "0.80 s",
    1.2: "1.20 s",
    12.4: "12.4 s",
    59.96: "1 min 00 s",
    125: "2 min 05 s",
    3599.7: "1 h 00 min",
    90000: "1 d 01 h",
  };
  for (const [seconds, text] of Object.entries(texts)) assert.equal(durationText(Number(seconds)), text);
});

test("counts are grouped and nouns agree", () => {
  assert.equal(countText(0), "0");
  assert.equal(countText(1204), "1,204");
  assert.equal(countText(1000000), "1,000,000");
  assert.equal(plural(1, "task"), "1 task");
  assert.equal(plural(2500, "task"), "2,500 tasks");
});

test("a queue is shown only when it is not the default, a priority only when it is not 0", () => {
  assert.equal(queueText("default", 0), "");
  assert.equal(queueText("mail", 50), "mail · +50");
  assert.equal(queueText("default", -10), "−10");
});

test("the clock is local and has milliseconds when asked for", () => {
  const time = new Date(2026, 2, 1, 14, 3, 7, 41).getTime();
  assert.equal(clockText(time), "14:03:07");
  assert.equal(clockText(time, true), "14:03:07.041");
});

test("a text is parted between characters, never within one", () => {
  assert.deepEqual(headAndTail("abc", 6), ["", "abc"]);
  assert.deepEqual(headAndTail("(1, 😀😀)", 3), ["(1, ", "😀😀)"]);
});
