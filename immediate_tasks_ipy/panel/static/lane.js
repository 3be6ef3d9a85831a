// One lane of the timeline in the DOM.

import { h, icon, setAttribute, setText } from "./elements.js";
import { callText, secondsTaken, secondsWaited, STATUS_NAMES, STATUS_WORDS } from "./rows.js";
import { durationText, headAndTail } from "./text.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./lanes.js").Lane} LaneParts */
/** @typedef {import("./table.js").ListState} ListState */

export const LANE_HEIGHT = 24;
/** The last characters of a call that a narrow lane keeps: there calls differ. */
const LAST_CHARACTERS = 6;

/** Shows one task after another as the list scrolls. */
export class LaneElement {
  constructor() {
    this.key = 0;
    this.status = -1;
    this.label = h("span", { class: "itipy-name" });
    this.inHead = h("span");
    this.inTail = h("span");
    this.nameCell = h(
      "span",
      { class: "itipy-lanename" },
      h(
        "span",
        { class: "itipy-call" },
        this.label,
        h("span", { class: "itipy-inargs" }, this.inHead, this.inTail),
      ),
    );
    this.icon = /** @type {SVGSVGElement | null} */ (null);
    this.wait = h("i", { class: "itipy-wait" });
    this.bar = h("i", { class: "itipy-bar" });
    this.took = h("span", { class: "itipy-barlabel" });
    this.track = h("span", { class: "itipy-track", "aria-hidden": true }, this.wait, this.bar, this.took);
    this.element = h("div", { role: "option", class: "itipy-lane" }, this.nameCell, this.track);
  }

  /**
   * @param {number} index
   * @param {number} count
   * @param {boolean} tabStop
   * @param {boolean} selected
   */
  place(index, count, tabStop, selected) {
    const { element } = this;
    const top = `${index * LANE_HEIGHT}px`;
    if (element.style.top !== top) element.style.top = top;
    setAttribute(element, "aria-posinset", index + 1);
    setAttribute(element, "aria-setsize", count);
    setAttribute(element, "aria-selected", selected);
    setAttribute(element, "tabindex", tabStop ? 0 : -1);
  }

  /**
   * @param {Row} row
   * @param {LaneParts} parts
   * @param {ListState} state
   */
  draw(row, parts, { now, connected }) {
    this.key = row.key;
    const name = STATUS_NAMES[row.status] ?? "ready";
    if (row.status !== this.status) {
      this.status = row.status;
      this.nameCell.className = `itipy-lanename itipy-is-${name}`;
      this.bar.className = `itipy-bar itipy-is-${name}`;
      this.icon?.remove();
      this.icon = icon(name);
      this.nameCell.prepend(this.icon);
    }
    setText(this.label, row.name);
    const [head, tail] = row.args === null ? ["", ""] : headAndTail(`(${row.args})`, LAST_CHARACTERS);
    setText(this.inHead, head);
    setText(this.inTail, tail);
    for (const [element, part] of /** @type {const} */ ([
      [this.wait, parts.wait],
      [this.bar, parts.bar],
    ])) {
      element.hidden = part === null;
      if (part === null) continue;
      element.style.left = `${part.left.toFixed(3)}%`;
      element.style.width = `${part.width.toFixed(3)}%`;
    }
    const ran = secondsTaken(row, now);
    this.took.hidden = parts.label === null || ran === null;
    if (parts.label !== null) this.took.style.left = `${parts.label.toFixed(3)}%`;
    const open = row.finished === null && !connected ? "+" : "";
    setText(this.took, ran === null ? "" : durationText(ran) + open);
    setAttribute(this.element, "aria-label", laneName(row, now));
  }
}

/**
 * "Failed, fetch(...), waited 0.80 s, took 1.20 s".
 *
 * @param {Row} row
 * @param {number} now
 * @returns {string}
 */
export function laneName(row, now) {
  const parts = [STATUS_WORDS[row.status] ?? "?", callText(row)];
  const waited = secondsWaited(row, now);
  if (waited !== null) parts.push(`waited ${durationText(waited)}`);
  const ran = secondsTaken(row, now);
  if (ran !== null) parts.push(`${row.finished === null ? "running for" : "took"} ${durationText(ran)}`);
  return parts.join(", ");
}
