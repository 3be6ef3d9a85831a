// The focus stays in the panel when what has it goes away or can't be used any more.

/**
 * Draw, and see that the focus is not lost by it.
 *
 * @param {HTMLElement} root what is drawn
 * @param {() => void} draw
 * @param {() => HTMLElement | null} otherwise where the focus goes if nothing near can have it
 */
export function keepFocus(root, draw, otherwise) {
  const before = root.contains(document.activeElement) ? document.activeElement : null;
  draw();
  if (before === null || canHaveFocus(before)) return;
  (near(before) ?? otherwise())?.focus({ preventScroll: true });
}

/**
 * Without asking for a layout.
 *
 * @param {Element} element
 */
function canHaveFocus(element) {
  return element.isConnected && !element.matches(":disabled") && element.closest("[hidden]") === null;
}

/**
 * The row that a button was in, the chosen tab of its detail, or a neighbour.
 *
 * @param {Element} lost
 * @returns {HTMLElement | null}
 */
function near(lost) {
  const row = lost.closest("[role=row][tabindex]");
  const tab = lost.closest("section")?.querySelector("[role=tab][aria-selected=true]");
  const neighbour = lost.closest("[role=toolbar], .itipy-back")?.querySelector("button:enabled:not([hidden])");
  const found = [row, neighbour, tab].find((element) => element && canHaveFocus(element));
  return /** @type {HTMLElement | null} */ (found ?? null);
}
