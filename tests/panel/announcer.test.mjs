import assert from "node:assert/strict";
import test from "node:test";

import { Announcer, endedText, PACE } from "../../immediate_tasks_ipy/panel/static/announcer.js";
import { stages, statusLine } from "../../immediate_tasks_ipy/panel/static/lifecycle.js";
import { notificationText } from "../../immediate_tasks_ipy/panel/static/notify.js";
import { groupFrames } from "../../immediate_tasks_ipy/panel/static/traceback.js";

const ended = (key, status, took = 10, outcome = status === 3 ? "TimeoutError: timed out" : "1") => ({
  key, status, name: "fetch", args: '"a"', enqueued: 0, started: 800, finished: 800 + took, outcome, note: null,
});

test("one failure is told by name, many are counted, failures first", () => {
  assert.equal(endedText([ended(1, 3)], [0, 2, 5, 1]), "fetch failed: TimeoutError");
  assert.equal(endedText([ended(1, 3), ended(2, 3), ended(3, 2)], [0, 2, 5, 2]), "2 failed, 1 successful");
  assert.equal(endedText([ended(1, 2), ended(2, 2)], [0, 0, 246, 4]), "4 failed, 246 successful, all done");
  assert.equal(endedText([ended(1, 2)], [0, 0, 1, 0]), 'fetch("a") finished');
});

test("at most one sentence in five seconds, endings added up meanwhile", () => {
  let now = 0;
  const said = [];
  const announcer = new Announcer((text) => said.push(text), () => now);
  announcer.tasksEnded([ended(1, 2)]);
  announcer.tick([0, 5, 1, 0]);
  announcer.tasksEnded([ended(2, 3)]);
  announcer.tick([0, 4, 1, 1]);
  now = PACE - 1;
  announcer.tasksEnded([ended(3, 2)]);
  announcer.tick([0, 3, 2, 1]);
  assert.equal(said.length, 1);
  now = PACE;
  announcer.tick([0, 3, 2, 1]);
  assert.deepEqual(said, ['fetch("a") finished', "fetch failed: TimeoutError"]);
  now = 10 * PACE;
  announcer.tick([0, 3, 2, 1]);
  assert.equal(said.length, 2);
});

test("an answer goes before what has ended, and nothing is lost", () => {
  let now = 0;
  const said = [];
  const announcer = new Announcer((text) => said.push(text), () => now);
  announcer.tasksEnded([ended(1, 3)]);
  announcer.say("Id copied");
  announcer.tick([0, 1, 0, 1]);
  now += PACE;
  announcer.tick([0, 1, 0, 1]);
  assert.deepEqual(said, ["Id copied", "fetch failed: TimeoutError"]);
});

test("a lifecycle tells the stages and the times between them", () => {
  const row = ended(1, 3, 1200);
  assert.deepEqual(stages(row, null, 9999, true).map((step) => step.gap ?? step.stage), [
    "READY", "waited 0.80 s", "RUNNING", "ran 1.20 s", "FAILED",
  ]);
  const running = { ...row, status: 1, finished: null };
  assert.deepEqual(stages(running, null, 4940, false).map((step) => step.gap ?? step.stage), [
    "READY", "waited 0.80 s", "RUNNING", "running 4.14 s+",
  ]);
  const attempts = [["READY", 0], ["RUNNING", 100], ["READY", 200], ["RUNNING", 300], ["SUCCESSFUL", 400]];
  assert.equal(stages(row, attempts, 9999, true).filter((step) => step.stage === "RUNNING").length, 2);
});

test("the line below the call says what the card says", () => {
  assert.match(statusLine(ended(1, 3, 1200), 0, true), /^Failed after 1\.20 s, enqueued \d\d:\d\d:\d\d\.\d{3}$/);
  assert.match(statusLine(ended(1, 2, 48.1), 0, true), /^Successful in 48\.1 ms, enqueued /);
});

test("only what took long is notified, and never when that is off", () => {
  assert.equal(notificationText([ended(1, 2, 60_000)], 0), null);
  assert.equal(notificationText([ended(1, 2, 1000)], 5), null);
  assert.deepEqual(notificationText([ended(1, 2, 6000), ended(2, 2, 10), ended(3, 3, 7000)], 5), {
    title: 'fetch("a") failed: TimeoutError',
    body: "after 7.00 s, and 1 other task",
  });
});

test("neighbouring frames of libraries are one group", () => {
  const frame = (label, library) => ({ label, library });
  const [own, first, second, other] = [frame("Cell [7]", false), frame("a.py", true), frame("b.py", true), frame("Cell [8]", false)];
  assert.deepEqual(groupFrames([own, first, second, other, first]), [own, [first, second], other, [first]]);
});
