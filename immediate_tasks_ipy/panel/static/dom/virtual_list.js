// A long list of equally high rows, of which only the visible ones are in the DOM.

import { anchoredScroll, indexAfterKey, revealScroll, visibleRange } from "../model/list/visible_range.js";

/** Computes which rows to draw, and keeps the scroll position while rows come and go. */
export class VirtualList {
  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} body gets the height of all rows
   * @param {number} rowHeight
   * @param {() => void} onScroll
   */
  constructor(scroller, body, rowHeight, onScroll) {
    this.scroller = scroller;
    this.body = body;
    this.rowHeight = rowHeight;
    /** @type {{ key: number, index: number } | null} the row that an update must not move */
    this.anchor = null;
    this.scrollTop = 0;
    /** The viewport's height at the last layout. */
    this.lastHeight = 0;
    /** The rows to draw: from `first` up to but not including `end`. */
    this.first = 0;
    this.end = 0;
    /** Does a list that is scrolled to its end stay there when rows are added? */
    this.stickToEnd = false;
    scroller.addEventListener(
      "scroll",
      () => {
        if (scroller.clientHeight > 0) this.scrollTop = scroller.scrollTop;
        onScroll();
      },
      { passive: true },
    );
  }

  /** The viewport's height in pixels, without the header. */
  get height() {
    return Math.max(0, this.scroller.clientHeight - this.body.offsetTop);
  }

  /** Return to the top, at the next layout. */
  reset() {
    this.anchor = null;
    this.scrollTop = 0;
  }

  /**
   * Set height and scroll position for these rows, and compute `first` and `end`.
   *
   * @param {number[]} keys
   * @param {number | null} selectedKey
   */
  layout(keys, selectedKey) {
    const { scroller, rowHeight } = this;
    const height = this.height;
    if (height === 0) return;
    const shrank = height < this.lastHeight;
    const index = shrank && selectedKey !== null ? keys.indexOf(selectedKey) : -1;
    const wasAboveEnd = index >= 0 && (index + 1) * rowHeight <= this.scrollTop + this.lastHeight;
    this.lastHeight = height;
    const atEnd = this.stickToEnd && this.scrollTop + height >= this.body.offsetHeight - 1;
    const length = `${keys.length * rowHeight}px`;
    if (this.body.style.height !== length) this.body.style.height = length;
    const anchored = anchoredScroll(this.scrollTop, rowHeight, this.anchor, keys);
    let top = anchored ?? this.scrollTop;
    if (atEnd && anchored === null) top = keys.length * rowHeight - height;
    // The selected row was visible, and stays visible when something opens beside or below the list.
    if (wasAboveEnd && index * rowHeight >= this.scrollTop) {
      top = revealScroll(top, height, rowHeight, index);
    }
    top = Math.max(0, Math.min(top, keys.length * rowHeight - height));
    if (Math.abs(scroller.scrollTop - top) >= 1) scroller.scrollTop = top;
    this.scrollTop = top;
    ({ first: this.first, end: this.end } = visibleRange(top, height, rowHeight, keys.length));
    this.chooseAnchor(keys, selectedKey, height);
  }

  /**
   * Anchor the selected row if it is visible, else the top row of a list that is scrolled.
   *
   * @param {number[]} keys
   * @param {number | null} selectedKey
   * @param {number} height
   */
  chooseAnchor(keys, selectedKey, height) {
    this.anchor = null;
    const top = Math.floor(this.scrollTop / this.rowHeight);
    const bottom = Math.min(keys.length, Math.ceil((this.scrollTop + height) / this.rowHeight));
    for (let index = top; selectedKey !== null && index < bottom; index++) {
      if (keys[index] === selectedKey) this.anchor = { key: selectedKey, index };
    }
    const key = keys[top];
    if (this.anchor === null && this.scrollTop > 0 && key !== undefined) this.anchor = { key, index: top };
  }

  /** @param {number} index of the row to scroll to */
  reveal(index) {
    this.anchor = null;
    this.scrollTop = revealScroll(this.scrollTop, this.height, this.rowHeight, index);
    this.scroller.scrollTop = this.scrollTop;
  }

  /**
   * The index that a navigation key moves to; null for other keys.
   *
   * @param {string} key a `KeyboardEvent.key`
   * @param {number} index -1 for none
   * @param {number} count
   * @returns {number | null}
   */
  indexAfter(key, index, count) {
    return indexAfterKey(key, index, count, Math.max(1, Math.floor(this.height / this.rowHeight) - 1));
  }
}
