// The batch details: how far it is, what failed by exception, how long its items took.

import { h, setAttribute, setText } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { countText, durationText } from "../../model/text/format.js";
import { failureKinds } from "../../model/tasks/batch_failures.js";
import { batchProgress, paceText } from "../../model/tasks/batch_progress.js";
import { groupStatus } from "../../model/tasks/relations.js";
import { READY, RUNNING, STATUS_LABELS, STATUS_NAMES } from "../../model/tasks/rows.js";
import { GroupActions } from "../lists/group_actions.js";
import { Counts } from "../lists/row_parts.js";
import { BackBar, detailHeader } from "./back_bar.js";
import { batchFacts, failuresSection, summarySection } from "./batch_sections.js";
import { DetailTabs } from "./detail_tabs.js";

/** @typedef {import("../../model/tasks/relations.js").Group} Group */

/**
 * @typedef {import("../lists/group_actions.js").GroupEvents & {
 *   close: () => void,
 *   copyBatch: (id: number) => void,
 *   step: (by: 1 | -1) => void,
 *   fetchDetail: import("./batch_sections.js").FetchDetail,
 * }} BatchEvents
 */

export class BatchDetail {
  /**
   * @param {BatchEvents} events
   * @param {import("../../model/tasks/store.js").Store} store
   * @param {string} prefix of ids
   */
  constructor(events, store, prefix) {
    this.events = events;
    this.store = store;
    /** The batch that is shown. */
    this.id = /** @type {number | null} */ (null);
    /** What the tabs were filled for. */
    this.failuresKey = "";
    this.factsKey = "";
    this.back = new BackBar(events);
    this.label = h("span", { class: "itipy-code itipy-dcall" });
    this.statusText = h("span");
    this.status = h("span", { class: "itipy-dline" });
    this.counts = new Counts();
    this.rate = h("span", { class: "itipy-dim" });
    this.tabs = new DetailTabs(`${prefix}-batch`, "Batch details", ["Summary", "Failures", "Details"]);
    this.actions = new GroupActions(events, () => this.id ?? 0);
    this.copyMagic = h(
      "button",
      { type: "button", class: "itipy-btn", onclick: () => events.copyBatch(this.id ?? 0) },
      "Copy as magic",
    );
    this.element = h(
      "section",
      { class: "itipy-detail", "aria-label": "Batch details", hidden: true },
      this.back.element,
      detailHeader("batch details", events.close, this.label, this.status),
      h("div", { class: "itipy-batchline" }, this.counts.element, this.rate),
      this.tabs.tabList,
      ...this.tabs.panels,
      h("footer", { class: "itipy-dfoot" }, ...this.actions.elements, this.copyMagic),
    );
  }

  /** @param {number | null} id of the batch to show; null to close */
  show(id) {
    this.element.hidden = id === null;
    if (id === this.id) return;
    this.id = id;
    this.failuresKey = this.factsKey = "";
  }

  /** Take the focus in a narrow panel, where the list is hidden and its rows can't have it. */
  focusIfAlone() {
    if (!this.element.contains(document.activeElement)) this.back.focus();
  }

  /**
   * @param {number} now
   * @param {boolean} connected
   * @param {{ index: number, count: number }} position in the list
   */
  draw(now, connected, position) {
    const { store } = this;
    const group = store.relations.group(this.id ?? 0);
    const members = store.relations.membersOf(group);
    const label = group.label || store.rows.get(members[0] ?? 0)?.name || "batch";
    const size = group.size ?? members.length;
    const progress = batchProgress(store, group, now);
    const counts = group.counts.slice();
    counts[READY] = progress.waiting;
    const status = groupStatus(group);
    this.back.draw(position);
    setText(this.label, `${label} × ${countText(size)}`);
    setAttribute(this.label, "title", label);
    this.drawStatus(status, size, progress);
    this.counts.draw(counts);
    setText(this.rate, progress.rest > 0 ? paceText(progress) : "");
    this.actions.draw(label, group, progress, connected);
    this.copyMagic.disabled = !connected;
    setAttribute(this.copyMagic, "title", connected ? null : "The kernel is disconnected");
    this.fill(group, members, now);
  }

  /**
   * @param {number} status
   * @param {number} size
   * @param {import("../../model/tasks/batch_progress.js").BatchProgress} progress
   */
  drawStatus(status, size, { waiting, elapsed }) {
    const name = STATUS_NAMES[status] ?? "ready";
    if (this.status.dataset.status !== name) {
      this.status.dataset.status = name;
      this.status.className = `itipy-dline itipy-is-${name}`;
      this.status.replaceChildren(icon(name), this.statusText);
    }
    const word = STATUS_LABELS[status] ?? "?";
    const started = `${countText(size - waiting)} of ${countText(size)} started`;
    const isUnfinished = status === RUNNING || status === READY;
    const time = durationText(elapsed);
    setText(this.statusText, isUnfinished ? `${word} for ${time}, ${started}` : `${word} in ${time}`);
  }

  /**
   * Fill the tabs again if what they show has changed: an open disclosure stays as it is until then.
   *
   * @param {Group} group
   * @param {number[]} members
   * @param {number} now
   */
  fill(group, members, now) {
    const { store } = this;
    const isFirst = this.factsKey === "";
    const factsKey = `${store.version} ${this.id}`;
    if (factsKey === this.factsKey) return;
    this.factsKey = factsKey;
    const kinds = failureKinds(store, members);
    const failed = kinds.reduce((sum, { rows }) => sum + rows.length, 0);
    this.tabs.setCount("Failures", failed);
    this.tabs.fillOne("Summary", [summarySection(store, members, now)]);
    this.tabs.fillOne("Details", [batchFacts(store, group, members)]);
    const failuresKey = JSON.stringify(kinds.map(({ rows }) => rows.map(({ key }) => key)));
    if (failuresKey !== this.failuresKey) {
      this.failuresKey = failuresKey;
      this.tabs.fillOne("Failures", failuresSection(store, kinds, this.events.fetchDetail));
    }
    if (isFirst) this.tabs.selectAfterFill(failed > 0 ? "Failures" : "Summary", failed > 0 ? "" : "Failures", true);
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the key was handled
   */
  keydown(event) {
    return this.tabs.keydown(event);
  }
}
