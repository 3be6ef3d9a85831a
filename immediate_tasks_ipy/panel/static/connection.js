// The line to the kernel: one per panel, shared by its views.

import { encodeRows, decodeRow } from "./rows.js";
import { Store } from "./store.js";

/** Milliseconds without a word from the kernel, which beats every 5 s, until it counts as lost. */
const SILENCE = 15_000;
/** Milliseconds of quiet after which the newest rows are put where a notebook saves them. */
const QUIET = 2_000;
const SAVED_ROWS = 500;

/**
 * @typedef {object} Model what anywidget hands over
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {(content: any) => unknown} send
 * @property {(name: string, callback: (...args: any[]) => void) => void} on
 * @property {(name: string, callback?: ((...args: any[]) => void) | null) => void} off
 */
/** @typedef {Record<string, any>} Answer */
/** @typedef {"waiting" | "live" | "lost"} Health */
/** @typedef {{ resolve: (answer: Answer) => void, reject: (error: Error) => void, text: string[] }} Pending */
/** @typedef {(event: { type: "rows" | "health" | "error", ended?: import("./rows.js").Row[], say?: string }) => void} Listener */

export class Connection {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.store = new Store();
    /** @type {Health} */
    this.health = "waiting";
    /** When the kernel was last heard, by this machine's clock. */
    this.heard = Date.now();
    /** When the kernel last spoke or, if it never did, when its rows were saved. */
    this.asOf = /** @type {number | null} */ (null);
    /** When the rows last changed, by the kernel's clock. */
    this.updated = /** @type {number | null} */ (null);
    /** When updates were paused, by the kernel's clock. */
    this.paused = /** @type {number | null} */ (null);
    this.loaded = false;
    /** @type {Set<Listener>} */
    this.listeners = new Set();
    /** @type {Map<string, Pending>} */
    this.pending = new Map();
    /** The snapshot that was asked for. */
    this.opening = /** @type {string | null} */ (null);
    /** How far this machine's clock is ahead of the kernel's, as far as the network tells. */
    this.skew = /** @type {number | null} */ (null);
    this.checked = Date.now();
    this.saving = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
    this.name = Math.random().toString(36).slice(2, 10);
    this.asked = 0;
  }

  /** Begin with the rows that were saved, and ask for all. */
  start() {
    this.restore(this.model.get("snapshot"));
    this.model.on("msg:custom", (/** @type {any} */ content) => this.receive(content));
    this.model.on("comm_live_update", () => this.doubt());
    this.clock = setInterval(() => this.check(), 1000);
    this.open();
  }

  /** End for good, when the model is gone. */
  stop() {
    clearInterval(this.clock);
    clearTimeout(this.saving);
    this.model.off("msg:custom");
    this.model.off("comm_live_update");
    this.lose();
  }

  /**
   * @param {Listener} listener
   * @returns {() => void} to listen no more
   */
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The time by the kernel's clock; it stands still while paused, and while nothing is heard. */
  now() {
    if (this.paused !== null) return this.paused;
    if (this.health !== "live" && this.asOf !== null) return this.asOf - (this.skew ?? 0);
    return Date.now() - (this.skew ?? 0);
  }

  /**
   * Ask the kernel for something.
   *
   * @param {string} op
   * @param {Record<string, unknown>} [fields]
   * @returns {Promise<Answer>} rejected with the reason when it was not done
   */
  ask(op, fields = {}) {
    if (this.health === "lost")
      return Promise.reject(new Error("The kernel is disconnected: run %tasks again."));
    const request = this.nextRequest();
    return new Promise((resolve, reject) => {
      this.pending.set(request, { resolve, reject, text: [] });
      if (!this.post({ op, request, ...fields })) this.lose();
    });
  }

  /**
   * Send, if there is a way to.
   *
   * @param {object} content
   * @returns {boolean}
   */
  post(content) {
    try {
      // A front end may throw, or hand back a promise, when its kernel is gone.
      const sent = /** @type {unknown} */ (this.model.send(content));
      if (sent instanceof Promise) sent.catch(() => this.lose());
      return true;
    } catch {
      return false;
    }
  }

  /** @param {boolean} on */
  pause(on) {
    this.paused = on ? this.now() : null;
    if (!on) this.open();
    this.tell({ type: "rows" });
  }

  /** Ask for a snapshot. */
  open() {
    this.opening = this.nextRequest();
    this.post({ op: "open", request: this.opening });
  }

  nextRequest() {
    return `${this.name}-${++this.asked}`;
  }

  /** @param {any} message */
  receive(message) {
    this.heard = Date.now();
    this.asOf = this.heard;
    if (this.health !== "live") {
      this.health = "live";
      this.tell({ type: "health" });
    }
    try {
      this.read(message);
    } catch (error) {
      this.tell({ type: "error", say: `The panel could not read a message of the kernel: ${error}` });
    }
  }

  /** @param {any} message */
  read(message) {
    const at = message.at ?? message.base;
    if (typeof at === "number" && message.op !== "answer") {
      const skew = Date.now() - at;
      this.skew = this.skew === null ? skew : Math.min(this.skew + 5, skew);
    }
    switch (message.op) {
      case "rows":
        this.readRows(message);
        break;
      case "snapshot":
        this.readSnapshot(message);
        break;
      case "beat":
        if (this.paused === null && !this.store.loading && this.loaded && message.seq !== this.store.seq)
          this.open();
        else if (this.store.loading) this.open();
        break;
      case "answer":
        this.settle(message);
        break;
    }
  }

  /** @param {import("./store.js").RowsMessage} message */
  readRows(message) {
    if (this.paused !== null) return;
    const { complete, ended } = this.store.applyRows(message);
    if (!complete) this.open();
    this.updated = message.base;
    this.tell({ type: "rows", ended: this.loaded ? ended : [] });
    this.save();
  }

  /** @param {import("./store.js").SnapshotMessage} message */
  readSnapshot(message) {
    if (message.request !== this.opening || this.paused !== null) return;
    const progress = this.store.applySnapshot(message);
    if (progress === "broken") this.open();
    if (progress === "done") this.loaded = true;
    this.updated = message.base;
    this.tell({ type: "rows", ended: [] });
    this.save();
  }

  /** @param {Answer} answer */
  settle(answer) {
    const pending = this.pending.get(answer.request);
    if (pending === undefined) return;
    if (answer.ok && answer.part !== undefined) {
      pending.text[answer.part] = answer.text;
      if (answer.part < answer.parts - 1) return;
      answer = { ...answer, text: pending.text.join("") };
    }
    this.pending.delete(answer.request);
    if (answer.ok) pending.resolve(answer);
    else pending.reject(new Error(answer.say));
  }

  /** Is the kernel still there? Late timers (a page that slept) are given time to hear it. */
  check() {
    const now = Date.now();
    if (now - this.checked > 4000) this.heard = Math.max(this.heard, now - SILENCE + 6000);
    this.checked = now;
    const silence = now - this.heard;
    if (this.health !== "lost" && silence > (this.health === "waiting" ? SILENCE / 2 : SILENCE)) this.lose();
  }

  /** The comm has come or gone, which of the two is not told: lost, until the kernel answers. */
  doubt() {
    if (this.health === "waiting") return;
    this.lose();
    this.open();
  }

  lose() {
    if (this.health === "lost") return;
    this.health = "lost";
    for (const { reject } of this.pending.values())
      reject(new Error("The kernel was disconnected before it answered."));
    this.pending.clear();
    this.tell({ type: "health" });
  }

  /** @param {Parameters<Listener>[0]} event */
  tell(event) {
    for (const listener of this.listeners) listener(event);
  }

  /** @param {any} saved */
  restore(saved) {
    if (!Array.isArray(saved?.rows)) return;
    for (const wire of saved.rows) {
      const row = decodeRow(wire, saved.base, saved.kinds ?? []);
      this.updated = Math.max(this.updated ?? 0, row.finished ?? row.started ?? row.enqueued ?? 0);
      this.store.put(wire, saved.base, saved.kinds ?? []);
    }
    this.asOf = this.updated;
    this.store.version++;
  }

  /** Keep the newest rows in the widget's state once all is quiet; nothing is sent for it. */
  save() {
    clearTimeout(this.saving);
    this.saving = setTimeout(() => {
      const keys = this.store.keys().slice(-SAVED_ROWS).reverse();
      const rows = keys.map((key) => /** @type {import("./rows.js").Row} */ (this.store.rows.get(key)));
      this.model.set("snapshot", encodeRows(rows, this.store.rows.size));
    }, QUIET);
  }
}
