// The menu "More actions": a button and the list of actions that it opens.

import { h, setAttribute } from "../dom/elements.js";
import { icon } from "../dom/icons.js";

/**
 * @typedef {object} MenuEvents
 * @property {() => void} clearFinished
 * @property {(format: "json" | "csv") => void} exportAs
 * @property {(on: boolean) => void} pause
 * @property {(on: boolean) => void} showFailuresFirst
 * @property {(column: import("../model/list/sorting.js").Column) => void} sort
 */

/** @type {[column: import("../model/list/sorting.js").Column, name: string][]} */
const SORTS = [
  ["enqueued", "Enqueued"],
  ["status", "Status"],
  ["task", "Task"],
  ["took", "Took"],
  ["result", "Result"],
];

export class Menu {
  /** @param {MenuEvents} events */
  constructor(events) {
    this.button = h(
      "button",
      {
        type: "button",
        class: "itipy-btn itipy-iconbtn itipy-more",
        "aria-haspopup": "menu",
        "aria-expanded": false,
        "aria-label": "More actions",
        onclick: () => (this.isOpen ? this.close() : this.open()),
      },
      icon("more"),
    );
    const item = (/** @type {string} */ text, /** @type {() => void} */ action, role = "menuitem") =>
      h(
        "button",
        {
          type: "button",
          role,
          tabindex: -1,
          onclick: () => {
            this.close(true);
            action();
          },
        },
        text,
      );
    this.kernelItems = [
      item("Clear finished", events.clearFinished),
      item("Export as JSON", () => events.exportAs("json")),
      item("Export as CSV", () => events.exportAs("csv")),
    ];
    this.pauseItem = item(
      "Pause updates",
      () => events.pause(this.pauseItem.getAttribute("aria-checked") !== "true"),
      "menuitemcheckbox",
    );
    this.failuresItem = item(
      "Failures first in batches",
      () => events.showFailuresFirst(this.failuresItem.getAttribute("aria-checked") !== "true"),
      "menuitemcheckbox",
    );
    this.sortItems = SORTS.map(([column, name]) => item(name, () => events.sort(column), "menuitemradio"));
    const [clear, ...exports] = this.kernelItems;
    this.items = [...this.kernelItems, this.pauseItem, this.failuresItem, ...this.sortItems];
    this.list = h(
      "div",
      { class: "itipy-menu", role: "menu", "aria-label": "More actions", hidden: true },
      clear,
      h("hr"),
      ...exports,
      h("hr"),
      this.pauseItem,
      this.failuresItem,
      h(
        "div",
        { role: "group", class: "itipy-sorts", "aria-label": "Sort by" },
        h("div", { class: "itipy-menuhead", "aria-hidden": true }, "Sort by"),
        ...this.sortItems,
      ),
    );
    this.element = h("div", { class: "itipy-menuwrap" }, this.button, this.list);
    this.element.addEventListener("focusout", (event) => {
      if (!this.element.contains(/** @type {Node | null} */ (event.relatedTarget))) this.close();
    });
  }

  get isOpen() {
    return !this.list.hidden;
  }

  open() {
    this.list.hidden = false;
    setAttribute(this.button, "aria-expanded", true);
    this.items.find((item) => !item.disabled)?.focus();
  }

  /** @param {boolean} [refocus] return the focus to the button */
  close(refocus = false) {
    if (!this.isOpen) return;
    this.list.hidden = true;
    setAttribute(this.button, "aria-expanded", false);
    if (refocus) this.button.focus();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the key was handled
   */
  keydown(event) {
    const enabled = this.items.filter((item) => !item.disabled && item.offsetParent !== null);
    const at = enabled.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: enabled.length - 1 };
    if (!this.isOpen) {
      if (event.key !== "ArrowDown" || event.target !== this.button) return false;
      this.open();
      return true;
    }
    if (event.key === "Escape") {
      this.close(true);
      return true;
    }
    if (event.key in moves) {
      const to = moves[/** @type {keyof typeof moves} */ (event.key)];
      enabled.at(to % enabled.length)?.focus();
      return true;
    }
    return false;
  }

  /** @param {import("./header.js").HeaderProps} props */
  draw({ connected, paused, failuresFirst, sort }) {
    for (const item of this.kernelItems) {
      item.disabled = !connected;
      setAttribute(item, "title", connected ? null : "The kernel is disconnected");
    }
    setAttribute(this.pauseItem, "aria-checked", paused);
    setAttribute(this.failuresItem, "aria-checked", failuresFirst);
    SORTS.forEach(([column], index) => {
      setAttribute(/** @type {Element} */ (this.sortItems[index]), "aria-checked", column === sort.column);
    });
  }
}
