// The top of the panel: chips, search, view, menu.

import { h, icon, setAttribute, setText } from "./elements.js";
import { STATUS_NAMES, STATUS_WORDS } from "./rows.js";
import { countText } from "./text.js";

/** @typedef {"table" | "timeline"} ViewName */

/**
 * @typedef {object} HeaderEvents
 * @property {(status: number) => void} toggleStatus
 * @property {(query: string) => void} search
 * @property {(view: ViewName) => void} show
 * @property {() => void} clear
 * @property {(format: "json" | "csv") => void} exportAs
 * @property {(on: boolean) => void} pause
 */

export class Header {
  /** @param {HeaderEvents} events */
  constructor(events) {
    this.chips = STATUS_WORDS.map((word, status) => {
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
        h("span", {}, word),
        count,
      );
      return { word, button, count };
    });
    this.search = h("input", {
      type: "search",
      placeholder: "Search",
      "aria-label": "Search tasks",
      oninput: () => events.search(this.search.value),
    });
    this.views = /** @type {ViewName[]} */ (["table", "timeline"]).map((view) => ({
      view,
      button: h(
        "button",
        { type: "button", "data-view": view, onclick: () => events.show(view) },
        view === "table" ? "Table" : "Timeline",
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

  /**
   * @param {number[]} counts
   * @param {Set<number>} statuses
   * @param {ViewName} shown
   * @param {boolean} connected
   * @param {boolean} paused
   */
  draw(counts, statuses, shown, connected, paused) {
    this.chips.forEach(({ word, button, count }, status) => {
      const text = countText(counts[status] ?? 0);
      setText(count, text);
      setAttribute(button, "aria-label", `${word}, ${text}`);
      setAttribute(button, "aria-pressed", statuses.has(status));
    });
    for (const { view, button } of this.views) setAttribute(button, "aria-pressed", view === shown);
    this.menu.draw(connected, paused);
  }
}

/** "More actions": a button and the menu that it opens. */
class Menu {
  /** @param {HeaderEvents} events */
  constructor(events) {
    this.button = h(
      "button",
      {
        type: "button",
        class: "itipy-btn itipy-iconbtn itipy-more",
        "aria-haspopup": "menu",
        "aria-expanded": false,
        "aria-label": "More actions",
        onclick: () => (this.opened ? this.close() : this.open()),
      },
      icon("more"),
    );
    const item = (/** @type {string} */ text, /** @type {() => void} */ act, role = "menuitem") =>
      h(
        "button",
        {
          type: "button",
          role,
          tabindex: -1,
          onclick: () => {
            this.close(true);
            act();
          },
        },
        text,
      );
    this.needKernel = [
      item("Clear finished", events.clear),
      item("Export as JSON", () => events.exportAs("json")),
      item("Export as CSV", () => events.exportAs("csv")),
    ];
    this.pause = item(
      "Pause updates",
      () => events.pause(this.pause.getAttribute("aria-checked") !== "true"),
      "menuitemcheckbox",
    );
    const [clear, ...exports] = this.needKernel;
    this.items = [...this.needKernel, this.pause];
    this.list = h(
      "div",
      { class: "itipy-menu", role: "menu", "aria-label": "More actions", hidden: true },
      clear,
      h("hr"),
      ...exports,
      h("hr"),
      this.pause,
    );
    this.element = h("div", { class: "itipy-menuwrap" }, this.button, this.list);
    this.element.addEventListener("focusout", (event) => {
      if (!this.element.contains(/** @type {Node | null} */ (event.relatedTarget))) this.close();
    });
  }

  get opened() {
    return !this.list.hidden;
  }

  open() {
    this.list.hidden = false;
    setAttribute(this.button, "aria-expanded", true);
    this.items.find((item) => !item.disabled)?.focus();
  }

  /** @param {boolean} [refocus] give the focus back to the button */
  close(refocus = false) {
    if (!this.opened) return;
    this.list.hidden = true;
    setAttribute(this.button, "aria-expanded", false);
    if (refocus) this.button.focus();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} true if the key was for the menu
   */
  keydown(event) {
    const usable = this.items.filter((item) => !item.disabled);
    const at = usable.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: usable.length - 1 };
    if (!this.opened) {
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
      usable.at(to % usable.length)?.focus();
      return true;
    }
    return false;
  }

  /**
   * @param {boolean} connected
   * @param {boolean} paused
   */
  draw(connected, paused) {
    for (const item of this.needKernel) {
      item.disabled = !connected;
      setAttribute(item, "title", connected ? null : "The kernel is disconnected");
    }
    setAttribute(this.pause, "aria-checked", paused);
  }
}
