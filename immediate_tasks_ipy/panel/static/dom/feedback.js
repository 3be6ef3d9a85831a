// Feedback on the user's requests: messages, errors, and announcements for screen readers.

import { Announcer } from "../model/text/announcer.js";
import { h, setText } from "./elements.js";
import { icon } from "./icons.js";

/** Milliseconds that a message is shown. */
const MESSAGE_DURATION = 5000;
/** Milliseconds without an answer until the busy notice is shown. */
const BUSY_DELAY = 1500;
const BUSY =
  "The kernel is busy and will answer when it is free. To interrupt what runs, use the stop button.";

/** A message for the footer, a bar for errors that stays until dismissed, and a live region. */
export class Feedback {
  /** @param {() => void} onChange called when `message` has changed */
  constructor(onChange) {
    this.onChange = onChange;
    /** The message to show in the footer; empty for none. */
    this.message = "";
    this.errorText = h("span");
    this.errorBar = h(
      "div",
      { class: "itipy-banner itipy-notice", hidden: true },
      icon("warning"),
      this.errorText,
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
    this.liveRegion = h("span", { class: "itipy-sr", role: "status", "aria-live": "polite" });
    this.announcer = new Announcer((text) => setText(this.liveRegion, text), Date.now);
  }

  /** @param {string} text what was done */
  showMessage(text) {
    this.message = text;
    this.announcer.announce(text);
    clearTimeout(this.messageTimer);
    this.messageTimer = setTimeout(() => {
      this.message = "";
      this.onChange();
    }, MESSAGE_DURATION);
    this.onChange();
  }

  /**
   * Show how far something is, until it has ended.
   *
   * @param {string} text
   * @param {boolean} isAlive has the kernel answered?
   */
  showProgress(text, isAlive) {
    if (isAlive && this.errorText.textContent === BUSY) this.dismiss();
    if (!isAlive) return;
    clearTimeout(this.messageTimer);
    this.message = text;
    this.onChange();
  }

  endProgress() {
    if (!this.message.endsWith("…")) return;
    this.message = "";
    this.onChange();
  }

  /** @param {unknown} reason an Error or a text */
  showError(reason) {
    const text = reason instanceof Error ? reason.message : String(reason);
    setText(this.errorText, text);
    this.errorBar.hidden = false;
    this.announcer.announce(text);
  }

  dismiss() {
    if (this.errorBar.hidden) return;
    this.errorBar.hidden = true;
    this.onChange();
  }

  /**
   * Await an answer; while it is late, show that the kernel is busy.
   *
   * @template T
   * @param {Promise<T>} answer
   * @returns {Promise<T>}
   */
  async withBusyNotice(answer) {
    const timer = setTimeout(() => this.showError(BUSY), BUSY_DELAY);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      if (this.errorText.textContent === BUSY) this.dismiss();
    }
  }
}
