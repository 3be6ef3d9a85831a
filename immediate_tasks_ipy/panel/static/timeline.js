// The timeline: a lane for each task, its waiting a thin line, its running a bar.

import { arrange, h, icon } from "./elements.js";
import { buildLanes, buildTicks, panned, wholeSpan, zoomed } from "./lanes.js";
import { LANE_HEIGHT, LaneElement } from "./lane.js";
import {
  callText,
  errorName,
  FAILED,
  secondsTaken,
  secondsWaited,
  STATUS_NAMES,
  STATUS_WORDS,
} from "./rows.js";
import { durationText } from "./text.js";
import { VirtualList } from "./virtual_list.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./lanes.js").Lane} LaneParts */
/** @typedef {import("./lanes.js").Span} Span */
/** @typedef {import("./table.js").ListState} ListState */
/** @typedef {import("./table.js").ListEvents} ListEvents */

const ZOOM = 1.6;

export class Timeline {
  /**
   * @param {ListEvents} events
   * @param {string} prefix for ids
   */
  constructor(events, prefix) {
    this.events = events;
    /** @type {Span | null} what is shown; null for all of it, up to now */
    this.span = null;
    /** @type {Span} */
    this.whole = { start: 0, end: 1 };
    /** @type {ListState | null} */
    this.state = null;
    /** @type {Map<number, LaneElement>} */
    this.drawn = new Map();
    /** @type {LaneElement[]} */
    this.spare = [];
    /** What the axis shows, to draw it only when that changes. */
    this.axisFace = "";
    const tool = (
      /** @type {string} */ name,
      /** @type {string | Node} */ face,
      /** @type {() => void} */ act,
    ) =>
      h(
        "button",
        { type: "button", class: "itipy-btn itipy-tool", "aria-label": name, title: name, onclick: act },
        face,
      );
    this.ticks = h("span", { class: "itipy-track" });
    this.nowLabel = h("span", { class: "itipy-nowlabel", style: "left:100%" }, "now");
    this.gridlines = h("span", { class: "itipy-gridlines itipy-track", "aria-hidden": true });
    this.body = h("div", { class: "itipy-lanebody", role: "listbox", "aria-label": "Task timeline" });
    this.lanes = h("div", { class: "itipy-lanes" }, this.gridlines, this.body);
    this.scroller = h("div", { class: "itipy-scroll" }, this.lanes);
    this.tip = h("div", { class: "itipy-tip", role: "tooltip", id: `${prefix}-tip`, hidden: true });
    this.element = h(
      "div",
      { class: "itipy-timeline" },
      h(
        "div",
        { class: "itipy-axis" },
        h(
          "span",
          { class: "itipy-axisname" },
          h("span", { class: "itipy-axisword" }, "Task"),
          tool("Zoom out", icon("minus"), () => this.zoom(ZOOM)),
          tool("Zoom in", icon("plus"), () => this.zoom(1 / ZOOM)),
          tool("Fit", "Fit", () => this.fit()),
        ),
        this.ticks,
      ),
      this.scroller,
      this.tip,
    );
    this.list = new VirtualList(this.scroller, this.body, LANE_HEIGHT, () => {
      this.tip.hidden = true;
      events.scrolled();
    });
    this.list.sticky = true;
    this.list.scrollTop = Number.MAX_SAFE_INTEGER;
    this.listen();
  }

  listen() {
    this.body.addEventListener("click", (event) => {
      const lane = this.laneOf(/** @type {Element} */ (event.target));
      if (lane && !this.dragged) this.events.open(lane.key);
    });
    this.body.addEventListener("pointerover", (event) => this.point(event));
    this.body.addEventListener("pointermove", (event) => this.point(event));
    this.scroller.addEventListener("pointerleave", () => (this.tip.hidden = true));
    this.scroller.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.dragged = false;
    this.body.addEventListener("pointerdown", (event) => {
      this.dragged = false;
      if (event.button !== 0 || this.span === null) return;
      let from = event.clientX;
      const move = (/** @type {PointerEvent} */ moved) => {
        if (!this.dragged && Math.abs(moved.clientX - from) < 4) return;
        this.dragged = true;
        this.tip.hidden = true;
        this.pan((from - moved.clientX) / this.trackWidth);
        from = moved.clientX;
      };
      const end = () => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", end);
        window.removeEventListener("pointercancel", end);
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", end);
      window.addEventListener("pointercancel", end);
    });
  }

