// The table: a tree of batches and tasks, with sortable columns.

import { h, setAttribute, setText } from "../../dom/elements.js";
import { RowPool } from "../../dom/row_pool.js";
import { VirtualList } from "../../dom/virtual_list.js";
import { GroupRow } from "./group_row.js";
import { TaskRow } from "./task_row.js";
import { moveInTree } from "./tree_keys.js";

/** @typedef {import("../../model/list/list_state.js").ListProps} ListProps */
/** @typedef {import("../../model/list/list_state.js").ListEvents} ListEvents */
/** @typedef {import("../../model/list/sorting.js").Column} Column */

/**
 * The columns after that of the ticks: what each sorts by, the end of its CSS class, its header and,
 * where it differs, the header's accessible name.
 *
 * @type {[column: Column, style: string, text: string, name: string | null][]}
 */
export const COLUMNS = [
  ["status", "status", "Status", null],
  ["task", "task", "Task", null],
  ["queue", "queue", "Queue", "Queue and priority"],
  ["enqueued", "enq", "Enqueued", null],
  ["took", "took", "Took", null],
  ["result", "res", "Result", null],
];

/** The height of a row in pixels, and in a panel that is so narrow that it has two lines. */
const ROW_HEIGHT = 28;
const TALL_ROW_HEIGHT = 44;
const NARROW = 300;

export class Table {
  /** @param {ListEvents} events */
  constructor(events) {
    this.events = events;
    this.headers = COLUMNS.map(([column, style, text, name], index) => {
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
      const attributes = { role: "columnheader", class: `itipy-c-${style}`, "aria-colindex": index + 2 };
      return { column, button, cell: h("span", attributes, button), arrow };
    });
    this.tickAll = h("input", {
      type: "checkbox",
      tabindex: -1,
      "aria-label": "Select all shown tasks",
      onchange: events.tickAll,
    });
    this.headerRow = h(
      "div",
      { role: "row", class: "itipy-row itipy-head", "aria-rowindex": 1 },
      h("span", { role: "columnheader", class: "itipy-c-tick", "aria-colindex": 1 }, this.tickAll),
      ...this.headers.map(({ cell }) => cell),
    );
    this.body = h("div", { role: "rowgroup", class: "itipy-rows" });
    this.element = h(
      "div",
      {
        role: "treegrid",
        class: "itipy-grid",
        "aria-label": "Tasks",
        "aria-colcount": COLUMNS.length + 1,
        "aria-multiselectable": false,
      },
      h("div", { role: "rowgroup" }, this.headerRow),
      this.body,
    );
    this.list = new VirtualList(this.element, this.body, ROW_HEIGHT, events.scroll);
    this.rows = new RowPool(this.body, (id) => (id < 0 ? new GroupRow(events) : new TaskRow()));
    /** What was drawn last. */
    this.props = /** @type {ListProps | null} */ (null);
    this.body.addEventListener("click", (event) => this.click(event));
  }

  /** The headers of the columns that are visible at the present width. */
  get visibleHeaders() {
    return this.headers.filter(({ cell }) => cell.offsetParent !== null);
  }

  /** @param {MouseEvent} event */
  click(event) {
    const target = /** @type {Element} */ (event.target);
    const row = this.rows.rowAt(target);
    if (!row) return;
    if (target.closest(".itipy-c-tick") || event.ctrlKey || event.metaKey || event.shiftKey) {
      if (!target.matches("input")) event.preventDefault();
      this.events.tick(row.key, event.shiftKey);
    } else if (target.closest(".itipy-twist")) this.events.toggleOpen(row.key);
    else this.events.open(row.key);
  }

