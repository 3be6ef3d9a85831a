// The timeline's axis: zoom buttons, tick labels, and the grid lines behind the lanes.

import { h, setText } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { longDurationText } from "../../model/text/format.js";
import { buildTicks } from "../../model/time/ticks.js";

/** @typedef {import("../../model/time/time_scale.js").TimeScale} TimeScale */

/**
 * @typedef {object} ZoomEvents
 * @property {() => void} zoomOut
 * @property {() => void} zoomIn
 * @property {() => void} fit
 */

/** @typedef {{ name: string, left: string, width?: string, text?: string }} Mark */

export class TimeAxis {
  /** @param {ZoomEvents} events */
  constructor(events) {
    /** Identifies what is drawn. */
    this.renderKey = "";
    this.word = h("span", { class: "itipy-axisword" });
    this.labels = h("span");
    this.nowLabel = h("span", { class: "itipy-nowlabel", style: "left:100%" }, "now");
    this.ticks = h("span", { class: "itipy-track" }, this.labels, this.nowLabel);
    this.gridlines = h("span", { class: "itipy-gridlines itipy-track", "aria-hidden": true });
    this.element = h(
      "div",
      { class: "itipy-axis" },
      h(
        "span",
        { class: "itipy-axisname" },
        this.word,
        toolButton("Zoom out", icon("minus"), events.zoomOut),
        toolButton("Zoom in", icon("plus"), events.zoomIn),
        toolButton("Fit", "Fit", events.fit),
      ),
      this.ticks,
    );
  }

  /** The width of the tracks in pixels. */
  get trackWidth() {
    return Math.max(1, this.ticks.clientWidth);
  }

  /**
   * The position of a pointer on the track, 0 (start) to 1 (end).
   *
   * @param {number} clientX
   * @returns {number}
   */
  positionOf(clientX) {
    const { left } = this.ticks.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left) / this.trackWidth));
  }

  /**
   * @param {TimeScale} scale
   * @param {boolean} endsNow whether the track ends at the present moment
   * @param {string} word what the lanes are of
   */
  draw(scale, endsNow, word) {
    setText(this.word, word);
    const ticks = buildTicks(scale, this.trackWidth, endsNow);
    const gaps = scale.gaps.map(({ start, end }) => ({
      left: scale.at(start).toFixed(2),
      width: (scale.at(end) - scale.at(start)).toFixed(2),
      text: `${longDurationText((end - start) / 1000)} idle`,
    }));
    const renderKey = JSON.stringify([ticks, gaps, endsNow]);
    if (renderKey === this.renderKey) return;
    this.renderKey = renderKey;
    /** @type {Mark[]} */
    const labels = ticks.map(({ at, text }) => {
      const edge = at < 4 ? " itipy-tickedge" : "";
      return { name: `itipy-tick${edge}`, left: `${at.toFixed(3)}%`, text };
    });
    /** @type {Mark[]} */
    const lines = ticks.map(({ at }) => ({ name: "", left: `${at.toFixed(3)}%` }));
    if (endsNow) lines.push({ name: "itipy-now", left: "100%" });
    for (const { left, width, text } of gaps) {
      labels.push({ name: "itipy-gaplabel", left: `calc(${left}% + ${width}% / 2)`, text });
      lines.push({ name: "itipy-gapcol", left: `${left}%`, width: `${width}%` });
    }
    this.nowLabel.hidden = !endsNow;
    drawMarks(this.labels, labels, "span");
    drawMarks(this.gridlines, lines, "i");
  }
}

/**
 * Draw marks with the elements that are there, as far as they suffice.
 *
 * @param {Element} parent
 * @param {Mark[]} marks
 * @param {"span" | "i"} tag
 */
function drawMarks(parent, marks, tag) {
  while (parent.childElementCount > marks.length) parent.lastElementChild?.remove();
  marks.forEach(({ name, left, width = "", text = "" }, index) => {
    let element = /** @type {HTMLElement | undefined} */ (parent.children[index]);
    if (element === undefined) parent.append((element = h(tag)));
    if (element.className !== name) element.className = name;
    element.style.left = left;
    element.style.width = width;
    setText(element, text);
  });
}

/**
 * @param {string} name
 * @param {string | Node} content
 * @param {() => void} action
 */
function toolButton(name, content, action) {
  return h(
    "button",
    { type: "button", class: "itipy-btn itipy-tool", "aria-label": name, title: name, onclick: action },
    content,
  );
}
