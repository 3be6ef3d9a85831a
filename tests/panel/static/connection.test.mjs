import assert from "node:assert/strict";
import test from "node:test";

import { Connection } from "../../../immediate_tasks_ipy/panel/static/model/tasks/connection.js";

const KINDS = [["add", "default", 0, "default"]];
const wire = (key) => [key, 2, 0, "1, 2", -5000, 1000, null, 2000, "3"];

/** A model as anywidget hands it over, and a connection on it, with timers that the test advances. */
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
  const receive = (message) => handlers["msg:custom"]({ base: Date.now(), kinds: KINDS, ...message });
  const snapshotRequest = () => model.sent.filter(({ op }) => op === "open").at(-1).request;
  const load = (keys, seq) =>
    receive({ op: "snapshot", request: snapshotRequest(), seq, part: 0, parts: 1, rows: keys.map(wire) });
  t.after(() => connection.stop());
  return { connection, model, events, receive, load, handlers, wait: (ms) => t.mock.timers.tick(ms) };
}

const snapshotRequests = (model) => model.sent.filter(({ op }) => op === "open").length;

test("all rows are requested at once, and the saved ones shown until they arrive", (t) => {
  const { connection, model, load } = connected(t, { base: 999_000, kinds: KINDS, rows: [wire(8)], total: 1 });
  assert.equal(snapshotRequests(model), 1);
  assert.deepEqual(connection.store.keys(), [8]);
  load([7, 9], 3);
  assert.deepEqual(connection.store.keys(), [7, 9]);
  assert.ok(connection.loaded);
});

test("each gap in the sequence numbers requests a snapshot", (t) => {
  const { connection, model, receive, load } = connected(t);
  load([1], 1);
  receive({ op: "rows", seq: 2, new: [wire(2)] });
  assert.equal(snapshotRequests(model), 1);
  receive({ op: "rows", seq: 4, new: [wire(4)] });
  assert.equal(snapshotRequests(model), 2);
  load([1, 2, 3, 4], 4);
  assert.deepEqual(connection.store.keys(), [1, 2, 3, 4]);
});

test("a beat of a later sequence number requests a snapshot", (t) => {
  const { model, receive, load } = connected(t);
  load([1], 1);
  receive({ op: "beat", seq: 1, at: Date.now() });
  assert.equal(snapshotRequests(model), 1);
  receive({ op: "beat", seq: 2, at: Date.now() });
  assert.equal(snapshotRequests(model), 2);
});

test("a snapshot that another page requested is ignored", (t) => {
  const { connection, receive } = connected(t);
  receive({ op: "snapshot", request: "other-1", seq: 1, part: 0, parts: 1, rows: [wire(1)] });
  assert.equal(connection.store.rows.size, 0);
});

test("after 15 s without a message the kernel is disconnected, until the next message", (t) => {
  const { connection, events, receive, load, wait } = connected(t);
  load([1], 1);
  for (let beat = 0; beat < 5; beat++) {
    wait(5000);
    receive({ op: "beat", seq: 1, at: Date.now() });
  }
  assert.equal(connection.health, "connected");
  for (let second = 0; second < 14; second++) wait(1000);
  assert.equal(connection.health, "connected");
  wait(1000);
  wait(1000);
  assert.equal(connection.health, "disconnected");
  const then = connection.now();
  wait(1000);
  assert.equal(connection.now(), then);

  receive({ op: "beat", seq: 1, at: Date.now() });
  assert.equal(connection.health, "connected");
  assert.equal(events.filter(({ type }) => type === "health").length, 3);
});

test("a page that was suspended waits for a message before it disconnects", (t) => {
  const { connection, load } = connected(t);
  load([1], 1);
  t.mock.timers.setTime(1_000_000 + 3_600_000);
  connection.checkTimeout();
  assert.equal(connection.health, "connected");
});

test("a closed comm disconnects at once, rejects pending requests, and sends no more", async (t) => {
  const { connection, model, load, handlers } = connected(t);
  load([1], 1);
  const pending = connection.request("detail", { key: 1 });
  handlers.comm_live_update();
  assert.equal(connection.health, "disconnected");
  await assert.rejects(pending, /disconnected before it answered/);
  const before = model.sent.length;
  await assert.rejects(connection.request("detail", { key: 1 }), /run %tasks again/);
  assert.equal(model.sent.length, before);
});

