// The task details: everything about one task, beside or below the list.

import { h, onFirstClick, setAttribute, setText } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { attemptsOf } from "../../model/tasks/attempts.js";
import { callText, RUNNING, STATUS_NAMES, SUCCESSFUL } from "../../model/tasks/rows.js";
import { lifeline, stages, statusLine } from "../../model/text/stages.js";
import { ProgressBar } from "../progress_bar.js";
import { ActivitySection } from "./activity_section.js";
import { AttemptStrip } from "./attempt_strip.js";
import { BackBar, detailHeader } from "./back_bar.js";
import { argumentsSection, factsSection, outputSection, resultSection } from "./detail_sections.js";
import { DetailTabs } from "./detail_tabs.js";
import { Lifecycle, Lifeline } from "./lifecycle.js";
import { tracebackElements } from "./traceback.js";
import { moveInToolbar } from "./traceback_tools.js";

/** @typedef {import("../../model/tasks/rows.js").Row} Row */
/** @typedef {import("./detail_sections.js").DetailPayload} DetailPayload */
/** @typedef {import("./tree.js").Tree} Tree */

/**
 * @typedef {object} DetailEvents
 * @property {() => void} close
 * @property {() => void} rerun
 * @property {() => void} cancel
 * @property {() => void} copyId
 * @property {() => void} copyMagic
 * @property {() => void} copyTraceback
 * @property {(text: string) => void} copyMagicText
 * @property {(by: 1 | -1) => void} step
 * @property {(attempt: import("../../model/tasks/attempts.js").Attempt) => void} chooseAttempt
 * @property {(exception: number, frame: number) => Promise<[name: string, value: string][]>} fetchLocals
 * @property {(place: string, path: number[], offset: number) => Promise<any>} fetchBranch
 * @property {() => Promise<string>} fetchOutput
 */

const TAB_NAMES = ["Result", "Arguments", "Traceback", "Output", "Queries", "Details"];
const FINISHED_REASON = "The task has finished";
const DISCONNECTED_REASON = "The kernel is disconnected: run %tasks again";

export class Detail {
  /**
   * @param {DetailEvents} events
   * @param {import("../../model/tasks/store.js").Store} store
   * @param {string} prefix of ids
   */
  constructor(events, store, prefix) {
    this.events = events;
    this.store = store;
    /** The task that is shown, by its newest run. */
    this.key = /** @type {number | null} */ (null);
    /** The attempt that the user chose; null for the newest. */
    this.attempt = /** @type {import("../../model/tasks/attempts.js").Attempt | null} */ (null);
    this.back = new BackBar(events);
    this.strip = new AttemptStrip(events.chooseAttempt);
    this.progress = new ProgressBar();
    this.progress.element.classList.add("itipy-dprog");
    this.lifeline = new Lifeline();
    /** The task's detail; null until it has been fetched. */
    this.payload = /** @type {DetailPayload | null} */ (null);
    this.activity = new ActivitySection();
    /** @type {Tree[]} */
    this.trees = [];
    this.call = h("span", { class: "itipy-code itipy-dcall" });
    this.statusText = h("span");
    this.status = h("span", { class: "itipy-dline" }, this.statusText);
    this.note = h("p", { class: "itipy-dnote", hidden: true });
    this.lifecycle = new Lifecycle();
    this.tabs = new DetailTabs(prefix, "Task details", TAB_NAMES);
    this.tabs.hide("Queries");
    this.rerun = actionButton("Re-run", events.rerun);
    this.cancel = actionButton("Cancel", events.cancel);
    this.copyMagic = actionButton("Copy as magic", events.copyMagic);
    this.copyId = actionButton("Copy id", events.copyId);
    this.element = h(
      "section",
      { class: "itipy-detail", "aria-label": "Task details", hidden: true },
      this.back.element,
      detailHeader("task details", events.close, this.call, this.status),
      this.lifecycle.element,
      this.lifeline.element,
      this.progress.element,
      this.strip.element,
      this.strip.hint,
      this.note,
      this.tabs.tabList,
      ...this.tabs.panels,
      h("footer", { class: "itipy-dfoot" }, this.rerun, this.cancel, this.copyMagic, this.copyId),
    );
  }

  /** @param {number | null} key of the task to show; null to close */
  show(key) {
    this.element.hidden = key === null;
    if (key === this.key) return;
    this.key = key;
    this.attempt = null;
    this.empty();
  }

  /** Take the focus in a narrow panel, where the list is hidden and its rows can't have it. */
  focusIfAlone() {
    if (!this.element.contains(document.activeElement)) this.back.focus();
  }

