import assert from "node:assert/strict";
import test from "node:test";

import { notificationText } from "../../../immediate_tasks_ipy/panel/static/model/text/notification.js";

const finished = (key, status, took = 10, outcome = status === 3 ? "TimeoutError: timed out" : "1") => ({
  key, status, name: "fetch", args: '"a"', enqueued: 0, started: 800, finished: 800 + took, outcome, note: null,
});

test("only tasks that took long are notified of, and none when notifications are off", () => {
  assert.equal(notificationText([finished(1, 2, 60_000)], 0), null);
  assert.equal(notificationText([finished(1, 2, 1000)], 5), null);
  assert.deepEqual(notificationText([finished(1, 2, 6000), finished(2, 2, 10), finished(3, 3, 7000)], 5), {
    title: 'fetch("a") failed: TimeoutError',
    body: "after 7.00 s, and 1 other task",
  });
});
