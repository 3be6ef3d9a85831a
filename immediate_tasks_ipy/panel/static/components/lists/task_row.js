// One task in the table.

import { h, setAttribute, setText } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { argumentsInParts, clockText, dateText, durationText, plural, queueText } from "../../model/text/format.js";
import { itemLabel } from "../../model/list/labels.js";
import { attemptCount, resultText, progressText } from "../../model/tasks/outcomes.js";
import { callText, RUNNING, secondsTaken, STATUS_LABELS, STATUS_NAMES, SUCCESSFUL } from "../../model/tasks/rows.js";
import { ProgressBar } from "../progress_bar.js";
import { Counts, Indent, TickCell } from "./row_parts.js";

/** @typedef {import("../../model/tasks/rows.js").Row} Row */
/** @typedef {import("../../model/list/list_state.js").ListProps} ListProps */

/** Reused for one task after another as the table scrolls. */
export class TaskRow {
  constructor() {
    this.key = 0;
    /** The status that is drawn; -1 before the first. */
    this.status = -1;
    this.tick = new TickCell();
    this.indent = new Indent();
    this.statusLabel = h("span");
    this.name = h("span", { class: "itipy-name" });
    this.argsHead = h("span");
    this.argsTail = h("span");
    this.inlineArgs = h("span", { class: "itipy-inargs" }, this.argsHead, this.argsTail);
    this.call = h("span", { class: "itipy-call" }, this.name, this.inlineArgs);
    this.shared = h("span", { class: "itipy-dim" });
    this.own = h("span");
    this.item = h("span", { class: "itipy-tail", "aria-hidden": true }, this.shared, this.own);
    this.itemName = h("span", { class: "itipy-sr" });
    this.attempts = h("span", { class: "itipy-note" });
    this.code = h("span", { class: "itipy-code" });
    this.note = h("span", { class: "itipy-note" });
    this.children = h("span", { class: "itipy-dim" });
    this.counts = new Counts();
    this.progress = new ProgressBar();
    this.statusCell = cell("status", 2, this.statusLabel);
    this.taskCell = cell("task", 3, this.indent.element, this.call, this.item, this.itemName, this.attempts);
    this.queueCell = cell("queue", 4);
    this.enqueuedCell = cell("enq", 5);
    this.tookCell = cell("took", 6);
    this.resultCell = cell(
      "res",
      7,
      this.progress.element,
      this.code,
      this.children,
      this.counts.element,
      this.note,
    );
    this.element = h(
      "div",
      { role: "row", class: "itipy-row" },
      this.tick.element,
      this.statusCell,
      this.taskCell,
      this.queueCell,
      this.enqueuedCell,
      this.tookCell,
      this.resultCell,
    );
  }

  /**
   * @param {number} key
   * @param {number} index
   * @param {ListProps} props
   * @param {boolean} tabStop
   */
  draw(key, index, props, tabStop) {
    const { store, tree } = props;
    const row = /** @type {Row} */ (store.rows.get(key));
    this.key = key;
    placeRow(this.element, key, index, props, tabStop);
    const isTicked = props.ticked.keys.has(key);
    const call = callText(row);
    this.tick.draw(isTicked ? "all" : "none", `Select ${call}`);
    this.element.toggleAttribute("data-ticked", isTicked);
    this.element.classList.toggle("itipy-kept", tree.isDim(key));
    const isExpandable = tree.isExpandable(key);
    this.indent.draw(props.places?.get(key)?.level ?? 1, isExpandable ? tree.isOpen(key) : null);
    this.drawStatus(row.status);
    this.drawCall(row, call, props);
    const attempts = attemptCount(store, row);
    this.attempts.hidden = attempts < 2;
    setText(this.attempts, attempts < 2 ? "" : plural(attempts, "attempt"));
    setText(this.queueCell, queueText(row.queue, row.priority));
    setText(this.enqueuedCell, row.enqueued === null ? "" : clockText(row.enqueued, true));
    setAttribute(this.enqueuedCell, "title", row.enqueued === null ? null : dateText(row.enqueued));
    this.drawTook(row, props);
    this.drawResult(row, props);
  }

