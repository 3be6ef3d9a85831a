import assert from "node:assert/strict";
import test from "node:test";

import { attemptsOf, attemptSentence } from "../../../immediate_tasks_ipy/panel/static/model/tasks/attempts.js";
import { attemptCount, progressWords, resultText, supersededFailures } from "../../../immediate_tasks_ipy/panel/static/model/tasks/outcomes.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const KINDS = [["f", "default", 0, "default"], ["f", "default", 0, "default", null, null, 1]];

function storeOf(...rows) {
  const store = new Store();
  store.applyRows({ seq: 1, base: 0, kinds: KINDS, new: rows });
  return store;
}

test("the runs of a task are its attempts", () => {
  const store = storeOf(
    [1, 3, 0, "", 0, 0, null, 160, "ZeroDivisionError: x"],
    [2, 2, 1, "", 0, 0, null, 110, "1"],
  );
  const attempts = attemptsOf(store, store.rows.get(2), [], 0);
  assert.deepEqual(attempts, [
    { key: 1, inner: null, status: 3, error: "ZeroDivisionError", seconds: 0.00016 },
    { key: 2, inner: null, status: 2, error: "", seconds: 0.00011 },
  ]);
  assert.equal(
    attemptSentence(attempts, 0),
    "Attempt 1 of 2. Attempt 2 succeeded, so this failure is not counted.",
  );
  assert.equal(attemptSentence(attempts, 1), "");
  assert.equal(attemptCount(store, store.rows.get(2)), 2);
  assert.equal(supersededFailures(store), 1);
});

test("retries inside a result are its attempts, too", () => {
  const store = storeOf([1, 2, 0, "", 0, 0, null, 160, "1", null, 3]);
  const attempts = attemptsOf(store, store.rows.get(1), ["a.TimeoutError", "a.TimeoutError"], 0);
  assert.deepEqual(attempts.map(({ inner, status, error }) => [inner, status, error]), [
    [0, 3, "TimeoutError"], [1, 3, "TimeoutError"], [2, 2, ""],
  ]);
  assert.equal(attemptCount(store, store.rows.get(1)), 3);
});

test("a row says what a task came to, and how far it got", () => {
  const row = { status: 4, started: 1, outcome: null, progress: null };
  assert.equal(resultText(row), "Cancelled by you");
  assert.equal(resultText({ ...row, started: null }), "Cancelled before it ran");
  assert.equal(resultText({ ...row, progress: [11, 50, "epoch 11"] }), "Cancelled by you at 11 of 50, epoch 11");
  assert.equal(resultText({ ...row, status: 3, outcome: "MemoryError", progress: [4, 10, ""] }), "MemoryError at 4 of 10");
  assert.equal(progressWords([1412, null, ""]), "1,412 so far");
  assert.equal(progressWords([0.5, 1, ""]), "0.5 of 1");
});
