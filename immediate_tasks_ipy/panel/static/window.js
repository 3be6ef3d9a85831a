// Which rows of a long list are in the DOM, and how the list stays put while it changes.

/** Rows drawn above and below those in view. */
const OVERSCAN = 4;
/** The most rows in the DOM, however high the panel is. */
const MOST_ROWS = 40;

/**
 * The rows to draw: from `first` up to but not including `end`.
 *
 * @param {number} scrollTop
 * @param {number} height of the view
 * @param {number} rowHeight
 * @param {number} count
 * @returns {{ first: number, end: number }}
 */
export function visibleRange(scrollTop, height, rowHeight, count) {
  const top = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const shown = Math.ceil(height / rowHeight) + 1;
  const spare = Math.max(0, Math.min(OVERSCAN, Math.floor((MOST_ROWS - shown) / 2)));
  const first = Math.max(0, Math.min(top - spare, count - 1));
  const end = Math.min(count, top + Math.min(shown, MOST_ROWS) + spare);
  return { first, end: Math.max(first, end) };
}

/**
 * Where to scroll so that the row at the view's top stays there although rows came or went.
 *
 * `held` is the row to hold, with the index it had. Null if the list may move: nothing is held
 * and the view stands at its very top (or, with `sticky` "end", at its end).
 *
 * @param {number} scrollTop
 * @param {number} rowHeight
 * @param {{ key: number, index: number } | null} held
 * @param {number[]} keys after the change
 * @returns {number | null} the new scrollTop, or null to leave it
 */
export function heldScroll(scrollTop, rowHeight, held, keys) {
  if (held === null) return null;
  const index = keys[held.index] === held.key ? held.index : keys.indexOf(held.key);
  if (index < 0 || index === held.index) return null;
  return Math.max(0, scrollTop + (index - held.index) * rowHeight);
}

/**
 * Where to scroll so that a row is in view.
 *
 * @param {number} scrollTop
 * @param {number} height
 * @param {number} rowHeight
 * @param {number} index
 * @returns {number}
 */
export function scrollTo(scrollTop, height, rowHeight, index) {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return scrollTop;
}

/**
 * The index that a key of the keyboard moves to; null for keys that do not move.
 *
 * @param {string} key
 * @param {number} index -1 for none
 * @param {number} count
 * @param {number} page rows in view
 * @returns {number | null}
 */
export function movedIndex(key, index, count, page) {
  const last = count - 1;
  switch (key) {
    case "ArrowDown":
      return Math.min(last, index + 1);
    case "ArrowUp":
      return Math.max(0, index - 1);
    case "Home":
      return 0;
    case "End":
      return last;
    case "PageDown":
      return Math.min(last, index + page);
    case "PageUp":
      return Math.max(0, index - page);
    default:
      return null;
  }
}
