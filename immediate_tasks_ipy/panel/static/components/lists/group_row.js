// One batch in the table: its counts, its rate, and what can be done with all of it.

import { h, setAttribute, setText } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { countText } from "../../model/text/format.js";
import { batchProgress, paceText } from "../../model/tasks/batch_progress.js";
import { groupStatus } from "../../model/tasks/relations.js";
import { READY, STATUS_LABELS, STATUS_NAMES } from "../../model/tasks/rows.js";
import { GroupActions } from "./group_actions.js";
import { CountBar, Counts, Indent, TickCell } from "./row_parts.js";
import { cell, placeRow } from "./task_row.js";

/** @typedef {import("../../model/list/list_state.js").ListProps} ListProps */
/** @typedef {import("../../model/list/list_state.js").ListEvents} ListEvents */

/**
 * @typedef {object} Items those that match
 * @property {number} count
 * @property {number} first the key of the first
 * @property {boolean} isFiltered are there others?
 * @property {number} reruns how many were run again
 * @property {import("../../model/list/ticked.js").TickState} ticks
 */

/** Reused for one batch after another as the table scrolls. */
export class GroupRow {
  /** @param {ListEvents} events */
  constructor(events) {
    this.key = 0;
    /** The status that is drawn; -1 before the first. */
    this.status = -1;
    /** What `items` was counted for. */
    this.itemsKey = "";
    this.items = /** @type {Items | null} */ (null);
    this.tick = new TickCell();
    this.indent = new Indent();
    this.statusLabel = h("span");
    this.label = h("span", { class: "itipy-code itipy-grouplabel" });
    this.times = h("b", { class: "itipy-times" });
    this.reruns = h("span", { class: "itipy-note" });
    this.bar = new CountBar();
    this.counts = new Counts();
    this.rate = h("span", { role: "gridcell", class: "itipy-rate", "aria-colindex": 6 });
    this.buttons = new GroupActions(events, () => this.key);
    for (const button of this.buttons.elements) {
      button.tabIndex = -1;
      button.addEventListener("click", (event) => event.stopPropagation());
    }
    this.statusCell = cell("status", 2, this.statusLabel);
    this.countCell = h(
      "span",
      { role: "gridcell", class: "itipy-c-counts", "aria-colindex": 4 },
      this.bar.element,
      this.counts.element,
    );
    this.actions = h(
      "span",
      { role: "gridcell", class: "itipy-acts", "aria-colindex": 7 },
      ...this.buttons.elements,
    );
    this.element = h(
      "div",
      { role: "row", class: "itipy-row itipy-group" },
      this.tick.element,
      this.statusCell,
      cell("task", 3, this.indent.element, this.label, this.times, this.reruns),
      this.countCell,
      this.rate,
      this.actions,
    );
  }

  /**
   * @param {number} id
   * @param {number} index
   * @param {ListProps} props
   * @param {boolean} tabStop
   */
  draw(id, index, props, tabStop) {
    const { store, tree, now, connected } = props;
    const group = store.relations.group(id);
    this.key = id;
    placeRow(this.element, id, index, props, tabStop);
    const { count, first, isFiltered, reruns, ticks } = this.itemsOf(id, props);
    const size = group.size ?? group.members.length;
    const label = group.label || store.rows.get(first)?.name || "batch";
    this.tick.draw(ticks, `Select ${label}, ${countText(count)} tasks`);
    this.indent.draw(props.places?.get(id)?.level ?? 1, tree.isOpen(id));
    const status = groupStatus(group);
    if (status !== this.status) {
      this.status = status;
      const name = STATUS_NAMES[status] ?? "ready";
      this.statusCell.className = `itipy-c-status itipy-is-${name}`;
      this.statusCell.replaceChildren(icon(name), this.statusLabel);
      setText(this.statusLabel, STATUS_LABELS[status] ?? "?");
    }
    setText(this.label, label);
    setAttribute(this.label, "title", label);
    setText(this.times, ` × ${countText(size)}`);
    const notes = isFiltered ? `${countText(count)} of ${countText(size)}` : "";
    setText(this.reruns, notes || (reruns ? `${countText(reruns)} re-run` : ""));
    this.reruns.hidden = !this.reruns.textContent;
    const progress = batchProgress(store, group, now);
    const counts = group.counts.slice();
    counts[READY] = progress.waiting;
    this.bar.draw(counts);
    this.counts.draw(counts);
    setText(this.rate, size === 0 ? "nothing to run" : paceText(progress));
    this.buttons.draw(label, group, progress, connected);
  }
  /**
   * What takes a look at each of the items; it is taken once for a list.
   *
   * @param {number} id
   * @param {ListProps} props
   * @returns {Items}
   */
  itemsOf(id, { listing, store, ticked, tree }) {
    const key = `${id} ${listing} ${ticked.version}`;
    if (key === this.itemsKey && this.items) return this.items;
    const members = tree.childrenOf(id);
    const { relations, rows } = store;
    this.itemsKey = key;
    this.items = {
      count: members.length,
      first: members[0] ?? 0,
      isFiltered: members.length < relations.membersOf(relations.group(id)).length,
      reruns: members.filter((member) => rows.get(member)?.rerunOf !== null).length,
      ticks: ticked.state(members),
    };
    return this.items;
  }
}
