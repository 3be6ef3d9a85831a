import assert from "node:assert/strict";
import test from "node:test";

import { Connection } from "../../immediate_tasks_ipy/panel/static/connection.js";

const KINDS = [["add", "default", 0, "default"]];
const wire = (key) => [key, 2, 0, "1, 2", -5000, 1000, 2000, "3"];

/** A model as anywidget hands it over, and a connection on it whose clock the test moves. */
function connected(t, snapshot = {}) {
  t.mock.timers.enable({ apis: ["setInterval", "setTimeout", "Date"], now: 1_000_000 });
  const handlers = {};
  const model = {
    state: { snapshot },
    sent: [],
    get: (name) => model.state[name],
    set: (name, value) => (model.state[name] = value),
    send: (content) => model.sent.push(content),
    on: (name, callback) => (handlers[name] = callback),
    off: (name) => delete handlers[name],
  };
  const connection = new Connection(model);
  const events = [];
  connection.listen((event) => events.push(event));
  connection.start();
  const hear = (message) => handlers["msg:custom"]({ base: Date.now(), kinds: KINDS, ...message });
  const open = () => model.sent.filter(({ op }) => op === "open").at(-1).request;
  const load = (keys, seq) =>
    hear({ op: "snapshot", request: open(), seq, part: 0, parts: 1, rows: keys.map(wire) });
  t.after(() => connection.stop());
  return { connection, model, events, hear, load, open, handlers, wait: (ms) => t.mock.timers.tick(ms) };
}

const opened = (model) => model.sent.filter(({ op }) => op === "open").length;

test("all rows are asked for at once, and the saved ones shown until they come", (t) => {
  const { connection, model, load } = connected(t, { base: 999_000, kinds: KINDS, rows: [wire(8)], total: 1 });
  assert.equal(opened(model), 1);
  assert.deepEqual(connection.store.keys(), [8]);
  load([7, 9], 3);
  assert.deepEqual(connection.store.keys(), [7, 9]);
  assert.ok(connection.loaded);
});

test("a gap in the numbers asks for a snapshot, once for each", (t) => {
  const { connection, model, hear, load } = connected(t);
  load([1], 1);
  hear({ op: "rows", seq: 2, new: [wire(2)] });
  assert.equal(opened(model), 1);
  hear({ op: "rows", seq: 4, new: [wire(4)] });
  assert.equal(opened(model), 2);
  load([1, 2, 3, 4], 4);
  assert.deepEqual(connection.store.keys(), [1, 2, 3, 4]);
});

test("a beat that knows of a later message asks for a snapshot", (t) => {
  const { model, hear, load } = connected(t);
  load([1], 1);
  hear({ op: "beat", seq: 1, at: Date.now() });
  assert.equal(opened(model), 1);
  hear({ op: "beat", seq: 2, at: Date.now() });
  assert.equal(opened(model), 2);
});

test("a snapshot that another page asked for is not ours", (t) => {
  const { connection, hear } = connected(t);
  hear({ op: "snapshot", request: "other-1", seq: 1, part: 0, parts: 1, rows: [wire(1)] });
  assert.equal(connection.store.rows.size, 0);
});

test("after 15 s without a word the kernel counts as lost, and a word brings it back", (t) => {
  const { connection, events, hear, load, wait } = connected(t);
  load([1], 1);
  for (let beat = 0; beat < 5; beat++) {
    wait(5000);
    hear({ op: "beat", seq: 1, at: Date.now() });
  }
  assert.equal(connection.health, "live");
  for (let second = 0; second < 14; second++) wait(1000);
  assert.equal(connection.health, "live");
  wait(1000);
  wait(1000);
  assert.equal(connection.health, "lost");
  const then = connection.now();
  wait(1000);
  assert.equal(connection.now(), then);

  hear({ op: "beat", seq: 1, at: Date.now() });
  assert.equal(connection.health, "live");
  assert.equal(events.filter(({ type }) => type === "health").length, 3);
});

