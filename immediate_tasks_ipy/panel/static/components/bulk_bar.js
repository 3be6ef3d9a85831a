// The bar of what can be done with the ticked tasks; it takes the footer's place.

import { h, onFirstClick, setAttribute, setText } from "../dom/elements.js";
import { countText, plural } from "../model/text/format.js";

/** @typedef {import("../model/list/ticked.js").Ticked} Ticked */

/**
 * @typedef {object} BulkEvents
 * @property {(keys: number[]) => void} rerun
 * @property {(keys: number[]) => void} cancel
 * @property {(keys: number[]) => void} exportTicked
 * @property {() => void} clearTicks
 */

/** Tasks up to which nothing is asked. */
const UNASKED = 20;

export class BulkBar {
  /** @param {BulkEvents} events */
  constructor(events) {
    this.events = events;
    /** What waits for a confirmation. */
    this.pending = /** @type {{ verb: string, keys: number[], run: (keys: number[]) => void } | null} */ (
      null
    );
    /** @type {Ticked | null} */
    this.ticked = null;
    this.summary = /** @type {import("../model/list/ticked.js").Summary | null} */ (null);
    this.count = h("b", {});
    const button = (/** @type {() => void} */ action) =>
      h("button", { type: "button", class: "itipy-btn", onclick: onFirstClick(action) });
    this.rerun = button(() => this.ask("Re-run", this.summary?.finished ?? [], events.rerun));
    this.cancel = button(() => this.ask("Cancel", this.summary?.unfinished ?? [], events.cancel));
    this.export = button(() => events.exportTicked([...(this.ticked?.keys ?? [])]));
    this.clear = h(
      "button",
      { type: "button", class: "itipy-btn itipy-quietbtn itipy-spread", onclick: events.clearTicks },
      "Clear selection",
    );
    this.confirm = button(() => this.answer(true));
    this.keep = button(() => this.answer(false));
    this.actions = h("span", { class: "itipy-bulkacts" }, this.rerun, this.cancel, this.export);
    this.question = h("span", { class: "itipy-bulkacts", hidden: true }, this.confirm, this.keep);
    this.element = h(
      "div",
      { class: "itipy-bulk", role: "toolbar", "aria-label": "Selected tasks", hidden: true },
      this.count,
      this.actions,
      this.question,
      this.clear,
    );
  }

  /**
   * @param {string} verb
   * @param {number[]} keys
   * @param {(keys: number[]) => void} run
   */
  ask(verb, keys, run) {
    if (keys.length <= UNASKED) {
      run(keys);
      return;
    }
    this.pending = { verb, keys, run };
    this.drawQuestion();
    this.confirm.focus();
  }

  /** @param {boolean} confirmed */
  answer(confirmed) {
    const { pending } = this;
    this.pending = null;
    this.drawQuestion();
    (this.rerun.disabled ? this.clear : this.rerun).focus();
    if (confirmed && pending) pending.run(pending.keys);
  }

  drawQuestion() {
    const { pending } = this;
    this.actions.hidden = this.clear.hidden = pending !== null;
    this.question.hidden = pending === null;
    if (pending === null) return;
    const { verb, keys } = pending;
    setText(this.count, `${verb} ${plural(keys.length, "task")}?`);
    setText(this.confirm, `${verb} ${countText(keys.length)}`);
    setText(this.keep, verb === "Cancel" ? "Keep them" : "Leave them");
  }

  /**
   * @param {Ticked} ticked
   * @param {import("../model/list/ticked.js").Summary} summary
   * @param {boolean} connected
   */
  draw(ticked, summary, connected) {
    this.ticked = ticked;
    this.summary = summary;
    this.element.hidden = ticked.size === 0;
    if (ticked.size === 0) this.pending = null;
    this.drawQuestion();
    if (ticked.size === 0 || this.pending) return;
    const all = countText(ticked.size);
    const unseen = summary.unseen > 0 ? `, ${countText(summary.unseen)} of them not shown` : "";
    setText(this.count, `${all} selected${unseen}`);
    const { finished, unfinished } = summary;
    const selected = `of ${all} selected tasks`;
    drawButton(this.rerun, "Re-run", finished.length, `finished ${selected}`, "None of them has finished", connected);
    drawButton(this.cancel, "Cancel", unfinished.length, `unfinished ${selected}`, "All of them have finished", connected);
    drawButton(this.export, "Export", ticked.size, `selected ${ticked.size === 1 ? "task" : "tasks"}`, "", connected);
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} verb
 * @param {number} count
 * @param {string} rest of its accessible name
 * @param {string} reason why it has nothing to do
 * @param {boolean} connected
 */
function drawButton(button, verb, count, rest, reason, connected) {
  button.disabled = count === 0 || !connected;
  setText(button, count === 0 ? verb : `${verb} ${countText(count)}`);
  setAttribute(button, "aria-label", count === 0 ? verb : `${verb} ${countText(count)} ${rest}`);
  const title = connected ? (count === 0 ? reason : null) : "The kernel is disconnected";
  setAttribute(button, "title", title);
}
