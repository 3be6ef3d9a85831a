// What rows of tasks and of batches have in common: the tick, the indent with its twisty, counts.

import { h, setAttribute } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { countText } from "../../model/text/format.js";
import { STATUS_LABELS, STATUS_NAMES } from "../../model/tasks/rows.js";

/** The order in which a row counts: good news, bad news, what is left. */
const COUNT_ORDER = [2, 3, 1, 0, 4];

/** A cell with a checkbox. */
export class TickCell {
  constructor() {
    this.box = h("input", { type: "checkbox", tabindex: -1 });
    this.element = h("span", { role: "gridcell", class: "itipy-c-tick", "aria-colindex": 1 }, this.box);
  }

  /**
   * @param {"all" | "some" | "none"} state
   * @param {string} name
   */
  draw(state, name) {
    this.box.checked = state === "all";
    this.box.indeterminate = state === "some";
    setAttribute(this.box, "aria-label", name);
  }
}

/** The indent of a row, and the button that opens what stands below it. */
export class Indent {
  constructor() {
    /** What is drawn. */
    this.renderKey = "";
    this.twist = h(
      "button",
      { type: "button", class: "itipy-twist", tabindex: -1, "aria-hidden": true },
      icon("right"),
    );
    this.element = h("span", { class: "itipy-indents" });
  }

  /**
   * @param {number} level
   * @param {boolean | null} open null where there is nothing to open
   */
  draw(level, open) {
    const renderKey = `${level} ${open}`;
    if (renderKey === this.renderKey) return;
    this.renderKey = renderKey;
    const guides = Array.from({ length: level - 1 }, () => h("i", { class: "itipy-guide" }));
    const twist = open === null ? h("i", { class: "itipy-notwist" }) : this.twist;
    this.element.replaceChildren(...guides, twist);
    this.twist.replaceChildren(icon(open ? "down" : "right"));
  }
}

/** Counts by status, each with its icon. */
export class Counts {
  constructor() {
    this.renderKey = "";
    this.element = h("span", { class: "itipy-counts" });
  }

  /** @param {number[]} counts by status */
  draw(counts) {
    const renderKey = counts.join();
    if (renderKey === this.renderKey) return;
    this.renderKey = renderKey;
    const parts = COUNT_ORDER.filter((status) => counts[status]).map((status, index) => {
      const name = STATUS_NAMES[status] ?? "ready";
      const word = (STATUS_LABELS[status] ?? "").toLowerCase();
      return h(
        "span",
        { class: `itipy-count itipy-is-${name}`, title: word },
        index > 0 && h("span", { class: "itipy-sr" }, ", "),
        icon(name),
        countText(counts[status] ?? 0),
        h("span", { class: "itipy-sr" }, ` ${word}`),
      );
    });
    this.element.replaceChildren(...parts);
  }
}

/** A small bar of the same counts; hidden from assistive technology, since the counts are its text. */
export class CountBar {
  constructor() {
    this.renderKey = "";
    this.element = h("span", { class: "itipy-mini", "aria-hidden": true });
  }

  /** @param {number[]} counts by status */
  draw(counts) {
    const renderKey = counts.join();
    if (renderKey === this.renderKey) return;
    this.renderKey = renderKey;
    const pieces = COUNT_ORDER.filter((status) => counts[status]).map((status) =>
      h("i", { class: `itipy-is-${STATUS_NAMES[status]}`, style: `flex:${counts[status]} 1 0` }),
    );
    this.element.replaceChildren(...pieces);
  }
}
