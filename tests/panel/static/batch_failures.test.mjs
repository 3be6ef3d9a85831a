import assert from "node:assert/strict";
import test from "node:test";

import { failureKinds } from "../../../immediate_tasks_ipy/panel/static/model/tasks/batch_failures.js";

const row = (key, status, outcome) => ({ key, status, outcome });

test("failures are counted by exception, the most frequent first", () => {
  const rows = [
    row(1, 2, "3"),
    row(2, 3, "HTTPError: 404"),
    row(3, 3, "TimeoutError: timed out"),
    row(4, 4, null),
    row(5, 3, "TimeoutError: after 3 s"),
  ];
  const store = { rows: new Map(rows.map((each) => [each.key, each])) };
  const kinds = failureKinds(store, [1, 2, 3, 4, 5, 9]);
  assert.deepEqual(
    kinds.map(({ exception, rows }) => [exception, rows.map(({ key }) => key)]),
    [
      ["TimeoutError", [3, 5]],
      ["HTTPError", [2]],
    ],
  );
});
