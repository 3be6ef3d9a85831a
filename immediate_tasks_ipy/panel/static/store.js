// What the browser knows: the rows, their order and their counts, kept by the kernel's messages.

import { decodeChange, decodeRow, FAILED, SUCCESSFUL } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./rows.js").WireRow} WireRow */
/** @typedef {import("./rows.js").Kind} Kind */

/**
 * @typedef {object} RowsMessage
 * @property {number} seq
 * @property {number} base
 * @property {Kind[]} [kinds]
 * @property {WireRow[]} [new]
 * @property {WireRow[]} [changed]
 * @property {[number, number][]} [removed] ranges of keys, both ends included
 * @property {number} [left] rows that the kernel has still to send
 */

/**
 * @typedef {object} SnapshotMessage
 * @property {string} request
 * @property {number} seq
 * @property {number} part
 * @property {number} parts
 * @property {number} base
 * @property {Kind[]} kinds
 * @property {WireRow[]} rows
 */

/** The rows by key; no DOM, no clock, so that a test can play any history to it. */
export class Store {
  constructor() {
    /** @type {Map<number, Row>} */
    this.rows = new Map();
    /** How many rows there are of each status. */
    this.counts = [0, 0, 0, 0];
    /** The number of the last message; null until there was one. */
    this.seq = /** @type {number | null} */ (null);
    /** Grows with every change. */
    this.version = 0;
    /** Rows that the kernel has announced and not sent. */
    this.left = 0;
    /** @type {number[]} */
    this.order = [];
    this.ordered = true;
    this.thinned = false;
    /** @type {Set<number> | null} keys seen since a snapshot began */
    this.seen = null;
    this.nextPart = 0;
  }

  /**
   * The keys in order of arrival, oldest first; not to be changed.
   *
   * @returns {number[]}
   */
  keys() {
    if (this.thinned) {
      this.order = this.order.filter((key) => this.rows.has(key));
      this.thinned = false;
    }
    if (!this.ordered) {
      this.order.sort((a, b) => a - b);
      this.ordered = true;
    }
    return this.order;
  }

  /**
   * Apply a message of rows.
   *
   * @param {RowsMessage} message
   * @returns {{ complete: boolean, ended: Row[] }} `complete` is false if a message was
   *   missed before this one; `ended` are the rows that have finished by it
   */
  applyRows(message) {
    const complete = this.seq === null || message.seq === this.seq + 1;
    this.seq = message.seq;
    this.left = message.left ?? 0;
    /** @type {Row[]} */
    const ended = [];
    for (const wire of message.new ?? []) {
      const row = this.put(wire, message.base, message.kinds ?? []);
      if (row.status >= SUCCESSFUL) ended.push(row);
    }
    for (const wire of message.changed ?? []) {
      const row = this.rows.get(Number(wire[0]));
      if (row === undefined) continue;
      const before = row.status;
      decodeChange(row, wire);
      this.count(before, -1);
      this.count(row.status, 1);
      if (row.status >= SUCCESSFUL && before < SUCCESSFUL) ended.push(row);
    }
    for (const [first, last] of message.removed ?? []) {
      for (let key = first; key <= last; key++) this.remove(key);
    }
    this.version++;
    return { complete, ended };
  }

  /**
   * Apply one part of a snapshot; rows that no part holds are gone after the last.
   *
   * @param {SnapshotMessage} message
   * @returns {"more" | "done" | "broken"} broken if a part is missing
   */
  applySnapshot(message) {
    if (message.part === 0) {
      this.seen = new Set();
      this.nextPart = 0;
    }
    if (this.seen === null || message.part !== this.nextPart) return "broken";
    this.seq = message.seq;
    this.nextPart++;
    for (const wire of message.rows) this.put(wire, message.base, message.kinds);
    this.version++;
    if (this.nextPart < message.parts) return "more";
    for (const key of [...this.rows.keys()]) if (!this.seen.has(key)) this.remove(key);
    this.seen = null;
    return "done";
  }

  /** True between the first and the last part of a snapshot. */
  get loading() {
    return this.seen !== null;
  }

  /**
   * @param {WireRow} wire
   * @param {number} base
   * @param {Kind[]} kinds
   * @returns {Row}
   */
  put(wire, base, kinds) {
    const row = decodeRow(wire, base, kinds);
    const before = this.rows.get(row.key);
    if (before === undefined) {
      if (this.thinned) this.keys();
      const last = this.order.at(-1);
      if (last !== undefined && last > row.key) this.ordered = false;
      this.order.push(row.key);
    } else {
      this.count(before.status, -1);
    }
    this.rows.set(row.key, row);
    this.count(row.status, 1);
    this.seen?.add(row.key);
    return row;
  }

  /** @param {number} key */
  remove(key) {
    const row = this.rows.get(key);
    if (row === undefined) return;
    this.rows.delete(key);
    this.count(row.status, -1);
    this.thinned = true;
  }

  /**
   * @param {number} status
   * @param {number} by
   */
  count(status, by) {
    this.counts[status] = (this.counts[status] ?? 0) + by;
  }

  /** Are there tasks that wait or run? */
  get active() {
    return (this.counts[SUCCESSFUL] ?? 0) + (this.counts[FAILED] ?? 0) < this.rows.size;
  }
}
