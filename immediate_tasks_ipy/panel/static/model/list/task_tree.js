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

/** @typedef {{ get(id: number): Place | undefined }} Places where the ids of a list stand */

/** Items up to which a batch with failures opens by itself. */
const FEW = 12;

/**
 * The ids of what is listed, in order, with their places.
 *
 * @typedef {object} Listing
 * @property {number[]} ids
 * @property {Places | null} places null if all stand at the first level
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
    /** @type {Map<number, number[]>} what is listed below an id, until the next list */
    this.listedBelow = new Map();
    /** Incremented with every choice. */
    this.version = 0;
  }

  /** @param {Set<number> | null} matches */
  setMatches(matches) {
    this.matches = matches;
    this.below.clear();
    this.listedBelow.clear();
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
    if (this.matches === null) return id < 0 ? relations.membersOf(relations.group(id)) : relations.childrenOf(id);
    let listed = this.listedBelow.get(id);
    if (listed === undefined) {
      const ids = id < 0 ? relations.membersOf(relations.group(id)) : relations.childrenOf(id);
      listed = ids.filter((child) => this.isListed(child));
      this.listedBelow.set(id, listed);
    }
    return listed;
  }

  /**
   * The batch or task that an id stands below; 0 for none.
   *
   * @param {number} id
   */
  parentOf(id) {
    const row = this.store.rows.get(id);
    return row === undefined ? 0 : this.store.relations.placeOf(row);
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
    const places = new LevelPlaces((id) => this.parentOf(id));
    /** @type {number[]} */
    const ids = [];
    this.addLevel({ ids, places }, 0, tops, 1, sort);
    return { ids, places };
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
   * @param {{ ids: number[], places: LevelPlaces }} listing
   * @param {number} parent 0 for the first level
   * @param {number[]} ids
   * @param {number} level
   * @param {SortLevel | null} sort
   */
  addLevel(listing, parent, ids, level, sort) {
    listing.places.add(parent, ids, level);
    for (const id of ids) {
      listing.ids.push(id);
      if (!this.mayOpen(id)) continue;
      const children = this.childrenOf(id);
      if (children.length === 0) continue;
      this.addLevel(listing, id, this.arranged(id, children, sort), level + 1, sort);
    }
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
    const { relations, rows } = this.store;
    let raised = this.raised.get(id);
    if (raised === undefined || !this.holdsStill) {
      const hasFailed = (relations.group(id).counts[FAILED] ?? 0) > 0;
      raised = new Set(hasFailed ? children.filter((key) => rows.get(key)?.status === FAILED) : []);
      this.raised.set(id, raised);
    }
    if (raised.size === 0) return children;
    /** @type {number[]} */
    const first = [];
    /** @type {number[]} */
    const others = [];
    for (const key of children) (raised.has(key) ? first : others).push(key);
    return first.concat(others);
  }
}

/** The places of a tree's ids by the levels they are in; each is looked up only once it is asked for. */
class LevelPlaces {
  /** @param {(id: number) => number} parentOf */
  constructor(parentOf) {
    this.parentOf = parentOf;
    /** @type {Map<number, { ids: number[], level: number }>} what stands below an id, 0 for the first level */
    this.levels = new Map();
    /** @type {Map<number, Place>} */
    this.known = new Map();
  }

  /**
   * @param {number} parent
   * @param {number[]} ids
   * @param {number} level
   */
  add(parent, ids, level) {
    this.levels.set(parent, { ids, level });
  }

  /**
   * @param {number} id
   * @returns {Place | undefined}
   */
  get(id) {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const found = this.levels.get(this.parentOf(id));
    if (found === undefined) return undefined;
    const place = { level: found.level, position: found.ids.indexOf(id) + 1, siblings: found.ids.length };
    this.known.set(id, place);
    return place;
  }
}