test("a page that slept gives the kernel time to be heard", (t) => {
  const { connection, load } = connected(t);
  load([1], 1);
  t.mock.timers.setTime(1_000_000 + 3_600_000);
  connection.check();
  assert.equal(connection.health, "live");
});

test("a comm that goes is lost at once, its questions are answered so, and no more are sent", async (t) => {
  const { connection, model, load, handlers } = connected(t);
  load([1], 1);
  const asked = connection.ask("detail", { key: 1 });
  handlers.comm_live_update();
  assert.equal(connection.health, "lost");
  await assert.rejects(asked, /disconnected before it answered/);
  const before = model.sent.length;
  await assert.rejects(connection.ask("detail", { key: 1 }), /run %tasks again/);
  assert.equal(model.sent.length, before);
});

test("a front end that refuses to send is a lost kernel, not an error", async (t) => {
  const { connection, model, load } = connected(t);
  load([1], 1);
  model.send = () => {
    throw new Error("Cannot send");
  };
  await assert.rejects(connection.ask("clear"));
  assert.equal(connection.health, "lost");
});

test("an answer goes to who asked, in one piece or in parts", async (t) => {
  const { connection, model, hear, load } = connected(t);
  load([1], 1);
  const detail = connection.ask("detail", { key: 1 });
  const file = connection.ask("export", { format: "csv", keys: null });
  const refused = connection.ask("cancel", { key: 1 });
  const [first, second, third] = model.sent.slice(-3).map(({ request }) => request);
  hear({ op: "answer", request: "other-7", ok: true });
  hear({ op: "answer", request: second, ok: true, part: 0, parts: 2, text: "a,b\n", file: "t.csv" });
  hear({ op: "answer", request: first, ok: true, detail: { call: "add(1, 2)" } });
  hear({ op: "answer", request: second, ok: true, part: 1, parts: 2, text: "1,2\n", file: "t.csv" });
  hear({ op: "answer", request: third, ok: false, say: "use the stop button" });
  assert.equal((await detail).detail.call, "add(1, 2)");
  assert.equal((await file).text, "a,b\n1,2\n");
  await assert.rejects(refused, /use the stop button/);
});

test("while paused rows are not taken over, and going on asks for all", (t) => {
  const { connection, model, hear, load, wait } = connected(t);
  load([1], 1);
  connection.pause(true);
  hear({ op: "rows", seq: 2, new: [wire(2)] });
  hear({ op: "beat", seq: 5, at: Date.now() });
  const then = connection.now();
  wait(3000);
  assert.equal(connection.now(), then);
  assert.deepEqual(connection.store.keys(), [1]);
  assert.equal(opened(model), 1);
  connection.pause(false);
  load([1, 2], 5);
  assert.deepEqual(connection.store.keys(), [1, 2]);
});

test("once all is quiet the newest rows are where a notebook saves them", (t) => {
  const { model, hear, load, wait } = connected(t);
  load([1], 1);
  hear({ op: "rows", seq: 2, new: Array.from({ length: 600 }, (_, index) => wire(index + 2)) });
  wait(1000);
  assert.equal(model.state.snapshot.rows, undefined);
  wait(2000);
  assert.equal(model.state.snapshot.rows.length, 500);
  assert.equal(model.state.snapshot.rows[0][0], 601);
});

test("a message that can't be read is told, and the next one is read", (t) => {
  const { connection, events, hear, load } = connected(t);
  load([1], 1);
  hear({ op: "rows", seq: 2, new: 7 });
  assert.match(events.at(-1).say, /could not read a message/);
  hear({ op: "rows", seq: 3, new: [wire(2)] });
  assert.ok(connection.store.rows.has(2));
});

test("the kernel's clock is told from its messages", (t) => {
  const { connection, hear } = connected(t);
  hear({ op: "beat", seq: 0, at: Date.now() - 5000 });
  assert.equal(connection.now(), Date.now() - 5000);
});
