// The timeline: a lane for each task or worker, waiting as a thin line, running as a bar.

import { h, setAttribute } from "../../dom/elements.js";
import { RowPool } from "../../dom/row_pool.js";
import { VirtualList } from "../../dom/virtual_list.js";
import { buildLanes } from "../../model/time/lanes.js";
import { TimeScale } from "../../model/time/time_scale.js";
import { panned, spanBetween, wholeSpan, zoomed } from "../../model/time/time_span.js";
import { Brush } from "./brush.js";
import { LANE_HEIGHT, LaneElement } from "./lane.js";
import { LaneTooltip } from "./lane_tooltip.js";
import { TimeAxis } from "./time_axis.js";
import { TimelineTools } from "./timeline_tools.js";
import { WorkerLanes } from "./worker_lanes.js";

/** @typedef {import("../../model/tasks/rows.js").Row} Row */
/** @typedef {import("../../model/time/lanes.js").Lane} Lane */
/** @typedef {import("../../model/time/time_span.js").Extent} Extent */
/** @typedef {import("../../model/time/time_span.js").Span} Span */
/** @typedef {import("../../model/list/list_state.js").ListProps} ListProps */
/** @typedef {import("../../model/list/list_state.js").ListEvents} ListEvents */

/** Milliseconds without a scroll after which the lanes rest. */
const REST = 150;
/** Milliseconds between two looks at a span that grows while tasks run. */
const FIT_INTERVAL = 250;
/** The factor of one step of zooming. */
const ZOOM = 1.6;
/** The fraction of the shown span that a key moves by. */
const PAN = 0.1;

export class Timeline {
  /**
   * @param {ListEvents} events
   * @param {string} prefix of ids
   */
  constructor(events, prefix) {
    this.events = events;
    /** The zoomed span; null to show all, up to now. */
    this.span = /** @type {Span | null} */ (null);
    /** @type {Span} */
    this.whole = { start: 0, end: 1 };
    this.scale = new TimeScale(this.whole, [], 1);
    /** What was drawn last. */
    this.props = /** @type {ListProps | null} */ (null);
    /** When the span that grows was last fitted, and to what. */
    this.fittedAt = -Infinity;
    /** @type {Extent | null} */
    this.fittedTo = null;
    this.tools = new TimelineTools(() => events.scroll());
    this.axis = new TimeAxis({
      zoomOut: () => this.zoom(ZOOM),
      zoomIn: () => this.zoom(1 / ZOOM),
      fit: () => this.fit(),
    });
    this.body = h("div", { class: "itipy-lanebody", role: "listbox", "aria-label": "Task timeline" });
    this.scroller = h(
      "div",
      { class: "itipy-scroll" },
      h("div", { class: "itipy-lanes" }, this.axis.gridlines, this.body),
    );
    this.tooltip = new LaneTooltip(`${prefix}-tip`);
    this.brush = new Brush(this);
    this.element = h(
      "div",
      { class: "itipy-timeline" },
      this.tools.element,
      this.axis.element,
      this.scroller,
      this.brush.element,
      this.tooltip.element,
    );
    /** @type {{ x: number, y: number } | null} where the pointer rests above the lanes */
    this.pointer = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.resting = undefined;
    this.list = new VirtualList(this.scroller, this.body, LANE_HEIGHT, () => {
      this.hideTooltip();
      events.scroll();
    });
    this.list.stickToEnd = true;
    this.list.scrollTop = Number.MAX_SAFE_INTEGER;
    this.lanes = new RowPool(this.body, () => new LaneElement());
    this.workers = new WorkerLanes(this.body);
    this.addListeners();
  }

