import assert from "node:assert/strict";
import test from "node:test";

import { ANNOUNCE_INTERVAL, Announcer, finishedText } from "../../../immediate_tasks_ipy/panel/static/model/text/announcer.js";

const finished = (key, status, took = 10, outcome = status === 3 ? "TimeoutError: timed out" : "1") => ({
  key, status, name: "fetch", args: '"a"', enqueued: 0, started: 800, finished: 800 + took, outcome, note: null,
});

test("one failure is announced by name, many are counted, failures first", () => {
  assert.equal(finishedText([finished(1, 3)], [0, 2, 5, 1]), "fetch failed: TimeoutError");
  assert.equal(finishedText([finished(1, 3), finished(2, 3), finished(3, 2)], [0, 2, 5, 2]), "2 failed, 1 successful");
  assert.equal(finishedText([finished(1, 2), finished(2, 2)], [0, 0, 246, 4]), "4 failed, 246 successful, all done");
  assert.equal(finishedText([finished(1, 2)], [0, 0, 1, 0]), 'fetch("a") finished');
});

test("one announcement in five seconds at most, finished tasks adding up", () => {
  let now = 0;
  const written = [];
  const announcer = new Announcer((text) => written.push(text), () => now);
  announcer.addFinished([finished(1, 2)]);
  announcer.tick([0, 5, 1, 0]);
  announcer.addFinished([finished(2, 3)]);
  announcer.tick([0, 4, 1, 1]);
  now = ANNOUNCE_INTERVAL - 1;
  announcer.addFinished([finished(3, 2)]);
  announcer.tick([0, 3, 2, 1]);
  assert.equal(written.length, 1);
  now = ANNOUNCE_INTERVAL;
  announcer.tick([0, 3, 2, 1]);
  assert.deepEqual(written, ['fetch("a") finished', "fetch failed: TimeoutError"]);
  now = 10 * ANNOUNCE_INTERVAL;
  announcer.tick([0, 3, 2, 1]);
  assert.equal(written.length, 2);
});

test("a message precedes finished tasks, and nothing is lost", () => {
  let now = 0;
  const written = [];
  const announcer = new Announcer((text) => written.push(text), () => now);
  announcer.addFinished([finished(1, 3)]);
  announcer.announce("Id copied");
  announcer.tick([0, 1, 0, 1]);
  now += ANNOUNCE_INTERVAL;
  announcer.tick([0, 1, 0, 1]);
  assert.deepEqual(written, ["Id copied", "fetch failed: TimeoutError"]);
});
