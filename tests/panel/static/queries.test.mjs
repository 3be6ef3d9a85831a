import assert from "node:assert/strict";
import test from "node:test";

import {
  firstSentence,
  isNPlusOne,
  mailsText,
  queriesText,
  queryFacts,
  queryOrder,
  shortSql,
} from "../../../immediate_tasks_ipy/panel/static/model/text/queries.js";

const QUERY = {
  sql: "SELECT 1",
  database: "default",
  count: 1,
  ms: 18.3,
  slowestMs: 18.3,
  rows: 0,
  failed: 0,
  place: "shop/tasks.py:31 in bill",
  line: 31,
  source: "",
  advice: "",
  parameters: [],
};

test("the slowest query is first, those of equal time as they were asked", () => {
  const queries = [5.1, 18.3, 5.1, 14.6].map((ms) => ({ ...QUERY, ms }));
  assert.deepEqual(queryOrder(queries, true), [1, 3, 0, 2]);
  assert.deepEqual(queryOrder(queries, false), [0, 1, 2, 3]);
  assert.deepEqual(queryOrder([], true), []);
});

test("queries are counted with their time, and with duplicates only where there are some", () => {
  const text = (count, ms, duplicates) => queriesText({ count, ms, duplicates, notRecorded: 0, list: [] }).join("");
  assert.equal(text(23, 41.2, 17), "23 queries, 41.2 ms, 17 duplicates");
  assert.equal(text(1, 0.5, 0), "1 query, 0.50 ms");
  assert.equal(text(1204, 1200, 1), "1,204 queries, 1.20 s, 1 duplicate");
});

test("mails of a dry run are not sent", () => {
  assert.equal(mailsText({ count: 2, sent: true, list: [] }), "2 mails sent");
  assert.equal(mailsText({ count: 1, sent: true, list: [] }), "1 mail sent");
  assert.equal(mailsText({ count: 2, sent: false, list: [] }), "2 mails, not sent");
});

test("what is known of a query is a sentence", () => {
  assert.equal(queryFacts({ ...QUERY, rows: 12 }), "From shop/tasks.py:31 in bill, 12 rows.");
  assert.equal(
    queryFacts({ ...QUERY, count: 17, ms: 14.6, slowestMs: 2.1, rows: 1 }),
    "The same query 17 times, 0.86 ms each, the slowest 2.10 ms, from shop/tasks.py:31 in bill, 1 row.",
  );
  assert.equal(queryFacts({ ...QUERY, place: "", failed: 1, database: "replica" }), "1 failed, on database replica.");
  assert.equal(queryFacts({ ...QUERY, place: "" }), "");
});

test("an N+1 is told from what could be written at once", () => {
  assert.equal(isNPlusOne({ ...QUERY, advice: "N+1: asked 17 times" }), true);
  assert.equal(isNPlusOne({ ...QUERY, advice: "9 times from one line: bulk_create does it at once" }), false);
  assert.equal(isNPlusOne(QUERY), false);
});

test("a statement is short without quotes, columns and the name of its table", () => {
  const cases = {
    'SELECT "shop_order"."id", "shop_order"."status" FROM "shop_order" WHERE "shop_order"."status" = %s LIMIT 21':
      "SELECT … shop_order WHERE status = %s LIMIT 21",
    "SELECT `shop_order`.`id`\n  FROM `shop_order`\n  WHERE `shop_order`.`id` = 7": "SELECT … shop_order WHERE id = 7",
    'UPDATE "shop_order" SET "notified" = true WHERE "shop_order"."id" = 3': "UPDATE shop_order SET notified = true WHERE id = 3",
    'DELETE FROM "shop_order" WHERE "shop_order"."id" IN (3)': "DELETE FROM shop_order WHERE id IN (3)",
    'SELECT a.id FROM a INNER JOIN b ON (a.b_id = b.id)': "SELECT … a INNER JOIN b ON (b_id = b.id)",
    'SELECT (SELECT MAX(x) FROM inside), EXTRACT(DAY FROM d) FROM "outside"': "SELECT … outside",
    "SELECT ' FROM ' FROM t WHERE name = 'say \"t.x\" it''s t.x'": "SELECT … t WHERE name = 'say \"t.x\" it''s t.x'",
    "SAVEPOINT s1": "SAVEPOINT s1",
    "SELECT 1": "SELECT 1",
    "": "",
  };
  for (const [sql, short] of Object.entries(cases)) assert.equal(shortSql(sql), short);
});

test("the first sentence of a message stands out", () => {
  assert.deepEqual(firstSentence("Dry run: rolled back. Nothing was saved or sent."), [
    "Dry run: rolled back.",
    " Nothing was saved or sent.",
  ]);
  assert.deepEqual(firstSentence("Rolled back"), ["Rolled back", ""]);
});
