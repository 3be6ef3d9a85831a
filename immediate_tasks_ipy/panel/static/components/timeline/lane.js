// One lane of the timeline: a task's name, and its waiting and running as bars.

import { h, setAttribute, setText } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { argumentsInParts, durationText, plural } from "../../model/text/format.js";
import { callText, RUNNING, secondsTaken, secondsWaited, STATUS_LABELS, STATUS_NAMES } from "../../model/tasks/rows.js";

/** @typedef {import("../../model/tasks/rows.js").Row} Row */
/** @typedef {import("../../model/time/lanes.js").Lane} Lane */
/** @typedef {import("../../model/list/list_state.js").ListProps} ListProps */

/** The height in pixels; the style sheet sets the same. */
export const LANE_HEIGHT = 24;

/** Reused for one task after another as the timeline scrolls. */
export class LaneElement {
  constructor() {
    this.key = 0;
    /** The status that is drawn; -1 before the first. */
    this.status = -1;
    this.label = h("span", { class: "itipy-name" });
    this.argsHead = h("span");
    this.argsTail = h("span");
    this.nameCell = h(
      "span",
      { class: "itipy-lanename" },
      h(
        "span",
        { class: "itipy-call" },
        this.label,
        h("span", { class: "itipy-inargs" }, this.argsHead, this.argsTail),
      ),
    );
    this.icon = /** @type {SVGSVGElement | null} */ (null);
    this.wait = h("i", { class: "itipy-wait" });
    this.bar = h("i", { class: "itipy-bar" });
    this.progress = h("i", { class: "itipy-barprogress" });
    this.took = h("span", { class: "itipy-barlabel" });
    this.track = h("span", { class: "itipy-track", "aria-hidden": true }, this.wait, this.bar, this.progress, this.took);
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
   * @param {Lane} lane
   * @param {ListProps} props
   */
  draw(row, lane, { now, connected, places, store }) {
    this.key = row.key;
    const indent = `${((places?.get(row.key)?.level ?? 1) - 1) * 16 + 10}px`;
    if (this.nameCell.style.paddingLeft !== indent) this.nameCell.style.paddingLeft = indent;
    this.drawStatus(row.status);
    setText(this.label, row.name);
    const [head, tail] = argumentsInParts(row.args);
    setText(this.argsHead, head);
    setText(this.argsTail, tail);
    drawBar(this.wait, lane.wait);
    drawBar(this.bar, lane.bar);
    drawBar(this.progress, progressBar(row, lane.bar));
    const seconds = secondsTaken(row, now);
    this.took.hidden = lane.label === null || seconds === null;
    if (lane.label !== null) this.took.style.left = `${lane.label.toFixed(3)}%`;
    const open = row.finished === null && !connected ? "+" : "";
    setText(this.took, seconds === null ? "" : durationText(seconds) + open);
    setAttribute(this.element, "aria-label", accessibleName(row, now, store));
  }

  /** @param {number} status */
  drawStatus(status) {
    if (status === this.status) return;
    this.status = status;
    const name = STATUS_NAMES[status] ?? "ready";
    this.nameCell.className = `itipy-lanename itipy-is-${name}`;
    this.bar.className = `itipy-bar itipy-is-${name}`;
    this.icon?.remove();
    this.icon = icon(name);
    this.nameCell.prepend(this.icon);
  }
}

/**
 * @param {HTMLElement} element
 * @param {import("../../model/time/lanes.js").Bar | null} bar
 */
function drawBar(element, bar) {
  element.hidden = bar === null;
  if (bar === null) return;
  element.style.left = `${bar.left.toFixed(3)}%`;
  element.style.width = `${bar.width.toFixed(3)}%`;
}

/**
 * The part of a bar that stands for what is done of a task that runs.
 *
 * @param {Row} row
 * @param {import("../../model/time/lanes.js").Bar | null} bar
 * @returns {import("../../model/time/lanes.js").Bar | null}
 */
function progressBar({ status, progress }, bar) {
  if (status !== RUNNING || bar === null || !progress?.[1]) return null;
  return { left: bar.left, width: bar.width * Math.min(1, Math.max(0, progress[0] / progress[1])) };
}

/**
 * "Failed, fetch(...), waited 0.80 s, took 1.20 s".
 *
 * @param {Row} row
 * @param {number} now
 * @param {import("../../model/tasks/store.js").Store} store
 * @returns {string}
 */
export function accessibleName(row, now, { relations, rows }) {
  const parts = [STATUS_LABELS[row.status] ?? "?", callText(row)];
  const waited = secondsWaited(row, now);
  if (waited !== null) parts.push(`waited ${durationText(waited)}`);
  const ran = secondsTaken(row, now);
  if (ran !== null) parts.push(`${row.finished === null ? "running for" : "took"} ${durationText(ran)}`);
  const parent = row.parent === null ? undefined : rows.get(row.parent);
  if (parent) parts.push(`child of ${callText(parent)}`);
  const children = relations.childrenOf(row.key).length;
  if (children > 0) parts.push(plural(children, "child task"));
  return parts.join(", ");
}