  /** The run that is shown: the chosen attempt's, or the newest. */
  get shownKey() {
    return this.attempt?.key ?? this.key;
  }

  empty() {
    this.payload = null;
    this.trees = [];
    this.activity.reset();
    this.tabs.fillWithText("Loading…");
  }

  /** @param {import("../../model/tasks/attempts.js").Attempt} attempt */
  chooseAttempt(attempt) {
    const isOther = attempt.key !== this.shownKey;
    this.attempt = attempt;
    if (isOther) this.empty();
    else if (this.payload) this.fill(this.payload);
  }

  /**
   * Draw what the row holds and what changes with time.
   *
   * @param {Row} row the newest run
   * @param {number} now
   * @param {boolean} connected
   * @param {{ index: number, count: number }} position in the list
   */
  drawRow(row, now, connected, position) {
    const name = STATUS_NAMES[row.status] ?? "ready";
    const call = this.payload?.call ?? callText(row);
    this.back.draw(position);
    setText(this.call, call);
    setAttribute(this.call, "title", call);
    if (this.status.dataset.status !== name) {
      this.status.dataset.status = name;
      this.status.className = `itipy-dline itipy-is-${name}`;
      this.status.replaceChildren(icon(name), this.statusText);
    }
    const shown = this.store.rows.get(this.shownKey ?? 0) ?? row;
    const errors = shown.key === row.key ? (this.payload?.attempts ?? []) : [];
    const attempts = attemptsOf(
      this.store,
      row,
      errors.map(({ exception }) => exception),
      now,
    );
    const chosen = attempts.findIndex(({ key, inner }) => key === this.attempt?.key && inner === this.attempt.inner);
    this.strip.draw(attempts, chosen < 0 ? attempts.length - 1 : chosen);
    setText(this.statusText, statusLine(row, now, connected, attempts.length));
    const steps = stages(shown, this.payload?.lifecycle ?? null, now, connected);
    this.lifecycle.draw(steps);
    this.lifeline.draw(lifeline(steps));
    this.progress.draw(row.status === RUNNING ? row.progress : null);
    const finished = row.finished !== null || row.status >= SUCCESSFUL;
    const uncancellable = finished ? FINISHED_REASON : (this.payload?.uncancellable ?? "");
    const disconnected = connected ? "" : DISCONNECTED_REASON;
    disable(this.rerun, disconnected || (finished ? "" : "The task has not finished yet"));
    disable(this.cancel, disconnected || uncancellable);
    disable(this.copyMagic, disconnected);
  }

  /** @param {DetailPayload} payload */
  fill(payload) {
    const isFirst = this.payload === null;
    this.payload = payload;
    setText(this.note, payload.note);
    this.note.hidden = !payload.note;
    const { fetchBranch, fetchOutput } = this.events;
    const result = resultSection(payload, (path, offset) => fetchBranch("return_value", path, offset));
    const args = argumentsSection(payload, (path, offset) => fetchBranch("args", path, offset));
    this.trees = [result.tree, args.tree].filter((tree) => tree !== null);
    const queries = this.activity.elements(payload);
    const traceback = tracebackElements(payload, this.attempt?.inner ?? null, this.events);
    this.tabs.setCount("Queries", payload.queries?.count ?? 0);
    this.tabs.fill({
      Result: result.elements,
      Arguments: args.elements,
      // An empty one gives way to the queries.
      Traceback: queries.length > 0 && payload.attempts.length === 0 ? [] : traceback,
      Output: outputSection(payload, fetchOutput),
      Queries: queries,
      Details: [factsSection(payload)],
    });
    const failed = payload.status === "FAILED";
    const first = failed ? "Traceback" : payload.dryRun ? "Queries" : "Result";
    this.tabs.selectAfterFill(first, failed ? "Result" : "Traceback", isFirst);
  }

  /** @param {string} reason why the detail could not be fetched */
  fail(reason) {
    if (this.payload === null) this.tabs.fillWithText(reason);
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the key was handled
   */
  keydown(event) {
    return (
      this.trees.some((tree) => tree.keydown(event)) ||
      this.tabs.keydown(event) ||
      this.strip.keydown(event) ||
      moveInToolbar(event)
    );
  }
}

/**
 * @param {string} text
 * @param {() => void} action
 */
function actionButton(text, action) {
  return h("button", { type: "button", class: "itipy-btn", onclick: onFirstClick(action) }, text);
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} reason why it can't be used; empty to enable it
 */
function disable(button, reason) {
  if (button.disabled !== (reason !== "")) button.disabled = reason !== "";
  setAttribute(button, "title", reason || null);
}
