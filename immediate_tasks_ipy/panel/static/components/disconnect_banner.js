// The banner that says that the kernel is gone, and what to run.

import { h } from "../dom/elements.js";
import { icon } from "../dom/icons.js";
import { clockText } from "../model/text/format.js";

/** @typedef {import("../model/tasks/connection.js").Connection} Connection */

export class DisconnectBanner {
  constructor() {
    this.element = h("div", { class: "itipy-banner", role: "alert", hidden: true });
  }

  /** @param {Connection} connection */
  draw({ health, asOf }) {
    const disconnected = health === "disconnected";
    this.element.hidden = !disconnected;
    if (!disconnected) {
      this.element.replaceChildren();
      return;
    }
    const since = asOf === null ? "" : ` Last known state, from ${clockText(asOf)}.`;
    const text = h("span", {}, h("b", {}, "Kernel disconnected."), `${since} Run %tasks again.`);
    this.element.replaceChildren(icon("warning"), text);
  }
}
