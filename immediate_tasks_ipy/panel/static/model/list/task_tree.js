// The list as a tree: what stands below what, which batches and tasks are open, and in which order.

import { FAILED } from "../tasks/rows.js";

/** @typedef {import("../tasks/relations.js").Relations} Relations */
/** @typedef {import("../tasks/store.js").Store} Store */

/**
 * A line of the list. `position` and `siblings` count from 1, as `aria-posinset` does.
 *
 * @typedef {object} Place
 * @property {number} level 1 for what stands below nothing
 * @property {number} position
 * @property {number} siblings
 */

/** @typedef {(ids: number[], id: number) => number[]} SortLevel sorts what stands below an id */

/** Items up to which a batch with failures opens by itself. */
const FEW = 12;

/**
 * The ids of what is listed, in order, with their places.
 *
 * @typedef {object} Listing
 * @property {number[]} ids
 * @property {Map<number, Place> | null} places null if all stand at the first level
 */

export class TaskTree {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Map<number, boolean>} what the user opened and closed */
    this.choices = new Map();
    /** Are the failures of a batch listed before its other items? */
    this.failuresFirst = true;
    /** While true, an update moves no item of a batch: the pointer or the focus is among them. */
    this.holdsStill = false;
    /** @type {Map<number, Set<number>>} the failures that were listed first, by batch */
    this.raised = new Map();
    /** @type {Set<number> | null} the keys that match; null for all */
    this.matches = null;
    /** @type {Map<number, number>} how many matching tasks stand below an id, at any depth */
    this.below = new Map();
    /** Incremented with every choice. */
    this.version = 0;
  }

  /** @param {Set<number> | null} matches */
  setMatches(matches) {
    this.matches = matches;
    this.below.clear();
    const { relations, rows } = this.store;
    const isFlat = relations.groups.size === 0 && relations.children.size === 0;
    for (const key of isFlat ? [] : (matches ?? [])) {
      let row = rows.get(key);
      for (let depth = 0; row !== undefined && depth < 100; depth++) {
        const place = relations.placeOf(row);
        if (place === 0) break;
        this.below.set(place, (this.below.get(place) ?? 0) + 1);
        row = rows.get(place);
      }
    }
  }

  /** @param {number} id */
  isListed(id) {
    return this.matches === null || this.matches.has(id) || this.below.has(id);
  }

  /**
   * Is it listed only for what stands below it?
   *
   * @param {number} id
   */
  isDim(id) {
    return id > 0 && this.matches !== null && !this.matches.has(id);
  }

  /**
   * What stands directly below, and is listed; in order of arrival.
   *
   * @param {number} id
   * @returns {number[]}
   */
  childrenOf(id) {
    const { relations } = this.store;
    const ids = id < 0 ? relations.membersOf(relations.group(id)) : relations.childrenOf(id);
    return this.matches === null ? ids : ids.filter((child) => this.isListed(child));
  }

  /** @param {number} id */
  isExpandable(id) {
    return id < 0 || this.store.relations.childrenOf(id).length > 0;
  }

  /** @param {number} id */
  isOpen(id) {
    const chosen = this.choices.get(id);
    if (chosen !== undefined) return chosen;
    if (this.matches !== null) return this.below.has(id);
    if (id > 0) return false;
    const { counts, members } = this.store.relations.group(id);
    return (counts[FAILED] ?? 0) > 0 && members.length <= FEW;
  }

  /**
   * @param {number} id
   * @param {boolean} open
   */
  choose(id, open) {
    this.choices.set(id, open);
    this.raised.delete(id);
    this.version++;
  }

  /**
   * @param {number[]} tops the ids of the first level, filtered and sorted
   * @param {SortLevel | null} sort for the levels below; null for their own order
   * @returns {Listing}
   */
  list(tops, sort) {
    const canOpen = this.store.relations.groups.size > 0 || this.store.relations.children.size > 0;
    if (!canOpen || !tops.some((id) => this.mayOpen(id))) return { ids: tops, places: null };
    /** @type {Listing & { places: Map<number, Place> }} */
    const listing = { ids: [], places: new Map() };
    this.addLevel(listing, tops, 1, sort);
    return listing;
  }

  /**
   * All tasks that match, batches taken apart: in order of arrival, children below their parents.
   *
   * @returns {Listing}
   */
  allTasks() {
    const { relations, rows } = this.store;
    const listed = this.matches ?? relations.shown;
    const isListed = (/** @type {number} */ key) => listed.has(key);
    const all = this.store.keys();
    const keys = listed.size === all.length ? all.slice() : all.filter(isListed);
    if (relations.children.size === 0) return { ids: keys, places: null };
    /** @type {Listing & { places: Map<number, Place> }} */
    const listing = { ids: [], places: new Map() };
    const add = (/** @type {number} */ id, /** @type {number} */ level) => {
      listing.ids.push(id);
      listing.places.set(id, { level, position: listing.ids.length, siblings: keys.length });
      for (const child of relations.childrenOf(id)) if (isListed(child)) add(child, level + 1);
    };
    const parentOf = (/** @type {number} */ key) => {
      const parent = rows.get(key)?.parent ?? null;
      return parent === null || !rows.has(parent) ? 0 : relations.newest(parent);
    };
    for (const key of keys) if (!isListed(parentOf(key))) add(key, 1);
    return listing;
  }

  /** @param {number} id */
  mayOpen(id) {
    return (id < 0 || this.store.relations.children.size > 0) && this.isOpen(id);
  }

  /**
   * @param {Listing & { places: Map<number, Place> }} listing
   * @param {number[]} ids
   * @param {number} level
   * @param {SortLevel | null} sort
   */
  addLevel(listing, ids, level, sort) {
    ids.forEach((id, index) => {
      listing.ids.push(id);
      listing.places.set(id, { level, position: index + 1, siblings: ids.length });
      if (!this.mayOpen(id)) return;
      const children = this.childrenOf(id);
      if (children.length > 0) this.addLevel(listing, this.arranged(id, children, sort), level + 1, sort);
    });
  }

  /**
   * @param {number} id
   * @param {number[]} children
   * @param {SortLevel | null} sort
   * @returns {number[]}
   */
  arranged(id, children, sort) {
    if (sort) return sort(children, id);
    if (id > 0 || !this.failuresFirst) return children;
    const { rows } = this.store;
    let raised = this.raised.get(id);
    if (raised === undefined || !this.holdsStill) {
      raised = new Set(children.filter((key) => rows.get(key)?.status === FAILED));
      this.raised.set(id, raised);
    }
    if (raised.size === 0) return children;
    const first = raised;
    return [
      ...children.filter((key) => first.has(key)),
      ...children.filter((key) => !first.has(key)),
    ];
  }
}
