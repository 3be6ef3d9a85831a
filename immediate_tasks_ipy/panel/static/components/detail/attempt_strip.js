// The attempts of the open task, oldest first: one of them is shown below.

import { h, setAttribute, setText } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { durationText } from "../../model/text/format.js";
import { attemptSentence } from "../../model/tasks/attempts.js";
import { STATUS_LABELS, STATUS_NAMES } from "../../model/tasks/rows.js";

/** @typedef {import("../../model/tasks/attempts.js").Attempt} Attempt */

export class AttemptStrip {
  /** @param {(attempt: Attempt) => void} choose */
  constructor(choose) {
    this.choose = choose;
    /** Identifies what is drawn. */
    this.renderKey = "";
    /** @type {Attempt[]} */
    this.attempts = [];
    this.element = h("div", {
      class: "itipy-attempts",
      role: "radiogroup",
      "aria-label": "Attempt",
      hidden: true,
    });
    this.text = h("span");
    this.hint = h("p", { class: "itipy-hint", hidden: true }, this.text);
  }

  /**
   * @param {Attempt[]} attempts oldest first
   * @param {number} chosen the position of the one that is shown
   */
  draw(attempts, chosen) {
    this.attempts = attempts;
    this.element.hidden = attempts.length < 2;
    const sentence = attemptSentence(attempts, chosen);
    this.hint.hidden = sentence === "";
    setText(this.text, sentence);
    const renderKey = JSON.stringify(attempts);
    if (renderKey !== this.renderKey) {
      this.renderKey = renderKey;
      const hadFocus = this.element.contains(document.activeElement);
      this.element.replaceChildren(...attempts.map((attempt, index) => this.radio(attempt, index)));
      const newest = /** @type {HTMLElement | undefined} */ (this.element.lastElementChild);
      this.element.scrollLeft = newest ? newest.offsetLeft : 0;
      if (hadFocus) this.focus(chosen);
    }
    [...this.element.children].forEach((radio, index) => {
      setAttribute(radio, "aria-checked", index === chosen);
      setAttribute(radio, "tabindex", index === chosen ? 0 : -1);
    });
  }

  /**
   * @param {Attempt} attempt
   * @param {number} index
   */
  radio(attempt, index) {
    const status = STATUS_NAMES[attempt.status] ?? "ready";
    const word = (STATUS_LABELS[attempt.status] ?? "").toLowerCase();
    const took = attempt.seconds === null ? "" : durationText(attempt.seconds);
    const name = [`Attempt ${index + 1}`, word, attempt.error, took].filter(Boolean).join(", ");
    return h(
      "button",
      {
        type: "button",
        role: "radio",
        "aria-label": name,
        title: name,
        onclick: () => this.choose(attempt),
      },
      h("span", { class: `itipy-dline itipy-is-${status}` }, icon(status)),
      h("span", {}, `Attempt ${index + 1}`),
      h("small", {}, [attempt.error, took].filter(Boolean).join(" · ") || word),
    );
  }

  /** @param {number} index */
  focus(index) {
    /** @type {HTMLElement | undefined} */ (this.element.children[index])?.focus();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the key was handled
   */
  keydown(event) {
    const radios = [...this.element.children];
    const at = radios.indexOf(/** @type {Element} */ (event.target));
    if (at < 0) return false;
    const last = radios.length - 1;
    const moves = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: last };
    const to = moves[/** @type {keyof typeof moves} */ (event.key)];
    if (to === undefined) return false;
    const index = Math.max(0, Math.min(last, to));
    this.choose(/** @type {Attempt} */ (this.attempts[index]));
    this.focus(index);
    return true;
  }
}
