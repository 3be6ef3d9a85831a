// Ids in an order that is kept as they come, mostly at the end, and go, mostly from the beginning.

/** Ids in order of their rank, sorted and cleared of removed ones only when they are read. */
export class Order {
  /**
   * @param {(id: number) => boolean} exists
   * @param {(id: number) => number} rank
   */
  constructor(exists, rank) {
    this.exists = exists;
    this.rank = rank;
    /** @type {number[]} */
    this.list = [];
    this.isSorted = true;
    /** How many of the list exist no more. */
    this.removed = 0;
  }

  /** @param {number} id that was not in the list before */
  add(id) {
    const last = this.list.at(-1);
    if (last !== undefined && (!this.exists(last) || this.rank(last) > this.rank(id))) this.isSorted = false;
    this.list.push(id);
  }

  /** @param {number[]} ids in any order */
  reset(ids) {
    this.list = ids;
    this.isSorted = false;
    this.removed = 0;
  }

  /** The ids in order; callers must not modify the array. */
  ids() {
    this.clearRemoved();
    if (!this.isSorted) this.list.sort((a, b) => this.rank(a) - this.rank(b));
    this.isSorted = true;
    return this.list;
  }

  clearRemoved() {
    if (this.removed === 0) return;
    this.list = without(this.list, this.removed, this.exists);
    this.removed = 0;
  }
}

/**
 * The ids that exist; quick if those that do not stand at one end, as what a history drops does.
 *
 * @param {number[]} ids
 * @param {number} count how many do not exist, at most
 * @param {(id: number) => boolean} exists
 * @returns {number[]} a new array
 */
export function without(ids, count, exists) {
  let first = 0;
  let end = ids.length;
  while (first < end && first < count && !exists(/** @type {number} */ (ids[first]))) first++;
  while (first < end && ids.length - end + first < count && !exists(/** @type {number} */ (ids[end - 1]))) end--;
  const rest = ids.slice(first, end);
  return ids.length - rest.length < count ? rest.filter(exists) : rest;
}
