// A long list of which only what is in view is drawn.

import { heldScroll, movedIndex, scrollTo, visibleRange } from "./window.js";

/** A list of equally high rows that scrolls, stays put under change, and moves by keys. */
export class VirtualList {
  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} body
   * @param {number} rowHeight
   * @param {() => void} scrolled
   */
  constructor(scroller, body, rowHeight, scrolled) {
    this.scroller = scroller;
    this.body = body;
    this.rowHeight = rowHeight;
    /** @type {{ key: number, index: number } | null} the row that must not move */
    this.held = null;
    this.scrollTop = 0;
    this.laidHeight = 0;
    this.first = 0;
    this.end = 0;
    /** Does the list stay at its end when rows are added? */
    this.sticky = false;
    scroller.addEventListener(
      "scroll",
      () => {
        if (scroller.clientHeight > 0) this.scrollTop = scroller.scrollTop;
        scrolled();
      },
      { passive: true },
    );
  }

  /** Pixels in which rows are seen. */
  get height() {
    return Math.max(0, this.scroller.clientHeight - this.body.offsetTop);
  }

  /**
   * Lay the list out for these keys.
   *
   * @param {number[]} keys
   * @param {number | null} current
   */
  lay(keys, current) {
    const { scroller, rowHeight } = this;
    const height = this.height;
    if (height === 0) return;
    const index = height < this.laidHeight && current !== null ? keys.indexOf(current) : -1;
    const wasInView = index >= 0 && (index + 1) * rowHeight <= this.scrollTop + this.laidHeight;
    this.laidHeight = height;
    const atEnd = this.sticky && this.scrollTop + height >= this.body.offsetHeight - 1;
    const length = `${keys.length * rowHeight}px`;
    if (this.body.style.height !== length) this.body.style.height = length;
    const held = heldScroll(this.scrollTop, rowHeight, this.held, keys);
    let top = held ?? this.scrollTop;
    if (atEnd && held === null) top = keys.length * rowHeight - height;
    // The selected row was in view, and stays so when something opens beside or below the list.
    if (wasInView && index * rowHeight >= this.scrollTop) top = scrollTo(top, height, rowHeight, index);
    top = Math.max(0, Math.min(top, keys.length * rowHeight - height));
    if (Math.abs(scroller.scrollTop - top) >= 1) scroller.scrollTop = top;
    this.scrollTop = top;
    ({ first: this.first, end: this.end } = visibleRange(top, height, rowHeight, keys.length));
    this.hold(keys, current, height);
  }

  /**
   * Choose the row that an update must not move: the selected one if it is in view, else the
   * top one of a list that is scrolled.
   *
   * @param {number[]} keys
   * @param {number | null} current
   * @param {number} height
   */
  hold(keys, current, height) {
    this.held = null;
    const top = Math.floor(this.scrollTop / this.rowHeight);
    const bottom = Math.min(keys.length, Math.ceil((this.scrollTop + height) / this.rowHeight));
    for (let index = top; current !== null && index < bottom; index++) {
      if (keys[index] === current) this.held = { key: current, index };
    }
    const key = keys[top];
    if (this.held === null && this.scrollTop > 0 && key !== undefined) this.held = { key, index: top };
  }

  /** @param {number} index */
  reveal(index) {
    this.held = null;
    this.scrollTop = scrollTo(this.scrollTop, this.height, this.rowHeight, index);
    this.scroller.scrollTop = this.scrollTop;
  }

  /**
   * @param {string} key of the keyboard
   * @param {number} index
   * @param {number} count
   */
  moved(key, index, count) {
    return movedIndex(key, index, count, Math.max(1, Math.floor(this.height / this.rowHeight) - 1));
  }
}
