// How rows belong together: items of a batch, children of a task, runs of one task.

import { CANCELLED, FAILED, READY, RUNNING, SUCCESSFUL } from "./rows.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {[id: number, label: string, size: number | null, ended: number]} WireGroup */

/**
 * A batch. Where lists hold ids of rows and of batches, a batch's id is the negative of its number.
 *
 * @typedef {object} Group
 * @property {number} id negative
 * @property {string} label
 * @property {number | null} size how many items there are; null if that is not known
 * @property {boolean} ended will no more items be enqueued?
 * @property {number[]} counts the shown items by status
 * @property {number[]} members the keys of the shown items, ascending once `membersOf` was asked
 * @property {boolean} isSorted
 * @property {number} removed how many of the members are no longer shown
 * @property {number} first the smallest key it ever had
 */

/**
 * Which rows are shown, and below what. Of the runs of one task only the newest is; it stands where
 * the first one stood.
 */
export class Relations {
  /** @param {Map<number, Row>} rows */
  constructor(rows) {
    this.rows = rows;
    /** How many rows are shown of each status. */
    this.counts = [0, 0, 0, 0, 0];
    /** @type {Map<number, Group>} by (negative) id */
    this.groups = new Map();
    /** @type {Map<number, number[]>} the keys of children by their parent's key */
    this.children = new Map();
    /** @type {Map<number, number[]>} all runs of a task that was run again, by the first one's key */
    this.runs = new Map();
    /** @type {Set<number>} the rows that stand for their task: no newer run does */
    this.shown = new Set();
    /** Incremented when a row may have got another place. */
    this.version = 0;
  }

  /** @param {WireGroup[]} wires */
  putGroups(wires) {
    for (const [number, label, size, ended] of wires) {
      const group = this.group(-number);
      group.label = label;
      group.size = size;
      group.ended = Boolean(ended);
    }
  }

  /** @param {number} id */
  group(id) {
    let group = this.groups.get(id);
    if (group === undefined) {
      group = {
        id,
        label: "",
        size: null,
        ended: true,
        counts: [0, 0, 0, 0, 0],
        members: [],
        isSorted: true,
        removed: 0,
        first: Infinity,
      };
      this.groups.set(id, group);
      this.version++;
    }
    return group;
  }

  /**
   * The id of the batch or task that a row stands below; 0 for none.
   *
   * @param {Row} row
   */
  placeOf(row) {
    if (row.group !== null) return -row.group;
    if (row.parent === null || !this.rows.has(row.parent)) return 0;
    return this.newest(row.parent);
  }

  /**
   * The run that is shown of a task.
   *
   * @param {number} key of any of its runs
   */
  newest(key) {
    return this.runsOf(key).at(-1) ?? key;
  }

  /**
   * All runs of a task, oldest first.
   *
   * @param {number} key of any of them
   * @returns {number[]}
   */
  runsOf(key) {
    return this.runs.get(this.rows.get(key)?.rerunOf ?? key) ?? [key];
  }

  /**
   * The shown tasks that a task or its earlier runs have enqueued, oldest first.
   *
   * @param {number} key
   * @returns {number[]}
   */
  childrenOf(key) {
    if (this.children.size === 0) return [];
    const found = this.runsOf(key).flatMap((run) => this.children.get(run) ?? []);
    return found.filter((child) => this.shown.has(child)).sort((a, b) => a - b);
  }

  /**
   * The shown items of a batch, oldest first; callers must not modify the array.
   *
   * @param {Group} group
   */
  membersOf(group) {
    const { members } = group;
    if (group.isSorted && group.removed > 0) {
      // The history drops its oldest tasks first.
      let gone = 0;
      while (gone < group.removed && !this.isMember(members[gone] ?? 0, group)) gone++;
      if (gone === group.removed) members.splice(0, gone);
      else group.isSorted = false;
    }
    if (!group.isSorted) {
      group.members = [...new Set(members)].filter((key) => this.isMember(key, group));
      group.members.sort((a, b) => this.firstRun(a) - this.firstRun(b));
      group.isSorted = true;
    }
    group.removed = 0;
    return group.members;
  }

  /**
   * @param {number} key
   * @param {Group} group
   */
  isMember(key, group) {
    return this.shown.has(key) && this.rows.get(key)?.group === -group.id;
  }

  /** @param {number} key */
  firstRun(key) {
    return this.rows.get(key)?.rerunOf ?? key;
  }

