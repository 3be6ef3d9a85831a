// The table: a grid of which only the rows in view are in the DOM.

import { arrange, h, icon, setAttribute, setText } from "./elements.js";
import { secondsTaken, STATUS_NAMES, STATUS_WORDS } from "./rows.js";
import { clockText, dateText, durationText, headAndTail, queueText } from "./text.js";
import { VirtualList } from "./virtual_list.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./listing.js").Column} Column */
/** @typedef {import("./listing.js").Sort} Sort */

const ROW_HEIGHT = 28;
/** The last characters of a call that a narrow cell keeps: there calls differ. */
const KEPT = 6;

/** @type {[column: Column, style: string, text: string, name: string | null][]} */
const COLUMNS = [
  ["status", "status", "Status", null],
  ["task", "task", "Task", null],
  ["args", "args", "Arguments", null],
  ["queue", "queue", "Queue", "Queue and priority"],
  ["enqueued", "enq", "Enqueued", null],
  ["took", "took", "Took", null],
  ["result", "res", "Result", null],
];

/**
 * @typedef {object} ListState what table and timeline draw from
 * @property {Map<number, Row>} rows
 * @property {number[]} keys those shown, in order
 * @property {number} now
 * @property {number | null} current the selected row
 * @property {Sort} sort
 * @property {boolean} connected
 * @property {boolean} plainQueues no task has a queue or a priority of its own
 */

/**
 * @typedef {object} ListEvents
 * @property {(key: number) => void} select
 * @property {(key: number) => void} open
 * @property {(column: Column) => void} sort
 * @property {() => void} scrolled
 */

export class Table {
  /** @param {ListEvents} events */
  constructor(events) {
    this.events = events;
    this.heads = COLUMNS.map(([column, style, text, name]) => {
      const arrow = h("span", { class: "itipy-arrow", "aria-hidden": true });
      const button = h(
        "button",
        {
          type: "button",
          class: "itipy-sort",
          tabindex: -1,
          "aria-label": name,
          onclick: () => events.sort(column),
        },
        text,
        arrow,
      );
      const cell = h("span", { role: "columnheader", class: `itipy-c-${style}` }, button);
      return { column, button, cell, arrow };
    });
    this.head = h(
      "div",
      { role: "row", class: "itipy-row itipy-head", "aria-rowindex": 1 },
      ...this.heads.map(({ cell }) => cell),
    );
    this.body = h("div", { role: "presentation", class: "itipy-rows" });
    this.element = h(
      "div",
      { role: "grid", class: "itipy-grid", "aria-label": "Tasks", "aria-colcount": COLUMNS.length },
      this.head,
      this.body,
    );
    this.list = new VirtualList(this.element, this.body, ROW_HEIGHT, events.scrolled);
    /** @type {Map<number, TableRow>} */
    this.drawn = new Map();
    /** @type {TableRow[]} */
    this.spare = [];
    /** @type {ListState | null} */
    this.state = null;
    this.body.addEventListener("click", (event) => {
      const row = this.rowOf(/** @type {Element} */ (event.target));
      if (row) events.open(row.key);
    });
  }

  /** The headers that the width leaves. */
  get shownHeads() {
    return this.heads.filter(({ cell }) => cell.offsetParent !== null);
  }

  /** @param {Element | null} element */
  rowOf(element) {
    const found = element?.closest(".itipy-row");
    for (const row of this.drawn.values()) if (row.element === found) return row;
    return undefined;
  }

