// The footer: how many tasks there are, and how recent the rows are.

import { h, setText } from "../dom/elements.js";
import { clockText, countText, plural } from "../model/text/format.js";

/** @typedef {import("../model/tasks/connection.js").Connection} Connection */
/** @typedef {import("../model/list/list_state.js").ListState} ListState */
/** @typedef {import("../dom/virtual_list.js").VirtualList} VirtualList */

/**
 * @typedef {object} FooterProps
 * @property {number} failed how many of the tasks that are shown
 * @property {boolean} canStop is an export being made?
 * @property {number} functions in the summary
 * @property {boolean} byTotal is the summary sorted by its total, the most first?
 * @property {number | null} workers that have a lane; null if tasks have
 */

/** Rows beyond which the footer says which of them are visible. */
const MANY = 1000;
const LEGEND = "Thin line: waiting. Bar: running. Fading edge: not finished.";
const WORKER_LEGEND = "Broad right edge: failed. Dashed: cancelled. Fading edge: not finished.";

export class Footer {
  /**
   * @param {HTMLElement} liveRegion
   * @param {{ rerunFailed: () => void, stop: () => void, showFailuresFirst: (on: boolean) => void }} events
   */
  constructor(liveRegion, events) {
    this.message = h("span", { class: "itipy-footmessage" });
    const button = (/** @type {string} */ text, /** @type {() => void} */ action) =>
      h("button", { type: "button", class: "itipy-btn itipy-footbtn", hidden: true, onclick: action }, text);
    this.rerun = button("", events.rerunFailed);
    this.stop = button("Cancel export", events.stop);
    this.failuresFirst = h("input", {
      type: "checkbox",
      onchange: () => events.showFailuresFirst(this.failuresFirst.checked),
    });
    this.failuresLabel = h("label", { class: "itipy-footcheck" }, this.failuresFirst, "Failures first in batches");
    this.legend = h("span", { class: "itipy-legend" });
    this.updated = h("span", { class: "itipy-updated" });
    this.element = h(
      "div",
      { class: "itipy-foot" },
      liveRegion,
      this.message,
      this.stop,
      this.failuresLabel,
      this.rerun,
      this.legend,
      this.updated,
    );
  }

  /**
   * @param {Connection} connection
   * @param {ListState} state
   * @param {VirtualList | null} list null where there is none, but a summary
   * @param {string} message shown in place of the count, unless empty
   * @param {FooterProps} props
   */
  draw(connection, state, list, message, props) {
    const { failed, canStop, workers } = props;
    const { health, store } = connection;
    this.rerun.hidden = failed === 0 || canStop;
    this.rerun.disabled = health === "disconnected";
    setText(this.rerun, `Re-run ${countText(failed)} failed`);
    this.stop.hidden = !canStop;
    this.failuresFirst.checked = state.tree.failuresFirst;
    this.failuresLabel.hidden = state.view !== "table" || store.relations.groups.size === 0;
    setText(this.message, message || countSentence(connection, state, list, props));
    setText(this.legend, workers === null ? LEGEND : WORKER_LEGEND);
    setText(this.updated, freshness(connection));
  }
}

/** @param {Connection} connection */
function freshness({ health, pausedAt, store, updatedAt, clockSkew }) {
  if (health === "disconnected") return "Not connected";
  if (pausedAt !== null) return `Paused at ${clockText(pausedAt)}`;
  if (store.remaining > 0) return `${countText(store.remaining)} more to come`;
  if (updatedAt === null || store.rows.size === 0) return "";
  return `Updated ${clockText(updatedAt + (clockSkew ?? 0))}`;
}

/**
 * @param {Connection} connection
 * @param {ListState} state
 * @param {VirtualList | null} list
 * @param {FooterProps} props
 * @returns {string}
 */
function countSentence({ health, store, asOf }, state, list, { functions, workers, byTotal }) {
  const { isFiltered, ids, view, sort } = state;
  const total = store.size;
  if (total === 0) return "No tasks";
  const tasks = plural(total, "task");
  const shown = `${countText(state.matchCount)} of ${tasks}`;
  if (state.isSearching) return `${shown}, searching…`;
  if (view === "functions" && functions > 0) {
    return `${plural(functions, "function")}, ${isFiltered ? shown : tasks}${byTotal ? ", most total time first" : ""}`;
  }
  if (view === "timeline" && workers !== null) {
    return `${isFiltered ? shown : tasks} on ${plural(workers, "worker")}`;
  }
  if (isFiltered) return shown;
  if (health === "disconnected") return asOf === null ? tasks : `${tasks}, as of ${clockText(asOf)}`;
  if (ids.length > MANY && list !== null) {
    const first = Math.floor(list.scrollTop / list.rowHeight) + 1;
    const last = Math.min(ids.length, Math.ceil((list.scrollTop + list.height) / list.rowHeight));
    return `${tasks}, showing rows ${countText(first)} to ${countText(last)}`;
  }
  if (view === "timeline") return `${tasks}, oldest first`;
  if (sort.column !== "enqueued") return `${tasks}, sorted by ${sort.column}`;
  return `${tasks}, ${sort.descending ? "newest" : "oldest"} first`;
}
