// Which rows of a long list are in the DOM, and how the list keeps its place while it changes.

/** Rows drawn above and below the visible ones. */
const OVERSCAN = 4;
/** The most rows in the DOM, however high the panel is. */
const MOST_ROWS = 40;

/**
 * The rows to draw: from `first` up to but not including `end`.
 *
 * @param {number} scrollTop
 * @param {number} height of the viewport
 * @param {number} rowHeight
 * @param {number} count
 * @returns {{ first: number, end: number }}
 */
export function visibleRange(scrollTop, height, rowHeight, count) {
  const top = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const shown = Math.ceil(height / rowHeight) + 1;
  const overscan = Math.max(0, Math.min(OVERSCAN, Math.floor((MOST_ROWS - shown) / 2)));
  const first = Math.max(0, Math.min(top - overscan, count - 1));
  const end = Math.min(count, top + Math.min(shown, MOST_ROWS) + overscan);
  return { first, end: Math.max(first, end) };
}

/**
 * The scroll position at which the anchor row stays where it is although rows came or went.
 *
 * @param {number} scrollTop
 * @param {number} rowHeight
 * @param {{ key: number, index: number } | null} anchor a row with its index before the change
 * @param {number[]} keys after the change
 * @returns {number | null} null to leave the position: there is no anchor, or it has not moved
 */
export function anchoredScroll(scrollTop, rowHeight, anchor, keys) {
  if (anchor === null) return null;
  const index = keys[anchor.index] === anchor.key ? anchor.index : keys.indexOf(anchor.key);
  if (index < 0 || index === anchor.index) return null;
  return Math.max(0, scrollTop + (index - anchor.index) * rowHeight);
}

/**
 * The nearest scroll position at which a row is visible.
 *
 * @param {number} scrollTop
 * @param {number} height
 * @param {number} rowHeight
 * @param {number} index
 * @returns {number}
 */
export function revealScroll(scrollTop, height, rowHeight, index) {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return scrollTop;
}

/**
 * The index that a navigation key moves to; null for other keys.
 *
 * @param {string} key a `KeyboardEvent.key`
 * @param {number} index -1 for none
 * @param {number} count
 * @param {number} page visible rows
 * @returns {number | null}
 */
export function indexAfterKey(key, index, count, page) {
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
