// The tabs of a detail: a tab list and its panels.

import { h, setAttribute } from "../../dom/elements.js";
import { countText } from "../../model/text/format.js";

/** @typedef {string} TabName */

export class DetailTabs {
  /**
   * @param {string} prefix of ids
   * @param {string} label of the tab list
   * @param {TabName[]} names
   */
  constructor(prefix, label, names) {
    this.names = names;
    /** The tab that the user chose; kept from task to task. */
    this.chosen = /** @type {TabName | null} */ (null);
    this.tabs = names.map((name) =>
      h(
        "button",
        {
          type: "button",
          role: "tab",
          id: `${prefix}-tab-${name}`,
          "aria-controls": `${prefix}-panel-${name}`,
          onclick: () => this.choose(name),
        },
        name,
      ),
    );
    this.panels = names.map((name) =>
      h("div", {
        role: "tabpanel",
        class: "itipy-tabpanel",
        id: `${prefix}-panel-${name}`,
        "aria-labelledby": `${prefix}-tab-${name}`,
        tabindex: 0,
      }),
    );
    this.tabList = h(
      "div",
      { class: "itipy-tabs", role: "tablist", "aria-label": label },
      ...this.tabs,
    );
    /** @type {TabName} */
    this.selected = names[0] ?? "";
    this.select(this.selected);
  }

  /** @param {TabName} name of the tab that the user chose */
  choose(name) {
    this.chosen = name;
    this.select(name);
  }

  /** @param {TabName} name */
  select(name) {
    this.selected = name;
    this.names.forEach((each, index) => {
      const tab = /** @type {HTMLElement} */ (this.tabs[index]);
      setAttribute(tab, "aria-selected", each === name);
      setAttribute(tab, "tabindex", each === name ? 0 : -1);
      /** @type {HTMLElement} */ (this.panels[index]).hidden = each !== name;
    });
  }

  /**
   * Fill the panels; if the focused element is replaced, its panel gets the focus. A tab without
   * contents is hidden.
   *
   * @param {Record<TabName, Node[]>} contents
   */
  fill(contents) {
    for (const name of this.names) this.fillOne(name, contents[name] ?? []);
  }

  /**
   * @param {TabName} name
   * @param {Node[]} contents
   */
  fillOne(name, contents) {
    const index = this.names.indexOf(name);
    const panel = /** @type {HTMLElement} */ (this.panels[index]);
    const hadFocus = panel.contains(document.activeElement);
    panel.replaceChildren(...contents);
    /** @type {HTMLElement} */ (this.tabs[index]).hidden = contents.length === 0;
    if (hadFocus && !panel.contains(document.activeElement)) panel.focus();
  }

  /**
   * Select a tab for what the panels were filled with.
   *
   * @param {TabName} first the tab that matters most, unless the user chose another
   * @param {TabName} empty the tab that has nothing to show
   * @param {boolean} isFirst whether this is the first that is shown of the task
   */
  selectAfterFill(first, empty, isFirst) {
    const { chosen } = this;
    const isWanted = chosen !== null && !this.isHidden(chosen) && !(isFirst && chosen === empty);
    const wanted = isWanted ? chosen : first;
    if (isFirst || chosen === null || this.isHidden(this.selected)) this.select(wanted);
  }

  /** Focus the tab that is selected. */
  focus() {
    this.tabs[this.names.indexOf(this.selected)]?.focus();
  }

  /** @param {TabName} name of a tab that has no contents yet */
  hide(name) {
    /** @type {HTMLElement} */ (this.tabs[this.names.indexOf(name)]).hidden = true;
  }

  /** @param {TabName} name */
  isHidden(name) {
    return this.tabs[this.names.indexOf(name)]?.hidden === true;
  }

  /**
   * Say how many things a tab holds: `Queries 23`, to assistive technology `Queries, 23`.
   *
   * @param {TabName} name
   * @param {number} count
   */
  setCount(name, count) {
    const comma = h("span", { class: "itipy-comma" }, ", ");
    const badge = h("span", { class: "itipy-badge" }, countText(count));
    this.tabs[this.names.indexOf(name)]?.replaceChildren(name, comma, badge);
  }

  /** @param {string} text shown in every panel */
  fillWithText(text) {
    for (const panel of this.panels) panel.replaceChildren(h("p", { class: "itipy-none" }, text));
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the key was handled
   */
  keydown(event) {
    const names = this.names.filter((name) => !this.isHidden(name));
    const at = names.findIndex((name) => this.tabs[this.names.indexOf(name)] === event.target);
    if (at < 0) return false;
    const last = names.length - 1;
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last };
    if (!(event.key in moves)) return false;
    const to = (moves[/** @type {keyof typeof moves} */ (event.key)] + names.length) % names.length;
    const name = /** @type {TabName} */ (names[to]);
    this.choose(name);
    this.tabs[this.names.indexOf(name)]?.focus();
    return true;
  }
}
