// What the user chose to see (filters, sort order, view), and the list of rows that results.

import { without } from "../tasks/order.js";
import { FAILED } from "../tasks/rows.js";
import { extentOf } from "../time/time_span.js";
import { Matches } from "./matches.js";
import { NEWEST_FIRST, nextSort, OLDEST_FIRST, SortedIds, sortValue } from "./sorting.js";
import { TaskTree } from "./task_tree.js";
import { TopOrder } from "./top_order.js";

/** @typedef {import("../tasks/connection.js").Connection} Connection */
/** @typedef {import("./sorting.js").Column} Column */
/** @typedef {import("./sorting.js").Sort} Sort */
/** @typedef {import("../tasks/rows.js").Row} Row */
/** @typedef {"table" | "timeline" | "functions"} ViewName */

/**
 * @typedef {object} ListProps what table and timeline draw
 * @property {import("../tasks/store.js").Store} store
 * @property {TaskTree} tree
 * @property {number[]} ids of what is listed, in order: keys of tasks, and of batches
 * @property {import("./task_tree.js").Places | null} places
 * @property {number} now
 * @property {number | null} selectedKey
 * @property {import("./ticked.js").Ticked} ticked
 * @property {Sort} sort
 * @property {boolean} connected
 * @property {import("../time/time_span.js").Extent} extent of the timeline
 * @property {number} listing the number of this list: another one may hold other rows, or other states of them
 * @property {boolean} hideQueues whether every task has the default queue and priority
 */

/**
 * @typedef {object} ListEvents callbacks of table, timeline and summary
 * @property {(id: number) => void} select
 * @property {(id: number) => void} open
 * @property {(column: Column) => void} sort
 * @property {() => void} scroll
 * @property {(id: number) => void} toggleOpen
 * @property {(ids: number[], open: boolean) => void} setOpen
 * @property {(id: number, extend: boolean) => void} tick
 * @property {() => void} tickAll
 * @property {(group: number) => void} rerunGroup
 * @property {(group: number) => void} cancelGroup
 * @property {(group: number) => void} resumeGroup
 * @property {(name: string) => void} showFunction
 */

/** Milliseconds after the last keystroke until the kernel is asked to search as well. */
const SEARCH_DELAY = 250;
/** Characters of a query that are sent to the kernel. */
const LONGEST_QUERY = 200;
/** After an update that took `t` ms, row changes wait `t` times this before the next one. */
const UPDATE_BACKOFF = 8;
/** Milliseconds of a frame that are spent on looking for matches. */
const SEARCH_SLICE = 6;

export class ListState {
  /**
   * @param {Connection} connection
   * @param {() => void} onChange called when filter or order have changed
   */
  constructor(connection, onChange) {
    this.connection = connection;
    this.onChange = onChange;
    this.tree = new TaskTree(connection.store);
    /** @type {Set<number>} statuses to show; empty for all */
    this.statuses = new Set();
    this.query = "";
    /** The name of the search that the kernel carries out. */
    this.kernelSearch = /** @type {string | null} */ (null);
    /** @type {{ query: string, keys: Set<number> } | null} the kernel's answer to a search */
    this.kernelMatches = null;
    this.sort = NEWEST_FIRST;
    /** @type {ViewName} */
    this.view = "table";
    /** @type {number[]} the ids of what is listed, in order: keys of tasks, and of batches */
    this.ids = [];
    /** @type {import("./task_tree.js").Places | null} their places; null if all stand at the first level */
    this.places = null;
    /** @type {Matches | null} null if nothing is filtered out */
    this.matches = null;
    this.tops = new TopOrder(connection.store);
    /** @type {Map<number, SortedIds>} what stands below an open batch or task, sorted */
    this.sortedBelow = new Map();
    /** What `matches` was made for. */
    this.filterKey = "";
    /** The store version and the criteria that `ids` was computed for. */
    this.cacheKey = "";
    /** The store's removals that `ids` reflects. */
    this.removals = 0;
    /** How far the tasks of the timeline reach; of nothing in other views. */
    this.extent = extentOf(connection.store.rows, []);
    /** How often `ids` was computed. */
    this.listing = 0;
    this.updatedAt = 0;
    /** Milliseconds that the last update took. */
    this.updateCost = 0;
    this.stopObserving = this.observe();
  }

  observe() {
    const { observers } = this.connection.store;
    const refresh = (/** @type {number[]} */ keys) => {
      this.matches?.refresh(keys);
      this.tops.note(keys);
    };
    observers.add(refresh);
    return () => observers.delete(refresh);
  }

  /** Are some rows filtered out? */
  get isFiltered() {
    return this.statuses.size > 0 || this.query.trim() !== "";
  }

  /** How many tasks are listed or stand below what is listed. */
  get matchCount() {
    return this.matches?.keys.size ?? this.connection.store.size;
  }

  /** Are rows still being looked at for the present filter? */
  get isSearching() {
    return this.matches !== null && !this.matches.isComplete;
  }

  /** The timeline is always in order of time. */
  get order() {
    return this.view === "table" ? this.sort : OLDEST_FIRST;
  }

  /** Have rows or criteria changed since `ids` was computed? */
  get isStale() {
    return this.isSearching || this.cacheKey !== `${this.connection.store.version} ${this.criteria}`;
  }

  /** What decides about the matches, as a string to compare. */
  get filter() {
    const matches = this.currentMatches?.size ?? -1;
    return JSON.stringify([[...this.statuses], this.query, matches]);
  }

