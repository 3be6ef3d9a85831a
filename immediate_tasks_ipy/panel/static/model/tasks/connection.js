// The connection to the kernel: one per panel, shared by its views.

import { LateStart } from "./late_start.js";
import { restoreRows, rowsToSave } from "./saved_rows.js";
import { Store } from "./store.js";

/** Milliseconds without a message after which the kernel counts as lost; it sends a beat every 5 s. */
const TIMEOUT = 15_000;
/** Milliseconds between two checks of the timeout. */
const CHECK_INTERVAL = 1000;
/** Milliseconds without a change after which the newest rows are stored in the widget's state. */
const SAVE_DELAY = 2_000;
/** Messages by which the kernel's clock is estimated. */
const SKEW_SAMPLES = 8;

/**
 * @typedef {object} Model the part of anywidget's model that is used
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {(content: any) => unknown} send
 * @property {(name: string, callback: (...args: any[]) => void) => void} on
 * @property {(name: string, callback?: ((...args: any[]) => void) | null) => void} off
 * @property {any} [widget_manager] the front end's own, where it has one
 */
/** @typedef {Record<string, any>} Answer */
/** @typedef {"connecting" | "connected" | "disconnected"} Health */
/** @typedef {(done: number, total: number, request: string) => void} OnProgress */
/**
 * @typedef {object} PendingRequest
 * @property {(answer: Answer) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {string[]} text the parts of an answer that comes in parts
 * @property {OnProgress} [onProgress]
 */
/** @typedef {import("./rows.js").Row} Row */
/** @typedef {{ type: "rows" | "health" | "error", finished?: Row[], message?: string }} ConnectionEvent */
/** @typedef {(event: ConnectionEvent) => void} Listener */

