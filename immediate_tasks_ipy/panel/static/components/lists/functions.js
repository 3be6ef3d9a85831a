// The summary: a row for each function, with how often it ran, failed, and how long it took.

import { h, setAttribute, setText } from "../../dom/elements.js";
import { arrange } from "../../dom/elements.js";
import { countText, durationText } from "../../model/text/format.js";
import { functionStats, sortedStats } from "../../model/list/function_stats.js";
import { sparkline } from "./sparkline.js";

/** @typedef {import("../../model/list/function_stats.js").FunctionStats} FunctionStats */
/** @typedef {import("../../model/list/function_stats.js").StatsColumn} StatsColumn */
/** @typedef {import("../../model/list/list_state.js").ListProps} ListProps */

/** @type {[column: StatsColumn | null, style: string, text: string][]} */
const STATS_COLUMNS = [
  ["function", "fn", "Function"],
  ["tasks", "num", "Tasks"],
  ["failed", "fail", "Failed"],
  ["median", "num", "Median"],
  ["most", "num", "95% under"],
  ["longest", "num itipy-c-longest", "Longest"],
  ["total", "num itipy-c-total", "Total"],
  [null, "spark", "Durations"],
];
/** Milliseconds between two summaries while tasks run. */
const INTERVAL = 1000;

export class Functions {
  /**
   * @param {(name: string) => void} choose
   * @param {() => void} redraw
   */
  constructor(choose, redraw) {
    this.choose = choose;
    /** @type {import("../../model/list/function_stats.js").StatsSort} */
    this.sort = { column: "total", descending: true };
    /** @type {FunctionStats[]} */
    this.stats = [];
    this.computedAt = -Infinity;
    /** Identifies what the summary is of. */
    this.cacheKey = "";
    /** @type {Map<string, FunctionRow>} */
    this.rows = new Map();
    this.focusedName = "";
    this.headers = STATS_COLUMNS.map(([column, style, text], index) => {
      const arrow = h("span", { class: "itipy-arrow", "aria-hidden": true });
      const sort = () => {
        if (column === null) return;
        const again = this.sort.column === column;
        this.sort = { column, descending: again ? !this.sort.descending : column !== "function" };
        redraw();
      };
      const button =
        column === null
          ? h("span", { class: "itipy-sort" }, text)
          : h("button", { type: "button", class: "itipy-sort", tabindex: -1, onclick: sort }, text, arrow);
      const attributes = { role: "columnheader", class: `itipy-c-${style}`, "aria-colindex": index + 1 };
      return { column, cell: h("span", attributes, button), arrow, button };
    });
    this.body = h("div", { role: "rowgroup", class: "itipy-fnrows" });
    const heads = this.headers.map(({ cell }) => cell);
    this.element = h(
      "div",
      {
        role: "grid",
        class: "itipy-grid itipy-funcs",
        "aria-label": "Task functions",
        "aria-colcount": STATS_COLUMNS.length,
      },
      h(
        "div",
        { role: "rowgroup" },
        h("div", { role: "row", class: "itipy-row itipy-head", "aria-rowindex": 1 }, ...heads),
      ),
      this.body,
    );
    this.body.addEventListener("click", (event) => {
      const row = this.rowAt(/** @type {Element} */ (event.target));
      if (row) this.choose(row.name);
    });
  }

  /** @param {Element} element */
  rowAt(element) {
    return [...this.rows.values()].find((row) => row.element.contains(element));
  }

