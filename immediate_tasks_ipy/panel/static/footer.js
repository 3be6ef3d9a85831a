// The bottom of the panel: how many tasks, and how fresh.

import { h, setText } from "./elements.js";
import { FAILED } from "./rows.js";
import { clockText, countText, plural } from "./text.js";

/** @typedef {import("./connection.js").Connection} Connection */
/** @typedef {import("./choice.js").Choice} Choice */
/** @typedef {import("./virtual_list.js").VirtualList} VirtualList */

/** Rows beyond which the footer says which of them are in view. */
const MANY = 1000;

export class Footer {
  /**
   * @param {HTMLElement} status the live region
   * @param {() => void} rerunFailed
   */
  constructor(status, rerunFailed) {
    this.say = h("span", { class: "itipy-say" });
    this.rerun = h(
      "button",
      { type: "button", class: "itipy-btn itipy-footbtn", hidden: true, onclick: rerunFailed },
      "Re-run failed",
    );
    this.updated = h("span", { class: "itipy-updated" });
    const legend = "Thin line: waiting. Bar: running. Fading edge: not finished.";
    this.element = h(
      "div",
      { class: "itipy-foot" },
      status,
      this.say,
      this.rerun,
      h("span", { class: "itipy-legend" }, legend),
      this.updated,
    );
  }

  /**
   * @param {Connection} connection
   * @param {Choice} choice
   * @param {VirtualList} list
   * @param {string} answer what an action answered just now
   */
  draw(connection, choice, list, answer) {
    this.rerun.hidden = connection.store.counts[FAILED] === 0;
    this.rerun.disabled = connection.health === "lost";
    setText(this.say, answer || countSentence(connection, choice, list));
    setText(this.updated, freshness(connection));
  }
}

/** @param {Connection} connection */
function freshness({ health, paused, store, updated, skew }) {
  if (health === "lost") return "Not connected";
  if (paused !== null) return `Paused at ${clockText(paused)}`;
  if (store.left > 0) return `${countText(store.left)} more to come`;
  return updated === null || store.rows.size === 0 ? "" : `Updated ${clockText(updated + (skew ?? 0))}`;
}

/**
 * @param {Connection} connection
 * @param {Choice} choice
 * @param {VirtualList} list
 * @returns {string}
 */
function countSentence({ health, store, asOf }, { filtered, keys, view, sort }, list) {
  const total = store.rows.size;
  if (total === 0) return "No tasks";
  const tasks = plural(total, "task");
  if (filtered) return `${countText(keys.length)} of ${tasks}`;
  if (health === "lost") return asOf === null ? tasks : `${tasks}, as of ${clockText(asOf)}`;
  if (total > MANY) {
    const first = Math.floor(list.scrollTop / list.rowHeight) + 1;
    const last = Math.min(total, Math.ceil((list.scrollTop + list.height) / list.rowHeight));
    return `${tasks}, showing rows ${countText(first)} to ${countText(last)}`;
  }
  if (view === "timeline") return `${tasks}, oldest first`;
  if (sort.column !== "enqueued") return `${tasks}, sorted by ${sort.column}`;
  return `${tasks}, ${sort.descending ? "newest" : "oldest"} first`;
}