export class Connection {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.store = new Store();
    /** @type {Health} */
    this.health = "connecting";
    /** When the last message arrived, by this machine's clock. */
    this.lastMessageAt = Date.now();
    /** The time that the rows describe: of the last message or, before the first, of the saved rows. */
    this.asOf = /** @type {number | null} */ (null);
    /** When the rows last changed, by the kernel's clock. */
    this.updatedAt = /** @type {number | null} */ (null);
    /** When updates were paused, by the kernel's clock. */
    this.pausedAt = /** @type {number | null} */ (null);
    /** Has a complete snapshot arrived? */
    this.loaded = false;
    /** @type {Set<Listener>} */
    this.listeners = new Set();
    /** @type {Map<string, PendingRequest>} */
    this.pending = new Map();
    /** The id of the latest request for a snapshot. */
    this.snapshotRequest = /** @type {string | null} */ (null);
    /** Estimate of how far this machine's clock is ahead of the kernel's, in milliseconds. */
    this.clockSkew = /** @type {number | null} */ (null);
    this.skews = /** @type {number[]} */ ([]);
    this.lastCheckAt = Date.now();
    this.lateStart = new LateStart(model);
    this.saveTimer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
    this.name = Math.random().toString(36).slice(2, 10);
    this.requestCount = 0;
  }

  /** Restore the saved rows, and request all. */
  start() {
    this.restore(this.model.get("snapshot"));
    this.model.on("msg:custom", (/** @type {any} */ content) => this.receive(content));
    this.model.on("comm_live_update", () => this.suspectDisconnect());
    this.checkTimer = setInterval(() => this.checkTimeout(), CHECK_INTERVAL);
    this.requestSnapshot();
  }

  /** Release everything; the model is about to be destroyed. */
  stop() {
    clearInterval(this.checkTimer);
    clearTimeout(this.saveTimer);
    this.model.off("msg:custom");
    this.model.off("comm_live_update");
    this.disconnect();
  }

  /**
   * @param {Listener} listener
   * @returns {() => void} removes the listener
   */
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The time by the kernel's clock; it stands still while paused and while disconnected. */
  now() {
    if (this.pausedAt !== null) return this.pausedAt;
    const skew = this.clockSkew ?? 0;
    if (this.health !== "connected" && this.asOf !== null) return this.asOf - skew;
    return Date.now() - skew;
  }

  /**
   * Send a request to the kernel.
   *
   * @param {string} op
   * @param {Record<string, unknown>} [fields]
   * @param {OnProgress} [onProgress] called as the parts of a long answer arrive, and once before
   * @returns {Promise<Answer>} rejected with the kernel's reason if the request was refused
   */
  request(op, fields = {}, onProgress) {
    if (this.health === "disconnected")
      return Promise.reject(new Error("The kernel is disconnected: run %tasks again."));
    const request = this.nextRequestId();
    return new Promise((resolve, reject) => {
      this.pending.set(request, { resolve, reject, text: [], onProgress });
      onProgress?.(0, 0, request);
      if (!this.send({ op, request, ...fields })) this.disconnect();
    });
  }

  /**
   * Give up a request whose answer takes too long.
   *
   * @param {string} request
   */
  stopRequest(request) {
    const pending = this.pending.get(request);
    if (pending === undefined) return;
    this.pending.delete(request);
    void this.request("stop", { target: request }).catch(() => {});
    pending.resolve({ stopped: true });
  }

  /**
   * @param {object} content
   * @returns {boolean} whether the front end accepted the message
   */
  send(content) {
    try {
      // A front end may throw or return a rejected promise when its kernel is gone.
      const sent = /** @type {unknown} */ (this.model.send(content));
      if (sent instanceof Promise) sent.catch(() => this.disconnect());
      return true;
    } catch {
      return false;
    }
  }

  /** @param {boolean} on */
  pause(on) {
    this.pausedAt = on ? this.now() : null;
    if (!on) this.requestSnapshot();
    this.emit({ type: "rows" });
  }

  requestSnapshot() {
    this.snapshotRequest = this.nextRequestId();
    this.send({ op: "open", request: this.snapshotRequest });
  }

  nextRequestId() {
    return `${this.name}-${++this.requestCount}`;
  }

  /** @param {any} message */
  receive(message) {
    this.lastMessageAt = Date.now();
    this.asOf = this.lastMessageAt;
    if (this.health !== "connected") {
      this.health = "connected";
      this.emit({ type: "health" });
    }
    try {
      this.handle(message);
    } catch (error) {
      const text = `The panel could not read a message of the kernel: ${error}`;
      this.emit({ type: "error", message: text });
    }
  }

  /** @param {any} message */
  handle(message) {
    const at = message.at ?? message.base;
    if (typeof at === "number" && message.op !== "answer") {
      // By the quickest of the last messages: a clock that jumps is followed.
      this.skews = [...this.skews.slice(1 - SKEW_SAMPLES), Date.now() - at];
      this.clockSkew = Math.min(...this.skews);
    }
    switch (message.op) {
      case "rows":
        this.handleRows(message);
        break;
      case "snapshot":
        this.handleSnapshot(message);
        break;
      case "beat":
        this.handleBeat(message);
        break;
      case "answer":
        this.handleAnswer(message);
        break;
    }
  }

  /** @param {import("./store.js").RowsMessage} message */
  handleRows(message) {
    if (this.pausedAt !== null) return;
    const { complete, finished } = this.store.applyRows(message);
    if (!complete) this.requestSnapshot();
    this.updatedAt = message.base;
    this.emit({ type: "rows", finished: this.loaded ? finished : [] });
    this.scheduleSave();
  }

  /** @param {import("./store.js").SnapshotMessage} message */
  handleSnapshot(message) {
    if (message.request !== this.snapshotRequest || this.pausedAt !== null) return;
    const progress = this.store.applySnapshot(message);
    if (progress === "broken") this.requestSnapshot();
    if (progress === "done") this.loaded = true;
    this.updatedAt = message.base;
    this.emit({ type: "rows", finished: [] });
    this.scheduleSave();
  }

  /** @param {{ seq: number }} message sent while nothing changes */
  handleBeat({ seq }) {
    const { loading } = this.store;
    const missedRows = this.pausedAt === null && this.loaded && seq !== this.store.seq;
    if (loading || missedRows) this.requestSnapshot();
  }

  /** @param {Answer} answer */
  handleAnswer(answer) {
    const pending = this.pending.get(answer.request);
    if (pending === undefined) return;
    if (answer.ok && answer.part !== undefined) {
      pending.text[answer.part] = answer.text;
      if (answer.more) {
        pending.onProgress?.(answer.done, answer.total, answer.request);
        return;
      }
      answer = { ...answer, text: pending.text.join("") };
    }
    this.pending.delete(answer.request);
    if (answer.ok) pending.resolve(answer);
    else pending.reject(new Error(answer.say));
  }

  /** Disconnect after the timeout; a page whose timers were suspended waits 6 s for a message first. */
  checkTimeout() {
    const now = Date.now();
    this.lastMessageAt = Math.min(this.lastMessageAt, now);
    const suspended = now - this.lastCheckAt > 4000;
    if (suspended) this.lastMessageAt = Math.max(this.lastMessageAt, now - TIMEOUT + 6000);
    this.lastCheckAt = now;
    const silence = now - this.lastMessageAt;
    if (this.health === "connecting") void this.lateStart.check(silence, () => this.requestSnapshot());
    const limit = this.health === "connecting" ? TIMEOUT / 2 : TIMEOUT;
    if (this.health !== "disconnected" && silence > limit) this.disconnect();
  }

  /** The comm was opened or closed, the event does not say which: disconnect until the kernel answers. */
  suspectDisconnect() {
    if (this.health === "connecting") return;
    this.disconnect();
    this.requestSnapshot();
  }

  disconnect() {
    if (this.health === "disconnected") return;
    this.health = "disconnected";
    for (const { reject } of this.pending.values())
      reject(new Error("The kernel was disconnected before it answered."));
    this.pending.clear();
    this.emit({ type: "health" });
  }

  /** @param {ConnectionEvent} event */
  emit(event) {
    for (const listener of this.listeners) listener(event);
  }

  /** @param {any} saved the widget's `snapshot`, see `scheduleSave` */
  restore(saved) {
    this.updatedAt = restoreRows(this.store, saved);
    this.asOf = this.updatedAt;
  }

  /** Store the newest rows in the widget's state once changes pause; nothing is sent. */
  scheduleSave() {
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => this.model.set("snapshot", rowsToSave(this.store)), SAVE_DELAY);
  }
}
