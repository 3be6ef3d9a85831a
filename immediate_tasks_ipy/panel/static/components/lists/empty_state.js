// What is shown in place of the list when it has no rows.

import { h } from "../../dom/elements.js";
import { plural } from "../../model/text/format.js";
import { supersededFailures } from "../../model/tasks/outcomes.js";
import { FAILED } from "../../model/tasks/rows.js";

/** @typedef {"" | "unmatched" | "resolved" | "waiting" | "none"} EmptyKind "" where there are rows to show */
/** @typedef {import("../../model/tasks/connection.js").Connection} Connection */

export class EmptyState {
  /** @param {() => void} clearFilters */
  constructor(clearFilters) {
    this.clearFilters = clearFilters;
    this.element = h("div", { class: "itipy-empty", hidden: true });
  }

  /**
   * @param {EmptyKind} kind
   * @param {Connection} connection
   */
  draw(kind, { store }) {
    this.element.hidden = kind === "";
    const superseded = kind === "resolved" ? supersededFailures(store) : 0;
    const renderKey = `${kind} ${superseded}`;
    if (this.element.dataset.kind === renderKey) return;
    this.element.dataset.kind = renderKey;
    this.element.replaceChildren(...(kind === "" ? [] : [h("p", {}, ...this.sentence(kind, superseded))]));
  }

  /**
   * @param {Exclude<EmptyKind, "">} kind
   * @param {number} superseded
   */
  sentence(kind, superseded) {
    if (kind === "waiting") return ["Waiting for the kernel…"];
    if (kind === "resolved") {
      const failures = `${plural(superseded, "superseded failure")} ${superseded === 1 ? "is" : "are"}`;
      return [`Nothing failed that is not resolved. ${failures} in their tasks' attempts.`];
    }
    if (kind === "unmatched") {
      const attributes = { type: "button", class: "itipy-btn", onclick: this.clearFilters };
      return ["No task matches. ", h("button", attributes, "Clear filters")];
    }
    const magic = h("code", { class: "itipy-code" }, "%%enqueue");
    return ["No tasks yet. Put ", magic, " above a call in a cell and run it."];
  }
}

/**
 * @param {Connection} connection
 * @param {import("../../model/list/list_state.js").ListState} state
 * @returns {EmptyKind}
 */
export function emptyKind({ health, loaded, store }, { ids, isSearching, statuses, query }) {
  if (ids.length > 0 || isSearching) return "";
  if (store.rows.size > 0) {
    const onlyFailed = statuses.size === 1 && statuses.has(FAILED) && !query.trim();
    return onlyFailed && supersededFailures(store) > 0 ? "resolved" : "unmatched";
  }
  const waiting = health === "connecting" || (health === "connected" && !loaded);
  return waiting ? "waiting" : "none";
}
