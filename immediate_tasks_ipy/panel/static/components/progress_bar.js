// How far a task is, as it says itself.

import { h, setAttribute, setText } from "../dom/elements.js";
import { progressWords } from "../model/tasks/outcomes.js";

/** @typedef {import("../model/tasks/rows.js").Progress} Progress */

export class ProgressBar {
  constructor() {
    this.fill = h("i");
    this.bar = h(
      "span",
      { role: "progressbar", class: "itipy-prog", "aria-label": "Progress", "aria-valuemin": 0 },
      this.fill,
    );
    this.text = h("span", { class: "itipy-progtext", "aria-hidden": true });
    this.element = h("span", { class: "itipy-progress", hidden: true }, this.bar, this.text);
  }

  /** @param {Progress | null} progress null for a task that says nothing */
  draw(progress) {
    this.element.hidden = progress === null;
    if (progress === null) return;
    const [done, total] = progress;
    const words = progressWords(progress);
    const isKnown = total !== null && total > 0;
    this.bar.classList.toggle("itipy-indef", !isKnown);
    this.fill.style.width = isKnown ? `${Math.min(100, (100 * done) / total)}%` : "";
    setAttribute(this.bar, "aria-valuemax", isKnown ? total : null);
    setAttribute(this.bar, "aria-valuenow", isKnown ? Math.min(done, total) : null);
    setAttribute(this.bar, "aria-valuetext", words);
    setText(this.text, words);
  }
}
