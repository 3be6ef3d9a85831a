// The rows with their order and relations, updated by the kernel's messages.

import { Order } from "./order.js";
import { Relations } from "./relations.js";
import { decodeChange, decodeRow, READY, RUNNING, SUCCESSFUL } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./rows.js").WireRow} WireRow */
/** @typedef {import("./rows.js").Kind} Kind */
/** @typedef {import("./relations.js").WireGroup} WireGroup */

/**
 * @typedef {object} RowsMessage
 * @property {number} seq
 * @property {number} base
 * @property {Kind[]} [kinds]
 * @property {string[]} [workers]
 * @property {WireGroup[]} [groups]
 * @property {WireRow[]} [new]
 * @property {WireRow[]} [changed]
 * @property {[number, number][]} [removed] ranges of keys, both ends included
 * @property {number} [left] rows that the kernel has yet to send
 */

/**
 * @typedef {object} SnapshotMessage
 * @property {string} request
 * @property {number} seq
 * @property {number} part
 * @property {number} parts
 * @property {number} base
 * @property {Kind[]} kinds
 * @property {string[]} [workers]
 * @property {WireGroup[]} [groups]
 * @property {WireRow[]} rows
 */

/** Rows by key. Depends on neither DOM nor clock, so that tests can replay any sequence of messages. */
export class Store {
  constructor() {
    /** @type {Map<number, Row>} */
    this.rows = new Map();
    this.relations = new Relations(this.rows);
    /** The sequence number of the last message; null before the first. */
    this.seq = /** @type {number | null} */ (null);
    /** Incremented with every change. */
    this.version = 0;
    /** How many rows have been removed, ever. */
    this.removals = 0;
    /** Rows that the kernel has yet to send. */
    this.remaining = 0;
    /** @type {Set<(keys: number[]) => void>} called with the keys of rows that are new, changed or gone */
    this.observers = new Set();
    this.order = new Order(
      (key) => this.rows.has(key),
      (key) => key,
    );
    this.tops = new Order(
      (id) => this.isTop(id),
      (id) => this.arrival(id),
    );
    /** The relations' version that `tops` reflects. */
    this.topsVersion = 0;
    /** @type {Set<number> | null} keys received since a snapshot began */
    this.snapshotKeys = null;
    this.nextPart = 0;
  }

  /** How many tasks are shown of each status. */
  get counts() {
    return this.relations.counts;
  }

  /** How many tasks there are; several runs of one are one. */
  get size() {
    return this.relations.shown.size;
  }

  /**
   * The keys in order of arrival, oldest first; callers must not modify the array.
   *
   * @returns {number[]}
   */
  keys() {
    return this.order.ids();
  }

  /**
   * The ids of what stands at the first level, batches and tasks, in order of arrival; callers must
   * not modify the array.
   *
   * @returns {number[]}
   */
  topIds() {
    const { relations } = this;
    if (this.topsVersion !== relations.version) {
      this.topsVersion = relations.version;
      this.tops.reset([...this.keys(), ...relations.groups.keys()].filter((id) => this.isTop(id)));
    }
    return this.tops.ids();
  }

  /** @param {number} id */
  isTop(id) {
    const { relations } = this;
    if (id < 0) return relations.groups.has(id);
    const row = this.rows.get(id);
    return row !== undefined && relations.shown.has(id) && relations.placeOf(row) === 0;
  }

  /**
   * A number to order batches and tasks by. A task's newest run counts, a batch's first item.
   *
   * @param {number} id
   */
  arrival(id) {
    return id < 0 ? (this.relations.groups.get(id)?.first ?? Infinity) : id;
  }

  /**
   * Apply a message of rows.
   *
   * @param {RowsMessage} message
   * @returns {{ complete: boolean, finished: Row[] }} `complete` is false if a message was
   *   missed before this one; `finished` are the rows that this message finished
   */
  applyRows(message) {
    const complete = this.seq === null || message.seq === this.seq + 1;
    this.seq = message.seq;
    this.remaining = message.left ?? 0;
    this.relations.putGroups(message.groups ?? []);
    /** @type {Row[]} */
    const finished = [];
    /** @type {number[]} */
    const touched = [];
    for (const wire of message.new ?? []) {
      const row = this.put(wire, message);
      touched.push(row.key);
      if (row.status >= SUCCESSFUL) finished.push(row);
    }
    for (const wire of message.changed ?? []) {
      const row = this.rows.get(Number(wire[0]));
      if (row === undefined) continue;
      const before = row.status;
      decodeChange(row, wire, message);
      this.relations.changed(row, before);
      touched.push(row.key);
      if (row.status >= SUCCESSFUL && before < SUCCESSFUL) finished.push(row);
    }
    for (const [first, last] of message.removed ?? []) {
      for (let key = first; key <= last; key++) if (this.remove(key)) touched.push(key);
    }
    this.noteChange(touched);
    return { complete, finished };
  }

  /**
   * Apply one part of a snapshot; after the last part, rows that were in none are removed.
   *
   * @param {SnapshotMessage} message
   * @returns {"more" | "done" | "broken"} "broken" if a part is missing
   */
  applySnapshot(message) {
    if (message.part === 0) {
      this.snapshotKeys = new Set();
      this.nextPart = 0;
    }
    if (this.snapshotKeys === null || message.part !== this.nextPart) return "broken";
    this.seq = message.seq;
    this.nextPart++;
    this.relations.putGroups(message.groups ?? []);
    const touched = message.rows.map((wire) => this.put(wire, message).key);
    const isLast = this.nextPart >= message.parts;
    if (isLast) {
      const gone = [...this.rows.keys()].filter((key) => !this.snapshotKeys?.has(key));
      for (const key of gone) this.remove(key);
      touched.push(...gone);
    }
    this.noteChange(touched);
    if (!isLast) return "more";
    this.snapshotKeys = null;
    return "done";
  }

  /** @param {number[]} keys of rows that are new, changed or gone */
  noteChange(keys) {
    this.version++;
    for (const observer of this.observers) observer(keys);
  }

  /** True between the first and the last part of a snapshot. */
  get loading() {
    return this.snapshotKeys !== null;
  }

  /**
   * @param {WireRow} wire
   * @param {import("./rows.js").Tables} tables
   * @returns {Row}
   */
  put(wire, tables) {
    const row = decodeRow(wire, tables);
    this.snapshotKeys?.add(row.key);
    const known = this.rows.get(row.key);
    if (known !== undefined) {
      const { status, group, parent } = known;
      Object.assign(known, row, { group: row.group ?? group, parent: row.parent ?? parent });
      this.relations.changed(known, status);
      return known;
    }
    this.rows.set(row.key, row);
    this.relations.add(row);
    this.order.add(row.key);
    if (row.group === null && row.parent === null) this.tops.add(row.key);
    return row;
  }

  /**
   * @param {number} key
   * @returns {boolean} whether there was such a row
   */
  remove(key) {
    const row = this.rows.get(key);
    if (row === undefined) return false;
    if (this.isTop(key)) this.tops.removed++;
    this.rows.delete(key);
    this.relations.remove(row);
    this.removals++;
    this.order.removed++;
    return true;
  }

  /** Are some tasks ready or running? */
  get hasUnfinished() {
    return (this.counts[READY] ?? 0) + (this.counts[RUNNING] ?? 0) > 0;
  }
}
