// Elements of a virtual list, recycled as rows scroll in and out of view.

import { arrange } from "./elements.js";

/** @typedef {{ key: number, element: HTMLElement }} PooledRow `key` is the id of what it shows */

/**
 * Draws a slice of rows with as few elements as possible. The focused element is kept, even
 * outside the slice, as long as its row exists.
 *
 * @template {PooledRow} R
 */
export class RowPool {
  /**
   * @param {HTMLElement} body
   * @param {(key: number) => R} create makes an element for keys of the same sign
   */
  constructor(body, create) {
    this.body = body;
    this.create = create;
    /** @type {Map<number, R>} the rows in the DOM, by key */
    this.drawn = new Map();
    /** @type {[R[], R[]]} rows without a key, for reuse: for keys above 0, and below */
    this.pools = [[], []];
  }

  /**
   * The pooled row that contains an element.
   *
   * @param {Element | null} element
   * @returns {R | undefined}
   */
  rowAt(element) {
    if (element === null || !this.body.contains(element)) return undefined;
    for (const row of this.drawn.values()) if (row.element.contains(element)) return row;
    return undefined;
  }

  /**
   * Draw these rows, and no others.
   *
   * @param {number[]} keys
   * @param {(row: R, key: number, offset: number) => void} draw draws the row `keys[offset]`
   * @param {(key: number) => boolean} exists whether a row outside the slice still exists
   */
  draw(keys, draw, exists) {
    const active = document.activeElement;
    const focused = this.rowAt(active);
    const visible = new Set(keys);
    for (const [key, row] of this.drawn) {
      if (visible.has(key) || row === focused) continue;
      this.drawn.delete(key);
      this.pools[key < 0 ? 1 : 0].push(row);
    }
    const elements = keys.map((key, offset) => {
      const row = this.drawn.get(key) ?? this.pools[key < 0 ? 1 : 0].pop() ?? this.create(key);
      this.drawn.set(key, row);
      draw(row, key, offset);
      return row.element;
    });
    if (focused && !visible.has(focused.key)) {
      if (exists(focused.key)) elements.push(focused.element);
      else this.drawn.delete(focused.key);
    }
    arrange(this.body, elements);
    if (focused && document.activeElement !== active && focused.element.isConnected) {
      const target = active?.isConnected ? /** @type {HTMLElement} */ (active) : focused.element;
      target.focus({ preventScroll: true });
    }
  }

  /** @param {number} key */
  focus(key) {
    this.drawn.get(key)?.element.focus({ preventScroll: true });
  }
}