  addListeners() {
    this.body.addEventListener("click", (event) => {
      const key = this.keyAt(/** @type {Element} */ (event.target));
      if (key !== null && !this.brush.dragged) this.events.open(key);
    });
    this.body.addEventListener("pointerover", (event) => this.showTooltip(event));
    this.body.addEventListener("pointermove", (event) => this.showTooltip(event));
    this.body.addEventListener("focusin", (event) => this.showTooltipAt(event.target));
    this.body.addEventListener("focusout", () => this.hideTooltip());
    this.scroller.addEventListener("pointerdown", (event) => this.brush.start(event));
    this.scroller.addEventListener("dblclick", () => this.fit());
    this.scroller.addEventListener("pointerleave", () => {
      this.pointer = null;
      this.tooltip.hide();
    });
    this.scroller.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  /**
   * The task that an element shows.
   *
   * @param {Element} element
   */
  keyAt(element) {
    if (this.tools.byWorker) return this.workers.keyAt(element);
    return this.lanes.rowAt(element)?.key ?? null;
  }

  /** @param {ListProps} props */
  draw(props) {
    this.props = props;
    const { extent } = props;
    const now = performance.now();
    // While tasks run, the span grows with time: all bars move, so not with each frame.
    if (this.fittedTo?.start !== extent.start || !extent.active || now - this.fittedAt > FIT_INTERVAL) {
      this.fittedAt = now;
      this.fittedTo = extent;
      this.whole = wholeSpan(extent, props.now);
    }
    const span = this.span ?? this.whole;
    const gaps = this.tools.skipsIdle ? extent.gaps : [];
    this.scale = new TimeScale(span, gaps, this.axis.trackWidth);
    this.tools.draw(extent.gaps.length > 0);
    const endsNow = extent.active && span.end >= this.whole.end - 1;
    this.axis.draw(this.scale, endsNow, this.tools.byWorker ? "Worker" : "Task");
    setAttribute(this.element, "data-lanes", this.tools.byWorker ? "workers" : "tasks");
    if (this.tools.byWorker) this.workers.draw(props, this.scale);
    else this.drawTasks(props);
  }

  /** @param {ListProps} props */
  drawTasks(props) {
    const { ids, now, selectedKey, store } = props;
    this.workers.clear();
    this.list.layout(ids, selectedKey);
    const { first, end } = this.list;
    const visible = ids.slice(first, end);
    const tabStop = selectedKey !== null && visible.includes(selectedKey) ? selectedKey : visible[0];
    const rows = visible.map((key) => /** @type {Row} */ (store.rows.get(key)));
    const lanes = buildLanes(rows, now, this.scale);
    this.lanes.draw(
      visible,
      (element, key, offset) => {
        element.place(first + offset, ids.length, key === tabStop, key === selectedKey);
        const row = /** @type {Row} */ (rows[offset]);
        element.draw(row, /** @type {Lane} */ (lanes[offset]), props);
      },
      (key) => store.rows.has(key),
    );
  }

  /** @param {number} key */
  focus(key) {
    if (this.tools.byWorker) this.workers.focus(key);
    else this.lanes.focus(key);
  }

  /** Show all, up to now. */
  fit() {
    this.span = null;
    this.events.scroll();
  }

  /**
   * @param {number} factor above 1 to zoom out
   * @param {number} [focus] the position that stays in place, 0 to 1
   */
  zoom(factor, focus) {
    const span = this.span ?? this.whole;
    this.span = zoomed(span, factor, focus ?? this.zoomFocus(span), this.whole);
    this.events.scroll();
  }

  /**
   * Show what lies between two positions of the track, 0 to 1.
   *
   * @param {number} from
   * @param {number} to
   */
  zoomTo(from, to) {
    this.span = spanBetween(this.scale.timeAt(from * 100), this.scale.timeAt(to * 100), this.whole);
    this.events.scroll();
  }

  /** @param {number} fraction of the shown span */
  pan(fraction) {
    if (this.span === null) return;
    this.span = panned(this.span, fraction, this.whole);
    this.events.scroll();
  }

  /**
   * The position that buttons zoom around: the selected task's middle if visible, else the centre.
   *
   * @param {Span} span
   */
  zoomFocus({ start, end }) {
    const { store, selectedKey, now = 0 } = this.props ?? {};
    const row = store?.rows.get(selectedKey ?? -1);
    const from = row?.started ?? row?.enqueued ?? null;
    if (!row || from === null) return 0.5;
    const focus = ((from + (row.finished ?? now)) / 2 - start) / (end - start);
    return focus >= 0 && focus <= 1 ? focus : 0.5;
  }

  /** @param {WheelEvent} event zooms with Ctrl, pans sideways or with Shift */
  wheel(event) {
    if (event.ctrlKey || event.metaKey) {
      this.zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM, this.axis.positionOf(event.clientX));
      event.preventDefault();
      return;
    }
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (this.span === null || Math.abs(sideways) < 1) return;
    this.pan(sideways / this.axis.trackWidth);
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  showTooltip(event) {
    this.pointer = { x: event.clientX, y: event.clientY };
    if (event.buttons !== 0) this.tooltip.hide();
    else this.showTooltipAt(event.target, event.clientX);
  }

  /** Hide the tooltip until the lanes rest: a pointer that does not move gets that of its lane. */
  hideTooltip() {
    this.tooltip.hide();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      const { pointer } = this;
      const root = /** @type {Document | ShadowRoot} */ (this.element.getRootNode());
      const target = pointer && root.elementFromPoint?.(pointer.x, pointer.y);
      if (pointer && target && this.body.contains(target)) this.showTooltipAt(target, pointer.x);
    }, REST);
  }

  /**
   * @param {EventTarget | null} target
   * @param {number} [clientX] of the pointer
   */
  showTooltipAt(target, clientX) {
    const element = /** @type {Element} */ (target);
    const key = this.keyAt(element);
    if (key === null || this.props === null || !this.props.store.rows.has(key)) {
      this.tooltip.hide();
      return;
    }
    const shown = element.closest("[role=option]") ?? element;
    const box = this.element.getBoundingClientRect();
    const lane = shown.getBoundingClientRect();
    this.tooltip.show(key, this.props, lane, box, clientX ?? Math.max(lane.left, box.left + 140));
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the key was handled
   */
  keydown(event) {
    const target = /** @type {Element} */ (event.target);
    if (this.props === null || !this.element.contains(target)) return false;
    if (event.key === "+" || event.key === "=") return (this.zoom(1 / ZOOM), true);
    if (event.key === "-") return (this.zoom(ZOOM), true);
    if (event.key === "0") return (this.fit(), true);
    const key = this.keyAt(target);
    if (key === null) return false;
    if (event.shiftKey && event.key === "ArrowLeft") return (this.pan(-PAN), true);
    if (event.shiftKey && event.key === "ArrowRight") return (this.pan(PAN), true);
    if (event.key === "Enter" || event.key === " ") return (this.events.open(key), true);
    const next = this.tools.byWorker ? this.workers.keyAfter(event.key, key) : this.keyAfter(event.key, key);
    if (next === null) return false;
    this.events.select(next);
    return true;
  }

  /**
   * The task that a navigation key moves to; null for other keys.
   *
   * @param {string} name of the keyboard's key
   * @param {number} key of the focused task
   */
  keyAfter(name, key) {
    const { ids } = /** @type {ListProps} */ (this.props);
    const to = this.list.indexAfter(name, ids.indexOf(key), ids.length);
    if (to === null) return null;
    this.list.reveal(to);
    return ids[to] ?? null;
  }
}
