// The timeline's choices: lanes by task or by worker, and whether idle time is skipped.

import { h, setAttribute } from "../../dom/elements.js";

export class TimelineTools {
  /** @param {() => void} redraw */
  constructor(redraw) {
    /** Is there a lane for each worker, not for each task? */
    this.byWorker = false;
    this.idle = h("input", { type: "checkbox", checked: true, onchange: redraw });
    this.idleLabel = h("label", { class: "itipy-footcheck" }, this.idle, "Skip idle time");
    this.buttons = [false, true].map((byWorker) =>
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            this.byWorker = byWorker;
            redraw();
          },
        },
        byWorker ? "by worker" : "by task",
      ),
    );
    this.element = h(
      "div",
      { class: "itipy-tlbar" },
      h("span", { class: "itipy-dim", "aria-hidden": true }, "Lanes"),
      h("div", { class: "itipy-seg", role: "group", "aria-label": "Lanes" }, ...this.buttons),
      this.idleLabel,
    );
  }

  /** Is idle time cut out? */
  get skipsIdle() {
    return this.idle.checked;
  }

  /** @param {boolean} hasGaps */
  draw(hasGaps) {
    this.idleLabel.hidden = !hasGaps;
    this.buttons.forEach((button, index) =>
      setAttribute(button, "aria-pressed", (index === 1) === this.byWorker),
    );
  }
}
