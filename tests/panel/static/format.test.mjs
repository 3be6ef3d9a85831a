import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { argumentsInParts, clockText, countText, dateText, durationText, headAndTail, plural, queueText } from "../../../immediate_tasks_ipy/panel/static/model/text/format.js";

const FORMATS = JSON.parse(readFileSync(new URL("../../display/formats.json", import.meta.url), "utf-8"));

test("durations, clocks and counts are written as Python writes them", (t) => {
  const zone = process.env.TZ;
  t.after(() => (zone === undefined ? delete process.env.TZ : (process.env.TZ = zone)));
  for (const [seconds, text] of FORMATS.durations) assert.equal(durationText(Number(seconds)), text);
  for (const [count, text] of FORMATS.counts) assert.equal(countText(count), text);
  for (const [name, microseconds, ofDay, inFull] of FORMATS.clocks) {
    process.env.TZ = name;
    assert.equal(clockText(microseconds / 1000, true), ofDay);
    assert.equal(clockText(microseconds / 1000), ofDay.slice(0, 8));
    assert.equal(dateText(microseconds / 1000), inFull);
  }
});

test("a sum of floats just below a millisecond is that millisecond", () => {
  const sum = 1772373787870.255 + -422147299 / 1000 + 227759 / 1000 + 680285 / 1000;
  assert.ok(sum < 1772373366631);
  assert.equal(clockText(sum, true).slice(-3), "631");
});

test("nouns agree with their counts", () => {
  assert.equal(plural(1, "task"), "1 task");
  assert.equal(plural(0, "task"), "0 tasks");
  assert.equal(plural(2500, "task"), "2,500 tasks");
});

test("a queue is shown only when it is not the default, a priority only when it is not 0", () => {
  assert.equal(queueText("default", 0), "");
  assert.equal(queueText("mail", 50), "mail · +50");
  assert.equal(queueText("default", -10), "−10");
});

test("a text is split between characters, never within one", () => {
  assert.deepEqual(headAndTail("abc", 6), ["", "abc"]);
  assert.deepEqual(headAndTail("(1, 😀😀)", 3), ["(1, ", "😀😀)"]);
});

test("a narrow cell can cut a call's arguments, and keeps their end", () => {
  assert.deepEqual(argumentsInParts("1, 200, 3000"), ["(1, 200,", " 3000)"]);
  assert.deepEqual(argumentsInParts(""), ["", "()"]);
  assert.deepEqual(argumentsInParts('"EUR"'), ["", '("EUR")']);
  assert.deepEqual(argumentsInParts(null), ["", ""]);
});