  /** @param {ListProps} props */
  draw(props) {
    this.props = props;
    const { ids, selectedKey, sort, store, ticked } = props;
    setAttribute(this.element, "aria-rowcount", ids.length + 1);
    this.element.classList.toggle("itipy-plainqueues", props.hideQueues);
    this.element.classList.toggle("itipy-ticking", ticked.size > 0);
    for (const { column, cell, arrow } of this.headers) {
      const sorted = sort.column === column;
      setAttribute(cell, "aria-sort", sorted ? (sort.descending ? "descending" : "ascending") : null);
      setText(arrow, sorted ? (sort.descending ? "↓" : "↑") : "");
    }
    const { offsetWidth } = this.element;
    this.list.rowHeight = offsetWidth > 0 && offsetWidth <= NARROW ? TALL_ROW_HEIGHT : ROW_HEIGHT;
    this.list.layout(ids, selectedKey);
    const { first, end, rowHeight } = this.list;
    const visible = ids.slice(first, end);
    const tabStop = selectedKey !== null && visible.includes(selectedKey) ? selectedKey : visible[0];
    this.rows.draw(
      visible,
      (row, id, offset) => {
        const top = `${(first + offset) * rowHeight}px`;
        if (row.element.style.top !== top) row.element.style.top = top;
        row.draw(id, first + offset, props, id === tabStop);
      },
      (id) => (id < 0 ? store.relations.groups.has(id) : store.rows.has(id)),
    );
    this.reachButtons(tabStop);
  }

  /**
   * Let Tab reach the buttons of one row: the one that has the tab stop.
   *
   * @param {number | undefined} tabStop
   */
  reachButtons(tabStop) {
    for (const [id, { element }] of this.rows.drawn) {
      if (id > 0) continue;
      for (const button of element.querySelectorAll(".itipy-acts button")) {
        setAttribute(button, "tabindex", id === tabStop ? 0 : -1);
      }
    }
  }

  /** @param {"all" | "some" | "none"} state of the ticks of all that is shown */
  drawTickAll(state) {
    this.tickAll.checked = state === "all";
    this.tickAll.indeterminate = state === "some";
  }

  /** @param {number} id */
  focus(id) {
    this.rows.focus(id);
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the key was handled
   */
  keydown(event) {
    const target = /** @type {Element} */ (event.target);
    if (this.props === null || !this.element.contains(target)) return false;
    const header = this.headers.find(({ button }) => button === target);
    if (header) return this.headerKeydown(event, header.button);
    const row = this.rows.rowAt(target);
    if (!row || (target !== row.element && target.matches("button, input"))) return false;
    const { ids, sort } = this.props;
    if (event.key === " " && event.shiftKey) return (this.events.tick(row.key, false), true);
    if (event.key === "Enter" || event.key === " ") return (this.events.open(row.key), true);
    const index = ids.indexOf(row.key);
    if (event.key === "ArrowUp" && index <= 0) {
      const headers = this.visibleHeaders;
      (headers.find(({ column }) => column === sort.column) ?? headers[0])?.button.focus();
      return true;
    }
    const to = moveInTree(event.key, index, this.props, this.events) ?? this.indexAfter(event, index);
    if (to === null) return false;
    const id = ids[to];
    if (id === undefined) return true;
    if (event.shiftKey) this.events.tick(id, true);
    this.list.reveal(to);
    this.events.select(id);
    return true;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} index
   */
  indexAfter({ key }, index) {
    return this.list.indexAfter(key, index, this.props?.ids.length ?? 0);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {HTMLButtonElement} button the header that has the focus
   */
  headerKeydown(event, button) {
    const headers = this.visibleHeaders;
    const at = headers.findIndex((header) => header.button === button);
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: headers.length - 1 };
    if (event.key in moves) {
      const to = moves[/** @type {keyof typeof moves} */ (event.key)];
      headers[Math.max(0, Math.min(headers.length - 1, to))]?.button.focus();
      return true;
    }
    if (event.key !== "ArrowDown") return false;
    const { ids = [], selectedKey = null } = this.props ?? {};
    const index = selectedKey === null ? 0 : Math.max(0, ids.indexOf(selectedKey));
    const id = ids[index];
    if (id === undefined) return true;
    this.list.reveal(index);
    this.events.select(id);
    return true;
  }
}