  /** @param {Row} row that is in `rows` from now on */
  add(row) {
    const runs = this.addRun(row);
    if (row.parent !== null) {
      append(this.children, row.parent, row.key);
      // It stands at the first level until its parent is there.
      if (!this.rows.has(row.parent)) this.version++;
    }
    if (this.children.has(row.key)) this.version++;
    if (runs === null) {
      this.show(row);
      return;
    }
    this.version++;
    for (const key of runs) this.hide(/** @type {Row} */ (this.rows.get(key)));
    this.show(/** @type {Row} */ (this.rows.get(/** @type {number} */ (runs.at(-1)))));
  }

  /**
   * Note a run beside the others of its task. All of them stand where the first one stood.
   *
   * @param {Row} row
   * @returns {number[] | null} all runs, oldest first; null if there is only this one
   */
  addRun(row) {
    const root = row.rerunOf ?? row.key;
    if (row.rerunOf === null && !this.runs.has(root)) return null;
    if (!this.runs.has(root) && this.rows.has(root)) append(this.runs, root, root);
    append(this.runs, root, row.key);
    const runs = /** @type {number[]} */ (this.runs.get(root)).sort((a, b) => a - b);
    const first = this.rows.get(root);
    for (const key of first === undefined ? [] : runs) {
      const run = /** @type {Row} */ (this.rows.get(key));
      this.hide(run);
      run.group ??= first?.group ?? null;
      run.parent ??= first?.parent ?? null;
    }
    return runs;
  }

  /** @param {Row} row that stands for its task from now on */
  show(row) {
    if (this.shown.has(row.key)) return;
    this.shown.add(row.key);
    this.count(row, 1);
    if (row.group === null) return;
    const group = this.group(-row.group);
    const last = group.members.at(-1);
    if (row.rerunOf !== null || (last !== undefined && last > row.key)) group.isSorted = false;
    group.members.push(row.key);
    const first = this.firstRun(row.key);
    if (first >= group.first) return;
    group.first = first;
    this.version++;
  }

  /** @param {Row} row */
  hide(row) {
    if (!this.shown.delete(row.key)) return;
    this.count(row, -1);
    if (row.group !== null) this.group(-row.group).removed++;
  }

  /** @param {Row} row that is no longer in `rows` */
  remove(row) {
    this.hide(row);
    if (row.parent !== null) withdraw(this.children, row.parent, row.key);
    if (this.children.has(row.key)) this.version++;
    if (row.group !== null && this.group(-row.group).counts.every((count) => count === 0)) {
      this.groups.delete(-row.group);
      this.version++;
    }
    const root = row.rerunOf ?? row.key;
    if (!this.runs.has(root)) return;
    withdraw(this.runs, root, row.key);
    this.version++;
    const newest = this.rows.get(this.runs.get(root)?.at(-1) ?? 0);
    if (newest) this.show(newest);
  }

  /**
   * Count a shown row in or out.
   *
   * @param {Row} row
   * @param {1 | -1} by
   * @param {number} [status]
   */
  count(row, by, status = row.status) {
    this.counts[status] = (this.counts[status] ?? 0) + by;
    if (row.group === null) return;
    const { counts } = this.group(-row.group);
    counts[status] = (counts[status] ?? 0) + by;
  }

  /**
   * @param {Row} row
   * @param {number} before the status it had
   */
  changed(row, before) {
    if (!this.shown.has(row.key) || before === row.status) return;
    this.count(row, -1, before);
    this.count(row, 1);
  }
}

/**
 * The status of a batch: the first that applies of running, failed, cancelled, successful.
 *
 * @param {Group} group
 */
export function groupStatus({ counts, ended }) {
  if (!ended || counts[READY] || counts[RUNNING]) return counts[RUNNING] || !ended ? RUNNING : READY;
  if (counts[FAILED]) return FAILED;
  return counts[CANCELLED] && !counts[SUCCESSFUL] ? CANCELLED : SUCCESSFUL;
}

/**
 * @param {Map<number, number[]>} map
 * @param {number} id
 * @param {number} key
 */
function append(map, id, key) {
  const keys = map.get(id);
  if (keys === undefined) map.set(id, [key]);
  else keys.push(key);
}

/**
 * @param {Map<number, number[]>} map
 * @param {number} id
 * @param {number} key
 */
function withdraw(map, id, key) {
  const keys = (map.get(id) ?? []).filter((each) => each !== key);
  if (keys.length > 0) map.set(id, keys);
  else map.delete(id);
}
