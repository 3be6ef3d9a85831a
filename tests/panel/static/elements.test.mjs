import assert from "node:assert/strict";
import test from "node:test";

import { h } from "../../../immediate_tasks_ipy/panel/static/dom/elements.js";

/** The attributes that `h` sets, on as much of a document as it needs. */
function attributesOf(t, attributes) {
  const set = {};
  const element = { setAttribute: (name, value) => (set[name] = value), append() {}, addEventListener() {} };
  globalThis.document = { createElement: () => element };
  t.after(() => delete globalThis.document);
  h("div", attributes);
  return set;
}

test("true is an empty attribute; false, null and undefined omit it", (t) => {
  const set = attributesOf(t, { hidden: true, disabled: false, title: null, lang: undefined, tabindex: 0 });
  assert.deepEqual(set, { hidden: "", tabindex: "0" });
});

test("an aria attribute says true or false in words, as ARIA has it", (t) => {
  const set = attributesOf(t, { "aria-hidden": true, "aria-pressed": false, "aria-expanded": null });
  assert.deepEqual(set, { "aria-hidden": "true", "aria-pressed": "false" });
});

test("a function is a listener", (t) => {
  assert.deepEqual(attributesOf(t, { onclick: () => {} }), {});
});
