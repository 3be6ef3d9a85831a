// The header: status filters, search, choice of view, and the menu.

import { h, setAttribute, setText } from "../dom/elements.js";
import { icon } from "../dom/icons.js";
import { countText } from "../model/text/format.js";
import { CANCELLED, FAILED, STATUS_NAMES, STATUS_LABELS } from "../model/tasks/rows.js";
import { Menu } from "./menu.js";

/** @typedef {import("../model/list/list_state.js").ViewName} ViewName */

/**
 * @typedef {object} FilterEvents
 * @property {(status: number) => void} toggleStatus
 * @property {(query: string) => void} search
 * @property {(view: ViewName) => void} show
 */
/** @typedef {FilterEvents & import("./menu.js").MenuEvents} HeaderEvents */

/**
 * @typedef {object} HeaderProps
 * @property {number[]} counts of tasks by status
 * @property {Set<number>} statuses those that are filtered for
 * @property {ViewName} view
 * @property {boolean} connected
 * @property {boolean} paused
 * @property {number} superseded failures that a later attempt stands for
 * @property {boolean} failuresFirst
 * @property {import("../model/list/sorting.js").Sort} sort
 */

/** @type {Record<ViewName, string>} */
const VIEW_LABELS = { table: "Table", timeline: "Timeline", functions: "Functions" };

export class Header {
  /** @param {HeaderEvents} events */
  constructor(events) {
    this.chips = STATUS_LABELS.map((label, status) => {
      const count = h("b", {}, "0");
      const button = h(
        "button",
        {
          type: "button",
          class: `itipy-chip itipy-is-${STATUS_NAMES[status]}`,
          "aria-pressed": false,
          onclick: () => events.toggleStatus(status),
        },
        icon(STATUS_NAMES[status] ?? ""),
        // One inline text, "Failed, 4", so that what is read is what is seen.
        h("span", {}, label, h("span", { class: "itipy-comma" }, ", "), count),
      );
      return { button, count };
    });
    this.search = h("input", {
      type: "search",
      placeholder: "Search",
      "aria-label": "Search tasks",
      oninput: () => events.search(this.search.value),
    });
    this.views = /** @type {ViewName[]} */ (Object.keys(VIEW_LABELS)).map((view) => ({
      view,
      button: h(
        "button",
        { type: "button", "data-view": view, onclick: () => events.show(view) },
        VIEW_LABELS[view],
      ),
    }));
    this.menu = new Menu(events);
    this.element = h(
      "div",
      { class: "itipy-header" },
      h(
        "div",
        { class: "itipy-chips", role: "group", "aria-label": "Show only" },
        ...this.chips.map(({ button }) => button),
      ),
      h("label", { class: "itipy-search" }, icon("search"), this.search),
      h(
        "div",
        { class: "itipy-seg", role: "group", "aria-label": "View" },
        ...this.views.map(({ button }) => button),
      ),
      this.menu.element,
    );
  }

  /** @param {HeaderProps} props */
  draw(props) {
    const { counts, statuses, view: shown } = props;
    this.chips.forEach(({ button, count }, status) => {
      const number = counts[status] ?? 0;
      setText(count, countText(number));
      setAttribute(button, "aria-pressed", statuses.has(status));
      if (status === FAILED) setAttribute(button, "title", failedTitle(number, props.superseded));
      if (status !== CANCELLED) return;
      button.hidden = number === 0 && !statuses.has(status);
      setAttribute(button, "title", "Cancelled by you. Django counts them as FAILED.");
    });
    for (const { view, button } of this.views) setAttribute(button, "aria-pressed", view === shown);
    this.menu.draw(props);
  }
}

/**
 * @param {number} failed
 * @param {number} superseded
 */
function failedTitle(failed, superseded) {
  if (superseded === 0) return null;
  const were = superseded === 1 ? "failure was" : "failures were";
  return (
    `${countText(failed)} failed and not resolved since. ` +
    `${countText(superseded)} ${were} superseded by a later attempt.`
  );
}
