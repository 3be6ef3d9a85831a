import assert from "node:assert/strict";
import test from "node:test";

import { NEWEST_FIRST, nextSort, OLDEST_FIRST, viewRows } from "../../immediate_tasks_ipy/panel/static/listing.js";

const row = (key, status, name, args, took, outcome = null) => ({
  key, status, name, args, queue: "default", priority: 0, backend: "default",
  enqueued: key, started: status === 0 ? null : key, finished: status > 1 ? key + took : null,
  outcome, note: null, text: null,
});
const ROWS = new Map(
  [
    row(1, 2, "fetch", '"a"', 30, "12"),
    row(2, 3, "fetch", '"b"', 10, "TimeoutError: timed out"),
    row(3, 1, "Crawl", "", 0),
    row(4, 0, "add", "2, 3", 0),
    row(5, 2, "add", "1, 1", 20, "2"),
  ].map((each) => [each.key, each]),
);
const KEYS = [1, 2, 3, 4, 5];
const all = { statuses: new Set(), query: "", found: null };
const list = (filter, sort = NEWEST_FIRST) => viewRows(ROWS, KEYS, { ...all, ...filter }, sort, 1000);

test("without a filter all are shown, newest first", () => {
  assert.deepEqual(list({}), [5, 4, 3, 2, 1]);
  assert.deepEqual(list({}, OLDEST_FIRST), KEYS);
  assert.deepEqual(KEYS, [1, 2, 3, 4, 5]);
});

test("several statuses are a union", () => {
  assert.deepEqual(list({ statuses: new Set([3]) }), [2]);
  assert.deepEqual(list({ statuses: new Set([3, 1]) }), [3, 2]);
});

test("a search looks at name, arguments, result and error, in any case", () => {
  assert.deepEqual(list({ query: "FETCH" }), [2, 1]);
  assert.deepEqual(list({ query: " 2, 3 " }), [4]);
  assert.deepEqual(list({ query: "12" }), [1]);
  assert.deepEqual(list({ query: "timeout" }), [2]);
  assert.deepEqual(list({ query: "add(" }), [5, 4]);
  assert.deepEqual(list({ query: "nothing" }), []);
});

test("what the kernel found where a preview is cut is shown too, if its status is", () => {
  assert.deepEqual(list({ query: "needle", found: new Set([1, 2, 99]) }), [2, 1]);
  assert.deepEqual(list({ query: "needle", found: new Set([1, 2]), statuses: new Set([2]) }), [1]);
});

test("columns are sorted by what they mean, equal ones newest first", () => {
  const by = (column, descending = false) => list({}, { column, descending });
  assert.deepEqual(by("status"), [2, 3, 4, 5, 1]);
  assert.deepEqual(by("task"), [5, 4, 3, 2, 1]);
  assert.deepEqual(by("took", true), [3, 1, 5, 2, 4]);
  assert.deepEqual(by("result"), [4, 3, 1, 5, 2]);
});

test("a click sorts, a second one turns around, long and new ones first", () => {
  const took = nextSort(NEWEST_FIRST, "took");
  assert.deepEqual(took, { column: "took", descending: true });
  assert.deepEqual(nextSort(took, "took"), { column: "took", descending: false });
  assert.deepEqual(nextSort(took, "task"), { column: "task", descending: false });
  assert.deepEqual(nextSort(took, "enqueued"), NEWEST_FIRST);
});