  /**
   * @param {ListProps} props
   * @param {Set<number> | null} matches the keys that match; null for all
   * @param {string} filterKey identifies the filter
   * @param {string} query
   */
  draw({ store, now }, matches, filterKey, query) {
    const cacheKey = `${store.version} ${filterKey} ${matches?.size}`;
    const isNew = !this.cacheKey.includes(` ${filterKey} `);
    const isDue = cacheKey !== this.cacheKey || store.hasUnfinished;
    if (isNew || (isDue && performance.now() - this.computedAt > INTERVAL)) {
      this.cacheKey = cacheKey;
      this.computedAt = performance.now();
      const keys = matches === null ? store.keys() : store.keys().filter((key) => matches.has(key));
      this.stats = functionStats(store, keys, now);
    }
    const stats = sortedStats(this.stats, this.sort);
    setAttribute(this.element, "aria-rowcount", stats.length + 1);
    for (const { column, cell, arrow } of this.headers) {
      const sorted = column !== null && this.sort.column === column;
      setAttribute(cell, "aria-sort", sorted ? (this.sort.descending ? "descending" : "ascending") : null);
      setText(arrow, sorted ? (this.sort.descending ? "↓" : "↑") : "");
    }
    if (!stats.some(({ name }) => name === this.focusedName)) this.focusedName = stats[0]?.name ?? "";
    const rows = stats.map((each, index) => {
      const row = this.rows.get(each.name) ?? new FunctionRow(each.name);
      this.rows.set(each.name, row);
      row.draw(each, index, query === `fn:${each.name}`, each.name === this.focusedName);
      return row;
    });
    for (const [name, row] of this.rows) if (!rows.includes(row)) this.rows.delete(name);
    arrange(
      this.body,
      rows.map(({ element }) => element),
    );
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the key was handled
   */
  keydown(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!this.element.contains(target)) return false;
    const buttons = this.headers.map(({ button }) => button).filter((one) => one.localName === "button");
    const at = buttons.indexOf(target);
    const rows = [...this.body.children].map((row) => /** @type {HTMLElement} */ (row));
    if (at >= 0) {
      if (event.key === "ArrowDown") return (this.focusRow(rows[0]), true);
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (to === undefined) return false;
      buttons[Math.max(0, Math.min(buttons.length - 1, to))]?.focus();
      return true;
    }
    const index = rows.indexOf(target);
    if (index < 0) return false;
    if (event.key === "Enter" || event.key === " ") return (target.click(), true);
    if (event.key === "ArrowUp" && index === 0) {
      const sorted = this.headers.find(({ column }) => column === this.sort.column);
      return (sorted?.button.focus(), true);
    }
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return false;
    this.focusRow(rows[Math.min(rows.length - 1, to)]);
    return true;
  }

  /** @param {HTMLElement | undefined} element of a row */
  focusRow(element) {
    const row = element && this.rowAt(element);
    if (!row) return;
    this.focusedName = row.name;
    for (const each of this.rows.values()) setAttribute(each.element, "tabindex", each === row ? 0 : -1);
    row.element.focus();
  }
}

class FunctionRow {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    /** Identifies the sparkline that is drawn. */
    this.renderKey = "";
    this.cells = STATS_COLUMNS.map(([, style], index) =>
      h("span", { role: "gridcell", class: `itipy-c-${style}`, "aria-colindex": index + 1 }),
    );
    this.share = h("span", { class: "itipy-share", "aria-hidden": true }, h("i"));
    this.failText = h("span");
    this.cells[2]?.append(this.share, this.failText);
    this.element = h("div", { role: "row", class: "itipy-row" }, ...this.cells);
  }

  /**
   * @param {FunctionStats} stats
   * @param {number} index
   * @param {boolean} selected
   * @param {boolean} tabStop
   */
  draw(stats, index, selected, tabStop) {
    const { cells, element } = this;
    setAttribute(element, "aria-rowindex", index + 2);
    setAttribute(element, "aria-selected", selected);
    setAttribute(element, "tabindex", tabStop ? 0 : -1);
    const seconds = [stats.median, stats.most, stats.longest, stats.points.length ? stats.total : null];
    const texts = [stats.name, countText(stats.tasks), null, ...seconds.map(secondsText)];
    texts.forEach((text, at) => {
      if (text !== null) setText(/** @type {Element} */ (cells[at]), text);
    });
    const share = stats.failed / stats.tasks;
    this.share.hidden = stats.failed === 0;
    /** @type {HTMLElement} */ (this.share.firstChild).style.width = `${Math.max(2, 100 * share)}%`;
    const percent = Number((100 * share).toFixed(share < 0.1 ? 1 : 1));
    setText(
      this.failText,
      stats.failed ? `${countText(stats.failed)} of ${countText(stats.tasks)}, ${percent}%` : "none",
    );
    this.failText.className = stats.failed ? "" : "itipy-dim";
    const renderKey = JSON.stringify(stats.points);
    if (renderKey === this.renderKey) return;
    this.renderKey = renderKey;
    const words = h("span", { class: stats.points.length > 1 ? "itipy-sr" : "itipy-dim" }, stats.trend || "–");
    cells[7]?.replaceChildren(...(stats.points.length > 1 ? [sparkline(stats.points)] : []), words);
    setAttribute(/** @type {Element} */ (cells[7]), "title", stats.trend || null);
  }
}

/** @param {number | null} seconds */
function secondsText(seconds) {
  return seconds === null ? "–" : durationText(seconds);
}