  /** @param {number} status */
  drawStatus(status) {
    if (status === this.status) return;
    this.status = status;
    const name = STATUS_NAMES[status] ?? "ready";
    this.statusCell.className = `itipy-c-status itipy-is-${name}`;
    this.statusCell.replaceChildren(icon(name), this.statusLabel);
    setText(this.statusLabel, STATUS_LABELS[status] ?? "?");
  }

  /**
   * An item of a batch shows only what the others do not share; the whole call is its title and is
   * what assistive technology reads.
   *
   * @param {Row} row
   * @param {string} call
   * @param {ListProps} props
   */
  drawCall(row, call, { store }) {
    const label = row.group === null ? null : itemLabel(store, row);
    this.call.hidden = label !== null;
    this.item.hidden = this.itemName.hidden = label === null;
    setAttribute(this.taskCell, "title", call);
    if (label === null) {
      setText(this.name, row.name);
      const [head, tail] = argumentsInParts(row.args);
      setText(this.argsHead, head);
      setText(this.argsTail, tail);
    } else {
      setText(this.shared, label[0]);
      setText(this.own, label[1]);
      setText(this.itemName, call);
    }
  }

  /**
   * @param {Row} row
   * @param {ListProps} props
   */
  drawTook(row, { now, connected }) {
    const seconds = secondsTaken(row, now);
    if (seconds === null) {
      setText(this.tookCell, "–");
      setAttribute(this.tookCell, "title", null);
      return;
    }
    const text = durationText(seconds);
    const open = row.finished === null && !connected;
    setText(this.tookCell, open ? `${text}+` : text);
    setAttribute(this.tookCell, "title", open ? `At least ${text}` : null);
  }

  /**
   * @param {Row} row
   * @param {ListProps} props
   */
  drawResult(row, { store }) {
    const outcome = resultText(row);
    const progress = progressText(row);
    this.progress.draw(row.status === RUNNING ? row.progress : null);
    setText(this.code, outcome);
    this.code.className = row.status <= SUCCESSFUL + 1 && !progress ? "itipy-code" : "itipy-dim";
    this.code.hidden = outcome === "";
    const children = row.status <= RUNNING && !progress ? store.relations.childrenOf(row.key) : [];
    this.children.hidden = this.counts.element.hidden = children.length === 0;
    if (children.length > 0) {
      const counts = [0, 0, 0, 0, 0];
      for (const child of children) {
        const status = store.rows.get(child)?.status ?? 0;
        counts[status] = (counts[status] ?? 0) + 1;
      }
      setText(this.children, plural(children.length, "child task"));
      this.counts.draw(counts);
    }
    setText(this.note, row.note ?? "");
    this.note.hidden = row.note === null;
  }
}

/**
 * Set what every row has: its place, whether it is selected, and whether Tab reaches it.
 *
 * @param {HTMLElement} element
 * @param {number} id
 * @param {number} index
 * @param {ListProps} props
 * @param {boolean} tabStop
 */
export function placeRow(element, id, index, props, tabStop) {
  const { ids, places, selectedKey, tree } = props;
  const place = places?.get(id) ?? { level: 1, position: index + 1, siblings: ids.length };
  setAttribute(element, "aria-rowindex", index + 2);
  setAttribute(element, "aria-level", place.level);
  setAttribute(element, "aria-posinset", place.position);
  setAttribute(element, "aria-setsize", place.siblings);
  setAttribute(element, "aria-expanded", tree.isExpandable(id) ? tree.isOpen(id) : null);
  setAttribute(element, "aria-selected", id === selectedKey);
  setAttribute(element, "tabindex", tabStop ? 0 : -1);
}

/**
 * @param {string} style the end of the CSS class
 * @param {number} index of the column, from 1
 * @param {Node[]} children
 */
export function cell(style, index, ...children) {
  return h("span", { role: "gridcell", class: `itipy-c-${style}`, "aria-colindex": index }, ...children);
}
