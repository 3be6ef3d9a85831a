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
    const { list } = this;
    let gone = 0;
    while (gone < this.removed && gone < list.length && !this.exists(/** @type {number} */ (list[gone]))) gone++;
    list.splice(0, gone);
    if (gone < this.removed) this.list = list.filter(this.exists);
    this.removed = 0;
  }
}