test("a front end that refuses to send is a disconnect, not an error", async (t) => {
  const { connection, model, load } = connected(t);
  load([1], 1);
  model.send = () => {
    throw new Error("Cannot send");
  };
  await assert.rejects(connection.request("clear"));
  assert.equal(connection.health, "disconnected");
});

test("an answer resolves its request, in one message or in parts", async (t) => {
  const { connection, model, receive, load } = connected(t);
  load([1], 1);
  const detail = connection.request("detail", { key: 1 });
  const progress = [];
  const file = connection.request("export", { format: "csv", keys: null }, (done, total) => progress.push([done, total]));
  const refused = connection.request("cancel", { key: 1 });
  const [first, second, third] = model.sent.slice(-3).map(({ request }) => request);
  receive({ op: "answer", request: "other-7", ok: true });
  receive({ op: "answer", request: second, ok: true, part: 0, more: true, done: 1, total: 2, text: "a,b\n" });
  receive({ op: "answer", request: first, ok: true, detail: { call: "add(1, 2)" } });
  receive({ op: "answer", request: second, ok: true, part: 1, text: "1,2\n", file: "t.csv" });
  receive({ op: "answer", request: third, ok: false, say: "use the stop button" });
  assert.equal((await detail).detail.call, "add(1, 2)");
  assert.equal((await file).text, "a,b\n1,2\n");
  assert.deepEqual(progress, [[0, 0], [1, 2]]);
  await assert.rejects(refused, /use the stop button/);
});

test("a request that is given up stops the kernel, and ends without an answer", async (t) => {
  const { connection, model, load } = connected(t);
  load([1], 1);
  const file = connection.request("export", { format: "csv", keys: null });
  const { request } = model.sent.at(-1);
  connection.stopRequest(request);
  assert.deepEqual(await file, { stopped: true });
  assert.equal(model.sent.at(-1).op, "stop");
  assert.equal(model.sent.at(-1).target, request);
  connection.stopRequest(request);
});

test("while paused rows are ignored, and resuming requests a snapshot", (t) => {
  const { connection, model, receive, load, wait } = connected(t);
  load([1], 1);
  connection.pause(true);
  receive({ op: "rows", seq: 2, new: [wire(2)] });
  receive({ op: "beat", seq: 5, at: Date.now() });
  const then = connection.now();
  wait(3000);
  assert.equal(connection.now(), then);
  assert.deepEqual(connection.store.keys(), [1]);
  assert.equal(snapshotRequests(model), 1);
  connection.pause(false);
  load([1, 2], 5);
  assert.deepEqual(connection.store.keys(), [1, 2]);
});

test("once changes pause the newest rows are in the widget's state", (t) => {
  const { model, receive, load, wait } = connected(t);
  load([1], 1);
  receive({ op: "rows", seq: 2, new: Array.from({ length: 600 }, (_, index) => wire(index + 2)) });
  wait(1000);
  assert.equal(model.state.snapshot.rows, undefined);
  wait(2000);
  assert.equal(model.state.snapshot.rows.length, 500);
  assert.equal(model.state.snapshot.rows[0][0], 601);
});

test("a message that can't be read is an error event, and the next one is read", (t) => {
  const { connection, events, receive, load } = connected(t);
  load([1], 1);
  receive({ op: "rows", seq: 2, new: 7 });
  assert.match(events.at(-1).message, /could not read a message/);
  receive({ op: "rows", seq: 3, new: [wire(2)] });
  assert.ok(connection.store.rows.has(2));
});

test("clocks that jump are followed, and a kernel's silence is noticed all the same", (t) => {
  const { connection, receive, load } = connected(t);
  load([1], 1);
  const kernelTime = Date.now();
  t.mock.timers.setTime(Date.now() + 86_400_000);
  for (let count = 0; count < 8; count++) receive({ op: "beat", seq: 1, at: kernelTime + count });
  assert.equal(connection.now(), kernelTime + 7);
  let time = kernelTime;
  t.mock.method(Date, "now", () => time);
  for (; time < kernelTime + 20_000; time += 1000) connection.checkTimeout();
  assert.equal(connection.health, "disconnected");
});

test("the kernel's clock is estimated from its messages", (t) => {
  const { connection, receive } = connected(t);
  receive({ op: "beat", seq: 0, at: Date.now() - 5000 });
  assert.equal(connection.now(), Date.now() - 5000);
});
