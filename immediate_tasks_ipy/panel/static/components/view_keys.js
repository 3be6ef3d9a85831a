// The keys of a view: those of the whole panel, then those of the component that has the focus.

import { listEvents } from "./view_events.js";

/** @typedef {import("./view.js").PanelView} PanelView */

/**
 * JupyterLab handles keys in the capture phase at the document, before any element does. So the
 * panel handles its own keys earlier, at the window, and stops them there.
 *
 * @param {PanelView} view
 * @param {AbortSignal} signal
 */
export function listenToKeys(view, signal) {
  const keydown = (/** @type {KeyboardEvent} */ event) => {
    if (!view.root.contains(/** @type {Node} */ (event.target))) return;
    const steps = event.altKey && /^Arrow(Up|Down)$/.test(event.key);
    const selectsAll = event.key === "a" && (event.ctrlKey || event.metaKey) && !event.altKey;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!steps && !selectsAll && !isPlain) return;
    event.stopPropagation();
    const isHandled = steps
      ? view.step(event.key === "ArrowDown" ? 1 : -1)
      : selectsAll
        ? tickAll(view, event)
        : keydownInView(view, event);
    if (isHandled) event.preventDefault();
  };
  window.addEventListener("keydown", keydown, { capture: true, signal });
}

/**
 * @param {PanelView} view
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key was handled
 */
function keydownInView(view, event) {
  const { search, menu } = view.header;
  if (menu.keydown(event)) return true;
  if (event.key === "Escape") return escapeFrom(view);
  const target = /** @type {Element} */ (event.target);
  if (target.matches("input:not([type=checkbox]), select, textarea")) return false;
  if (event.key === "/") return (search.focus(), true);
  return view.detail.keydown(event) || view.batchDetail.keydown(event) || view.lists.keydown(event);
}

/**
 * Clear the search, or else the ticks, or else close the detail.
 *
 * @param {PanelView} view
 */
function escapeFrom(view) {
  if (view.state.query) {
    view.header.search.value = "";
    view.state.search("");
  } else if (view.ticked.size > 0) view.clearTicks();
  else if (view.detailOpen) view.closeDetail();
  else return false;
  return true;
}

/**
 * @param {PanelView} view
 * @param {KeyboardEvent} event
 */
function tickAll(view, event) {
  if (!view.lists.table.body.contains(/** @type {Node} */ (event.target))) return false;
  listEvents(view).tickAll();
  return true;
}