  get trackWidth() {
    return Math.max(1, this.ticks.clientWidth);
  }

  /** @param {Element | null} element */
  laneOf(element) {
    const found = element?.closest(".itipy-lane");
    for (const lane of this.drawn.values()) if (lane.element === found) return lane;
    return undefined;
  }

  /** @param {ListState} state */
  draw(state) {
    this.state = state;
    const { keys, rows, now, current } = state;
    const { span: whole, active } = wholeSpan(rows, keys, now);
    this.whole = whole;
    const span = this.span ?? whole;
    const atNow = active && span.end >= now - 1;
    this.drawAxis(span, atNow);
    this.list.lay(keys, current);
    const focused = this.laneOf(document.activeElement);
    const { first, end } = this.list;
    const wanted = keys.slice(first, end);
    const kept = new Set(wanted);
    for (const [key, lane] of this.drawn) {
      if (kept.has(key) || lane === focused) continue;
      this.drawn.delete(key);
      this.spare.push(lane);
    }
    const tabStop = current !== null && kept.has(current) ? current : wanted[0];
    const shown = wanted.map((key) => /** @type {Row} */ (rows.get(key)));
    const parts = buildLanes(shown, now, span);
    const elements = shown.map((row, offset) => {
      const lane = this.drawn.get(row.key) ?? this.spare.pop() ?? new LaneElement();
      this.drawn.set(row.key, lane);
      lane.place(first + offset, keys.length, row.key === tabStop, row.key === current);
      lane.draw(row, /** @type {LaneParts} */ (parts[offset]), state);
      return lane.element;
    });
    if (focused && !kept.has(focused.key)) {
      if (rows.has(focused.key)) elements.push(focused.element);
      else this.drawn.delete(focused.key);
    }
    arrange(this.body, elements);
    if (focused && document.activeElement !== focused.element && focused.element.isConnected) {
      focused.element.focus({ preventScroll: true });
    }
  }

  /**
   * @param {Span} span
   * @param {boolean} atNow the track ends at this moment
   */
  drawAxis(span, atNow) {
    const ticks = buildTicks(span, this.trackWidth, atNow);
    const labels = ticks.map(({ at, text }) => {
      const edge = at < 4 ? " itipy-tickedge" : "";
      return h("span", { class: `itipy-tick${edge}`, style: `left:${at.toFixed(3)}%` }, text);
    });
    const lines = ticks.map(({ at }) => h("i", { style: `left:${at.toFixed(3)}%` }));
    if (atNow) lines.push(h("i", { class: "itipy-now", style: "left:100%" }));
    const face = JSON.stringify([ticks, atNow]);
    if (face === this.axisFace) return;
    this.axisFace = face;
    this.ticks.replaceChildren(...labels, ...(atNow ? [this.nowLabel] : []));
    this.gridlines.replaceChildren(...lines);
  }

  /** @param {number} key */
  focus(key) {
    this.drawn.get(key)?.element.focus({ preventScroll: true });
  }

  /** Show all, up to now. */
  fit() {
    this.span = null;
    this.events.scrolled();
  }

  /**
   * @param {number} factor
   * @param {number} [focus] the moment that stays where it is, 0 to 1
   */
  zoom(factor, focus) {
    const span = this.span ?? this.whole;
    this.span = zoomed(span, factor, focus ?? this.middle(span), this.whole);
    this.events.scrolled();
  }

