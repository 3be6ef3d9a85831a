import assert from "node:assert/strict";
import test from "node:test";

import { ownPart, sharedParts } from "../../../immediate_tasks_ipy/panel/static/model/list/labels.js";

const label = (texts, index) => ownPart(texts[index], sharedParts(texts)).join("|");

test("what all items share is elided, and no word is cut", () => {
  const pages = ['"https://example.org/page/1"', '"https://example.org/page/17"', '"https://example.org/page/204"'];
  assert.equal(label(pages, 1), "…/page/|17");
  assert.equal(label(pages, 2), "…/page/|204");
  const words = ['"/data/reports/alpha.csv"', '"/data/reports/alpine.csv"'];
  assert.equal(label(words, 0), "…/reports/|alpha.csv");
});

test("a short common part is kept", () => {
  assert.equal(label(["1, 2", "1, 3"], 1), "|1, 3");
  assert.equal(label(["2024", "2025"], 0), "|2024");
});

test("a label closes the quote and the bracket that it opens", () => {
  assert.equal(label(['"a"', '"b"'], 0), '|"a"');
  assert.equal(label(['"a", a_table_of_all', '"b", a_table_of_all'], 1), '|"b"');
  assert.equal(label(["[1, 2]", "[3, 2]"], 0), "|[1, 2]");
});

test("an item that ends where another goes on keeps something to read", () => {
  const texts = ['"https://example.org/"', '"https://example.org/about"'];
  assert.ok(ownPart(texts[0], sharedParts(texts))[1].length > 0);
});

test("items that do not differ have nothing of their own", () => {
  assert.equal(sharedParts(["a", "a"]), null);
  assert.equal(sharedParts(["a"]), null);
  assert.equal(sharedParts([]), null);
});