  /** @param {ListState} state */
  draw(state) {
    this.state = state;
    const { keys, rows, current, sort } = state;
    setAttribute(this.element, "aria-rowcount", keys.length + 1);
    this.element.classList.toggle("itipy-plainqueues", state.plainQueues);
    for (const { column, cell, arrow } of this.heads) {
      const sorted = sort.column === column;
      setAttribute(cell, "aria-sort", sorted ? (sort.descending ? "descending" : "ascending") : null);
      setText(arrow, sorted ? (sort.descending ? "▾" : "▴") : "");
    }
    this.list.lay(keys, current);
    const focused = this.rowOf(document.activeElement);
    const { first, end } = this.list;
    const wanted = keys.slice(first, end);
    const kept = new Set(wanted);
    for (const [key, row] of this.drawn) {
      if (kept.has(key) || row === focused) continue;
      this.drawn.delete(key);
      this.spare.push(row);
    }
    const tabStop = current !== null && kept.has(current) ? current : wanted[0];
    const elements = wanted.map((key, offset) => {
      const row = this.drawn.get(key) ?? this.spare.pop() ?? new TableRow();
      this.drawn.set(key, row);
      row.draw(/** @type {Row} */ (rows.get(key)), first + offset, state, key === tabStop);
      return row.element;
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

  /** @param {number} key */
  focus(key) {
    this.drawn.get(key)?.element.focus({ preventScroll: true });
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} true if the key was for the table
   */
  keydown(event) {
    const target = /** @type {Element} */ (event.target);
    if (this.state === null || !this.element.contains(target)) return false;
    const { keys } = this.state;
    const head = this.heads.findIndex(({ button }) => button === target);
    if (head >= 0) return this.headKey(event, head);
    const row = this.rowOf(target);
    const index = row ? keys.indexOf(row.key) : -1;
    if (event.key === "Enter" || event.key === " ") {
      if (row) this.events.open(row.key);
      return row !== undefined;
    }
    if (event.key === "ArrowUp" && index <= 0) {
      const shown = this.shownHeads;
      (shown.find(({ column }) => column === this.state?.sort.column) ?? shown[0])?.button.focus();
      return true;
    }
    const to = this.list.moved(event.key, index, keys.length);
    const key = to === null ? undefined : keys[to];
    if (to === null || key === undefined) return false;
    this.list.reveal(to);
    this.events.select(key);
    return true;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} head
   */
  headKey(event, head) {
    const shown = this.shownHeads;
    const at = shown.findIndex(({ button }) => button === this.heads[head]?.button);
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: shown.length - 1 };
    if (event.key in moves) {
      const to = moves[/** @type {keyof typeof moves} */ (event.key)];
      shown[Math.max(0, Math.min(shown.length - 1, to))]?.button.focus();
      return true;
    }
    if (event.key !== "ArrowDown") return false;
    const keys = this.state?.keys ?? [];
    const key = this.state?.current ?? keys[0];
    if (key === undefined || keys.length === 0) return true;
    this.list.reveal(Math.max(0, keys.indexOf(key)));
    this.events.select(keys.includes(key) ? key : /** @type {number} */ (keys[0]));
    return true;
  }
}

/** One row in the DOM, which shows one task after another as the list scrolls. */
class TableRow {
  constructor() {
    this.key = 0;
    this.status = -1;
    this.word = h("span");
    this.name = h("span", { class: "itipy-name" });
    this.inHead = h("span");
    this.inTail = h("span");
    this.inArgs = h("span", { class: "itipy-inargs" }, this.inHead, this.inTail);
    this.code = h("span", { class: "itipy-code" });
    this.note = h("span", { class: "itipy-note" });
    const cell = (/** @type {number} */ at, /** @type {string} */ extra, /** @type {Node[]} */ ...children) =>
      h(
        "span",
        { role: "gridcell", class: `itipy-c-${COLUMNS[at]?.[1]} ${extra}`.trim(), "aria-colindex": at + 1 },
        ...children,
      );
    this.statusCell = cell(0, "", this.word);
    this.task = cell(1, "", h("span", { class: "itipy-call" }, this.name, this.inArgs));
    this.args = cell(2, "itipy-code");
    this.queue = cell(3, "");
    this.enqueued = cell(4, "");
    this.took = cell(5, "");
    this.result = cell(6, "", this.code, this.note);
    this.element = h(
      "div",
      { role: "row", class: "itipy-row" },
      ...[this.statusCell, this.task, this.args, this.queue, this.enqueued, this.took, this.result],
    );
  }

  /**
   * @param {Row} row
   * @param {number} index
   * @param {ListState} state
   * @param {boolean} tabStop
   */
  draw(row, index, state, tabStop) {
    const { element } = this;
    this.key = row.key;
    const top = `${index * ROW_HEIGHT}px`;
    if (element.style.top !== top) element.style.top = top;
    setAttribute(element, "aria-rowindex", index + 2);
    setAttribute(element, "aria-selected", row.key === state.current);
    setAttribute(element, "tabindex", tabStop ? 0 : -1);
    if (row.status !== this.status) {
      this.status = row.status;
      const name = STATUS_NAMES[row.status] ?? "ready";
      this.statusCell.className = `itipy-c-status itipy-is-${name}`;
      this.statusCell.replaceChildren(icon(name), this.word);
    }
    setText(this.word, STATUS_WORDS[row.status] ?? "?");
    setText(this.name, row.name);
    const [head, tail] = row.args === null ? ["", ""] : headAndTail(`(${row.args})`, KEPT);
    setText(this.inHead, head);
    setText(this.inTail, tail);
    setText(this.args, row.args ?? "");
    setText(this.queue, queueText(row.queue, row.priority));
    setText(this.enqueued, row.enqueued === null ? "" : clockText(row.enqueued, true));
    setAttribute(this.enqueued, "title", row.enqueued === null ? null : dateText(row.enqueued));
    const seconds = secondsTaken(row, state.now);
    const open = row.finished === null && !state.connected;
    setText(this.took, seconds === null ? "–" : durationText(seconds) + (open ? "+" : ""));
    setAttribute(this.took, "title", open && seconds !== null ? `At least ${durationText(seconds)}` : null);
    setText(this.code, row.outcome ?? "");
    setText(this.note, row.note ?? "");
    this.note.hidden = row.note === null;
  }
}