  /** @param {number} share of the time shown */
  pan(share) {
    if (this.span === null) return;
    this.span = panned(this.span, share, this.whole);
    this.events.scrolled();
  }

  /**
   * What a zoom by button keeps in place: the selected task, if it is in view.
   *
   * @param {Span} span
   */
  middle(span) {
    const row = this.state?.rows.get(this.state.current ?? -1);
    const from = row?.started ?? row?.enqueued ?? null;
    if (!row || from === null) return 0.5;
    const at =
      ((from + (row.finished ?? this.state?.now ?? from)) / 2 - span.start) / (span.end - span.start);
    return at >= 0 && at <= 1 ? at : 0.5;
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    if (event.ctrlKey || event.metaKey) {
      const box = this.ticks.getBoundingClientRect();
      const focus = Math.min(1, Math.max(0, (event.clientX - box.left) / this.trackWidth));
      this.zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM, focus);
      event.preventDefault();
      return;
    }
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (this.span === null || Math.abs(sideways) < 1) return;
    this.pan(sideways / this.trackWidth);
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  point(event) {
    const lane = this.laneOf(/** @type {Element} */ (event.target));
    const row = lane && this.state?.rows.get(lane.key);
    if (!lane || !row || event.buttons !== 0) {
      this.tip.hidden = true;
      return;
    }
    this.drawTip(row);
    const box = this.element.getBoundingClientRect();
    const laneBox = lane.element.getBoundingClientRect();
    this.tip.hidden = false;
    const below = laneBox.bottom - box.top + this.tip.offsetHeight + 2 <= box.height;
    const top = below ? laneBox.bottom - box.top : laneBox.top - box.top - this.tip.offsetHeight;
    const left = Math.min(event.clientX - box.left + 12, box.width - this.tip.offsetWidth - 8);
    this.tip.style.top = `${Math.max(0, top)}px`;
    this.tip.style.left = `${Math.max(0, left)}px`;
  }

  /** @param {Row} row */
  drawTip(row) {
    const now = this.state?.now ?? 0;
    const name = STATUS_NAMES[row.status] ?? "ready";
    const line = (/** @type {string} */ word, /** @type {(string | Node)[]} */ ...value) =>
      h("tr", {}, h("th", { scope: "row" }, word), h("td", {}, ...value));
    const waited = secondsWaited(row, now);
    const ran = secondsTaken(row, now);
    this.tip.replaceChildren(
      h("b", { class: "itipy-code" }, callText(row)),
      h(
        "table",
        {},
        h(
          "tbody",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "row" }, "Status"),
            h("td", { class: `itipy-is-${name}` }, icon(name), STATUS_WORDS[row.status] ?? "?"),
          ),
          waited !== null && line("Waited", durationText(waited)),
          ran !== null && line("Ran", durationText(ran)),
          row.status === FAILED && line("Error", h("span", { class: "itipy-code" }, errorName(row))),
        ),
      ),
    );
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} true if the key was for the timeline
   */
  keydown(event) {
    if (this.state === null || !this.element.contains(/** @type {Node} */ (event.target))) return false;
    if (event.key === "+" || event.key === "=") return (this.zoom(1 / ZOOM), true);
    if (event.key === "-") return (this.zoom(ZOOM), true);
    const lane = this.laneOf(/** @type {Element} */ (event.target));
    if (!lane) return false;
    if (event.key === "ArrowLeft") return (this.pan(-0.1), true);
    if (event.key === "ArrowRight") return (this.pan(0.1), true);
    if (event.key === "Enter" || event.key === " ") return (this.events.open(lane.key), true);
    const { keys } = this.state;
    const to = this.list.moved(event.key, keys.indexOf(lane.key), keys.length);
    const key = to === null ? undefined : keys[to];
    if (to === null || key === undefined) return false;
    this.list.reveal(to);
    this.events.select(key);
    return true;
  }
}