  /** Filter, order and what is open as a string, to compare. */
  get criteria() {
    const { tree } = this;
    return [JSON.stringify(this.order), this.filter, this.view, tree.version, tree.failuresFirst].join(" ");
  }

  /** The kernel's matches for the present query; null if it has not answered yet. */
  get currentMatches() {
    return this.kernelMatches?.query === this.query ? this.kernelMatches.keys : null;
  }

  /**
   * Recompute `ids` if they are stale. Changed criteria take effect at once; changed rows are
   * rate-limited by what an update costs, but for removed ones, of which nothing can be drawn.
   *
   * @param {number} now
   * @returns {boolean} whether `ids` has changed
   */
  update(now) {
    if (!this.isStale) return false;
    const began = performance.now();
    const isWaiting =
      this.cacheKey.endsWith(` ${this.criteria}`) && began - this.updatedAt < this.updateCost * UPDATE_BACKOFF;
    const { store } = this.connection;
    const wasSearching = this.isSearching;
    if (wasSearching || !isWaiting) this.updateMatches(began + SEARCH_SLICE);
    // What a search has found is listed with its first slice, now and then, and at its end.
    if (isWaiting && (this.isSearching || !wasSearching)) return this.dropRemoved();
    this.tree.setMatches(this.matches?.keys ?? null);
    const { ids, places } = this.view === "timeline" ? this.tree.allTasks() : this.listed(now);
    this.ids = ids;
    this.places = places;
    this.cacheKey = `${store.version} ${this.criteria}`;
    if (this.view === "timeline") this.extent = extentOf(store.rows, ids);
    this.removals = store.removals;
    this.listing++;
    this.updatedAt = performance.now();
    this.updateCost = this.updatedAt - began;
    return true;
  }

  /** @param {number} now */
  listed(now) {
    const { order, tree } = this;
    let tops = this.tops.ids(order, now);
    if (this.matches !== null) tops = tops.filter((id) => tree.isListed(id));
    if (order.column === "enqueued") {
      this.sortedBelow.clear();
      return tree.list(tops, null);
    }
    const value = sortValue(this.connection.store, order.column, now);
    return tree.list(tops, (ids, id) => {
      const sorted = this.sortedBelow.get(id) ?? new SortedIds();
      this.sortedBelow.set(id, sorted);
      return sorted.update(ids, value, order);
    });
  }

  /** @param {number} until by the clock of `performance.now()` */
  updateMatches(until) {
    const { filter } = this;
    if (filter !== this.filterKey) {
      this.filterKey = filter;
      const { query, statuses, currentMatches: found } = this;
      const criteria = { statuses: new Set(statuses), query, found };
      this.matches = this.isFiltered ? new Matches(this.connection.store, criteria) : null;
    }
    this.matches?.step(until);
  }

  /** Remove from `ids` what is no longer in the store; they stay stale. */
  dropRemoved() {
    const { relations, removals, rows } = this.connection.store;
    if (removals === this.removals) return false;
    const exists = (/** @type {number} */ id) => (id < 0 ? relations.groups.has(id) : rows.has(id));
    this.ids = without(this.ids, removals - this.removals, exists);
    this.removals = removals;
    return true;
  }

  /** @param {number} id */
  toggleOpen(id) {
    this.setOpen([id], !this.tree.isOpen(id));
  }

  /**
   * @param {number[]} ids
   * @param {boolean} open
   */
  setOpen(ids, open) {
    for (const id of ids) if (this.tree.isExpandable(id)) this.tree.choose(id, open);
  }

  /** @param {number} status */
  toggleStatus(status) {
    if (!this.statuses.delete(status)) this.statuses.add(status);
    this.onChange();
  }

  /** @param {Column} column */
  sortBy(column) {
    this.sort = nextSort(this.sort, column);
    this.onChange();
  }

  /**
   * Search the rows at once, and ask the kernel to search the values that rows show only in part.
   *
   * @param {string} query
   */
  search(query) {
    this.query = query;
    this.onChange();
    clearTimeout(this.searchTimer);
    if (this.kernelSearch !== null) this.connection.stopRequest(this.kernelSearch);
    this.kernelSearch = null;
    const text = query.trim().slice(0, LONGEST_QUERY);
    if (!text || text.startsWith("fn:") || this.connection.health === "disconnected") return;
    this.searchTimer = setTimeout(async () => {
      try {
        const sent = (/** @type {number} */ _done, /** @type {number} */ _total, /** @type {string} */ request) =>
          (this.kernelSearch = request);
        const { keys, stopped } = await this.connection.request("search", { text }, sent);
        if (stopped || query !== this.query) return;
        this.kernelMatches = { query, keys: new Set(keys) };
        this.onChange();
      } catch {
        // The rows themselves have been searched.
      }
    }, SEARCH_DELAY);
  }

  clear() {
    this.statuses.clear();
    this.search("");
  }
}

/**
 * How many of the tasks that are shown failed.
 *
 * @param {ListState} state
 */
export function failedCount({ connection, matches }) {
  return matches?.failed.size ?? connection.store.counts[FAILED] ?? 0;
}

/**
 * The failed tasks among those that are shown.
 *
 * @param {ListState} state
 * @returns {number[]}
 */
export function failedKeys({ connection, matches }) {
  const { relations, rows } = connection.store;
  if (matches !== null) return [...matches.failed];
  return [...relations.shown].filter((key) => rows.get(key)?.status === FAILED);
}
