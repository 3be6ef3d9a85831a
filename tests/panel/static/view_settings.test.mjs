import assert from "node:assert/strict";
import test from "node:test";

import { ViewSettings } from "../../../immediate_tasks_ipy/panel/static/model/list/view_settings.js";
import { TaskTree } from "../../../immediate_tasks_ipy/panel/static/model/list/task_tree.js";
import { Store } from "../../../immediate_tasks_ipy/panel/static/model/tasks/store.js";

const stateOf = () => ({
  statuses: new Set(), query: "", sort: { column: "enqueued", descending: true }, view: "table",
  tree: new TaskTree(new Store()),
  search(query) {
    this.query = query;
  },
});

function memoryOf(items = {}) {
  return { getItem: (key) => items[key] ?? null, setItem: (key, value) => (items[key] = value), items };
}

test("what was chosen is there again", () => {
  const memory = memoryOf();
  const state = stateOf();
  state.statuses.add(3);
  state.query = "fetch";
  state.sort = { column: "took", descending: false };
  state.view = "timeline";
  state.tree.failuresFirst = false;
  new ViewSettings(() => memory, "a").save(state);
  const restored = stateOf();
  new ViewSettings(() => memory, "a").restore(restored);
  assert.deepEqual([...restored.statuses], [3]);
  assert.deepEqual([restored.query, restored.view, restored.sort], ["fetch", "timeline", state.sort]);
  assert.equal(restored.tree.failuresFirst, false);
  const other = stateOf();
  new ViewSettings(() => memory, "b").restore(other);
  assert.equal(other.view, "table");
});

test("what can't be read is left as it is", () => {
  const odd = ["{", "7", "null", '{"statuses":[9,"x"],"sort":{"column":"eval"},"view":"x","query":7}'];
  for (const text of odd) {
    const state = stateOf();
    new ViewSettings(() => memoryOf({ "immediate_tasks_ipy a": text }), "a").restore(state);
    assert.deepEqual([state.statuses.size, state.sort.column, state.view, state.query], [0, "enqueued", "table", ""]);
  }
});

test("a page without storage keeps nothing, and says nothing", () => {
  const settings = new ViewSettings(() => {
    throw new Error("denied");
  }, "a");
  settings.save(stateOf());
  settings.restore(stateOf());
});
