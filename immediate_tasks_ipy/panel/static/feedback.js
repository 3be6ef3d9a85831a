// What the panel answers: done, in the footer for a while, or why not, in a bar until dismissed.

import { Announcer } from "./announcer.js";
import { h, icon, setText } from "./elements.js";

/** Milliseconds that a good answer stays. */
const SHOWN = 5000;
/** Milliseconds after which a question without an answer is explained. */
const PATIENCE = 1500;
const BUSY =
  "The kernel is busy and will answer when it is free. To interrupt what runs, use the stop button.";

export class Feedback {
  /** @param {() => void} changed the answer in the footer is another one */
  constructor(changed) {
    this.changed = changed;
    /** The sentence that stands in the footer for a while. */
    this.answer = "";
    this.text = h("span");
    this.bar = h(
      "div",
      { class: "itipy-lost itipy-notice", hidden: true },
      icon("warning"),
      this.text,
      h(
        "button",
        {
          type: "button",
          class: "itipy-btn itipy-iconbtn",
          "aria-label": "Dismiss",
          onclick: () => this.dismiss(),
        },
        icon("close"),
      ),
    );
    this.status = h("span", { class: "itipy-sr", role: "status", "aria-live": "polite" });
    this.announcer = new Announcer((text) => setText(this.status, text), Date.now);
  }

  /** @param {string} text what was done */
  reply(text) {
    this.answer = text;
    this.announcer.say(text);
    clearTimeout(this.replying);
    this.replying = setTimeout(() => {
      this.answer = "";
      this.changed();
    }, SHOWN);
    this.changed();
  }

  /** @param {unknown} reason why something was not done */
  complain(reason) {
    const text = reason instanceof Error ? reason.message : String(reason);
    setText(this.text, text);
    this.bar.hidden = false;
    this.announcer.say(text);
  }

  dismiss() {
    this.bar.hidden = true;
  }

  /**
   * Wait for an answer, and explain when it takes long.
   *
   * @template T
   * @param {Promise<T>} answer
   * @returns {Promise<T>}
   */
  async patiently(answer) {
    const timer = setTimeout(() => this.complain(BUSY), PATIENCE);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      if (this.text.textContent === BUSY) this.dismiss();
    }
  }
}
