// Dragging across the lanes: marks a span and zooms to it, or with Shift moves the shown span.

import { h, setText } from "../../dom/elements.js";
import { clockText, durationText } from "../../model/text/format.js";

/** @typedef {import("./timeline.js").Timeline} Timeline */

/** Pixels that a pressed pointer moves before it drags. */
const THRESHOLD = 6;

export class Brush {
  /** @param {Timeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
    /** Has the pointer dragged since it was last pressed? */
    this.dragged = false;
    this.label = h("b");
    this.element = h("div", { class: "itipy-brush", hidden: true, "aria-hidden": true }, this.label);
  }

  /** @param {PointerEvent} event */
  start(event) {
    this.dragged = false;
    const { axis, tooltip } = this.timeline;
    if (event.button !== 0) return;
    const pans = event.shiftKey;
    const from = event.clientX;
    let last = from;
    const ended = new AbortController();
    const { signal } = ended;
    const stop = () => {
      this.element.hidden = true;
      ended.abort();
    };
    const move = (/** @type {PointerEvent} */ moved) => {
      // Released where no page could notice.
      if (moved.buttons === 0) return stop();
      if (!this.dragged && Math.abs(moved.clientX - from) < THRESHOLD) return;
      this.dragged = true;
      tooltip.hide();
      if (pans) this.timeline.pan((last - moved.clientX) / axis.trackWidth);
      else this.draw(axis.positionOf(from), axis.positionOf(moved.clientX));
      last = moved.clientX;
    };
    const up = (/** @type {PointerEvent} */ released) => {
      const zooms = this.dragged && !pans && !this.element.hidden;
      stop();
      if (zooms) this.timeline.zoomTo(axis.positionOf(from), axis.positionOf(released.clientX));
    };
    const escape = (/** @type {KeyboardEvent} */ pressed) => {
      if (pressed.key !== "Escape" || this.element.hidden) return;
      pressed.stopPropagation();
      stop();
    };
    window.addEventListener("pointermove", move, { signal });
    window.addEventListener("pointerup", up, { signal });
    window.addEventListener("pointercancel", stop, { signal });
    window.addEventListener("keydown", escape, { capture: true, signal });
  }

  /**
   * @param {number} from a position on the track, 0 to 1
   * @param {number} to
   */
  draw(from, to) {
    const { axis, scale, element } = this.timeline;
    const left = Math.min(from, to);
    const box = element.getBoundingClientRect();
    const track = axis.ticks.getBoundingClientRect();
    this.element.hidden = false;
    this.element.style.left = `${track.left - box.left + left * axis.trackWidth}px`;
    this.element.style.width = `${Math.abs(to - from) * axis.trackWidth}px`;
    this.element.style.top = `${axis.element.offsetTop + axis.element.offsetHeight}px`;
    const [start, end] = [left, Math.max(from, to)].map((each) => scale.timeAt(each * 100));
    const length = durationText(((end ?? 0) - (start ?? 0)) / 1000);
    setText(this.label, `${clockText(start ?? 0)} to ${clockText(end ?? 0)}, ${length}`);
  }
}
