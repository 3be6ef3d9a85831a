// The lanes of the timeline by worker: the tasks that ran in each, and how many wait.

import { arrange, h, setAttribute, setText } from "../../dom/elements.js";
import { countText } from "../../model/text/format.js";
import { visibleBar } from "../../model/time/lanes.js";
import { callText, STATUS_NAMES } from "../../model/tasks/rows.js";
import { busyShare, workerLanes } from "../../model/time/worker_lanes.js";
import { accessibleName, LANE_HEIGHT } from "./lane.js";

/** @typedef {import("../../model/tasks/rows.js").Row} Row */
/** @typedef {import("../../model/list/list_state.js").ListProps} ListProps */
/** @typedef {import("../../model/time/time_scale.js").TimeScale} TimeScale */
/** @typedef {import("../../model/time/worker_lanes.js").WorkerLane} WorkerLane */

/** Pixels that a character of a label takes, at least. */
const CHARACTER = 6.5;
/** Spans in one lane; more could not be distinguished. */
const MOST_SPANS = 300;
/** Pixels that each level of child tasks adds to the height of a lane. */
const LEVEL_HEIGHT = 16;

export class WorkerLanes {
  /** @param {HTMLElement} body */
  constructor(body) {
    this.body = body;
    /** @type {WorkerLane[]} */
    this.lanes = [];
    /** @type {number[]} */
    this.waiting = [];
    /** The list that the lanes were made of. */
    this.listing = -1;
    /** @type {Map<string, LaneGroup>} */
    this.drawn = new Map();
    this.empty = h("p", { class: "itipy-none" });
  }

  clear() {
    if (this.drawn.size === 0 && !this.empty.isConnected) return;
    this.drawn.clear();
    this.body.replaceChildren();
  }

  /**
   * @param {ListProps} props
   * @param {TimeScale} scale
   */
  draw(props, scale) {
    const { ids, store } = props;
    if (this.listing !== props.listing) {
      this.listing = props.listing;
      const { lanes, waiting } = workerLanes(store, ids);
      this.lanes = lanes;
      this.waiting = waiting;
    }
    this.body.style.height = "";
    const first = this.lanes[0]?.keys[0];
    const tabStop = props.selectedKey ?? first ?? null;
    const elements = this.lanes.map((lane) => {
      const group = this.drawn.get(lane.name) ?? new LaneGroup();
      this.drawn.set(lane.name, group);
      group.draw(lane, props, scale, tabStop, this.body.clientWidth);
      return group.element;
    });
    const names = new Set(this.lanes.map(({ name }) => name));
    for (const name of this.drawn.keys()) if (!names.has(name)) this.drawn.delete(name);
    const waits = this.waiting.length;
    const tasks = waits === 1 ? "1 task waits." : `${countText(waits)} tasks wait.`;
    const none = this.lanes.length === 0 ? "No worker has run a task yet. " : "";
    setText(this.empty, waits > 0 ? none + tasks : none);
    arrange(this.body, this.empty.textContent ? [...elements, this.empty] : elements);
  }

  /** @param {Element} element */
  keyAt(element) {
    const key = Number(/** @type {HTMLElement | null} */ (element.closest("[data-key]"))?.dataset.key);
    return key > 0 ? key : null;
  }

  /** @param {number} key */
  focus(key) {
    /** @type {HTMLElement | null} */ (this.body.querySelector(`[data-key="${key}"]`))?.focus();
  }

  /**
   * Left and Right move in a lane, Up and Down to the span nearest in time of another one.
   *
   * @param {string} name of the keyboard's key
   * @param {number} key of the focused task
   * @returns {number | null}
   */
  keyAfter(name, key) {
    const at = this.lanes.findIndex(({ keys }) => keys.includes(key));
    const keys = this.lanes[at]?.keys ?? [];
    const index = keys.indexOf(key);
    const moves = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: keys.length - 1 };
    const to = moves[/** @type {keyof typeof moves} */ (name)];
    if (to !== undefined) return keys[Math.max(0, Math.min(keys.length - 1, to))] ?? key;
    if (name !== "ArrowUp" && name !== "ArrowDown") return null;
    const other = this.lanes[at + (name === "ArrowDown" ? 1 : -1)]?.keys ?? keys;
    return other.reduce((best, each) => (Math.abs(each - key) < Math.abs(best - key) ? each : best), other[0] ?? key);
  }
}

/** One lane: a name with how busy it was, and a span for each task. */
class LaneGroup {
  constructor() {
    this.name = h("span", { class: "itipy-code" });
    this.busy = h("span", { class: "itipy-dim" });
    this.track = h("span", { class: "itipy-track" });
    this.element = h(
      "div",
      { role: "group", class: "itipy-lane itipy-workerlane" },
      h("span", { class: "itipy-lanename", "aria-hidden": true }, this.name, this.busy),
      this.track,
    );
    /** @type {Map<number, HTMLElement>} */
    this.spans = new Map();
  }

  /**
   * @param {WorkerLane} lane
   * @param {ListProps} props
   * @param {TimeScale} scale
   * @param {number | null} tabStop
   * @param {number} width
   */
  draw({ name, keys, levels }, props, scale, tabStop, width) {
    const { now, selectedKey, store } = props;
    const tops = levels.size === 0 ? keys : keys.filter((key) => !levels.has(key));
    const busy = `${Math.round(100 * busyShare(store, tops, scale.span, now))}% busy`;
    this.element.style.height = `${LANE_HEIGHT + LEVEL_HEIGHT * Math.max(0, ...levels.values())}px`;
    setText(this.name, name);
    setText(this.busy, busy);
    setAttribute(this.element, "aria-label", `${name}, ${busy}`);
    /** @type {HTMLElement[]} */
    const spans = [];
    const drawn = new Set();
    /** @type {number[]} the right end of the last span, by level */
    const lastRight = [];
    for (const key of keys) {
      const row = /** @type {Row} */ (store.rows.get(key));
      const level = levels.get(key) ?? 0;
      const bar = visibleBar(row.started ?? now, row.finished ?? now, scale);
      // What would lie within a pixel of the span before it could not be seen.
      const isHidden = bar !== null && ((bar.left + bar.width - (lastRight[level] ?? -1)) / 100) * width < 1;
      if (bar === null || (isHidden && key !== selectedKey) || spans.length > MOST_SPANS) continue;
      lastRight[level] = bar.left + bar.width;
      const span = this.spans.get(key) ?? h("span", { role: "option", class: "itipy-span", "data-key": key });
      this.spans.set(key, span);
      drawn.add(key);
      span.className = `itipy-span itipy-is-${STATUS_NAMES[row.status]}`;
      span.style.marginTop = `${level * LEVEL_HEIGHT}px`;
      span.style.left = `${bar.left.toFixed(3)}%`;
      span.style.width = `${bar.width.toFixed(3)}%`;
      const label = callText(row);
      const fits = label.length * CHARACTER + 10 < (bar.width / 100) * width;
      setText(span, fits ? label : "");
      span.classList.toggle("itipy-thin", !fits);
      setAttribute(span, "aria-label", accessibleName(row, now, store));
      setAttribute(span, "aria-selected", key === selectedKey);
      setAttribute(span, "tabindex", key === tabStop ? 0 : -1);
      spans.push(span);
    }
    for (const key of this.spans.keys()) if (!drawn.has(key)) this.spans.delete(key);
    arrange(this.track, spans);
  }
}
