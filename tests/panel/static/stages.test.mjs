import assert from "node:assert/strict";
import test from "node:test";

import { stages, statusLine } from "../../../immediate_tasks_ipy/panel/static/model/text/stages.js";

const finished = (key, status, took = 10, outcome = status === 3 ? "TimeoutError: timed out" : "1") => ({
  key, status, name: "fetch", args: '"a"', enqueued: 0, started: 800, finished: 800 + took, outcome, note: null,
});

test("a lifecycle has stages and the times between them", () => {
  const row = finished(1, 3, 1200);
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

test("the status line has duration and time of enqueuing", () => {
  assert.match(statusLine(finished(1, 3, 1200), 0, true), /^Failed after 1\.20 s, enqueued \d\d:\d\d:\d\d\.\d{3}$/);
  assert.match(statusLine(finished(1, 2, 48.1), 0, true), /^Successful in 48\.1 ms, enqueued /);
});
