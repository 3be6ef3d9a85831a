// The lifecycle of the open task, as a line of stages.

import { h } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { dateText } from "../../model/text/format.js";

/** @typedef {import("../../model/text/stages.js").Step} Step */

/** Steps of a task of one attempt: three stages and two gaps, which the style sheet lays out. */
const STEPS_IN_ONE_LINE = 5;

export class Lifecycle {
  constructor() {
    this.element = h("ol", { class: "itipy-life", "aria-label": "Lifecycle" });
    /** Identifies what is drawn. */
    this.renderKey = "";
  }

  /** @param {Step[]} steps */
  draw(steps) {
    const renderKey = JSON.stringify(steps);
    if (renderKey === this.renderKey) return;
    this.renderKey = renderKey;
    this.element.classList.toggle("itipy-longlife", steps.length > STEPS_IN_ONE_LINE);
    this.element.replaceChildren(...steps.map(stepElement));
  }
}

/** The same in one line of text, for a narrow panel. */
export class Lifeline {
  constructor() {
    this.element = h("ol", { class: "itipy-lifeline", "aria-label": "Lifecycle" });
    this.renderKey = "";
  }

  /** @param {string[]} parts */
  draw(parts) {
    const renderKey = parts.join("\n");
    if (renderKey === this.renderKey) return;
    this.renderKey = renderKey;
    this.element.replaceChildren(...parts.map((part) => h("li", {}, part)));
  }
}

/**
 * @param {Step} step
 * @returns {HTMLLIElement}
 */
function stepElement(step) {
  if ("gap" in step) {
    return h(
      "li",
      { class: `itipy-gap${step.waiting ? " itipy-gap-wait" : ""}` },
      h("i", { class: "itipy-gapline" }),
      h("span", { class: "itipy-gaptext" }, step.gap),
    );
  }
  const name = step.stage.toLowerCase();
  const mark = name === "running" ? h("i", { class: "itipy-dot" }) : icon(name);
  return h(
    "li",
    { class: "itipy-stage", title: step.time === null ? null : dateText(step.time) },
    h("span", { class: `itipy-stagename itipy-is-${name}` }, mark, step.stage),
  );
}
