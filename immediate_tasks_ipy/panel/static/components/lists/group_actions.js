// The buttons of a batch, in its row and in its detail: each says what it will do to how many tasks.

import { h, onFirstClick, setAttribute, setText } from "../../dom/elements.js";
import { countText } from "../../model/text/format.js";
import { FAILED } from "../../model/tasks/rows.js";

/**
 * @typedef {object} GroupEvents
 * @property {(group: number) => void} rerunGroup
 * @property {(group: number) => void} cancelGroup
 * @property {(group: number) => void} resumeGroup
 */

export class GroupActions {
  /**
   * @param {GroupEvents} events
   * @param {() => number} id of the batch that is shown
   */
  constructor(events, id) {
    const button = (/** @type {(group: number) => void} */ action) =>
      h("button", { type: "button", class: "itipy-btn", onclick: onFirstClick(() => action(id())) });
    this.resume = button(events.resumeGroup);
    this.rerun = button(events.rerunGroup);
    this.cancel = button(events.cancelGroup);
    this.elements = [this.resume, this.rerun, this.cancel];
  }

  /**
   * @param {string} label
   * @param {import("../../model/tasks/relations.js").Group} group
   * @param {import("../../model/tasks/batch_progress.js").BatchProgress} progress
   * @param {boolean} connected
   */
  draw(label, group, { rest, missing }, connected) {
    const name = label.split("(")[0] ?? label;
    const failed = group.counts[FAILED] ?? 0;
    drawGroupButton(this.resume, missing, "Resume", "", name, connected);
    drawGroupButton(this.rerun, failed, "Re-run", " failed", name, connected);
    drawGroupButton(this.cancel, rest, "Cancel", " unfinished", name, connected);
    setText(this.cancel, `Cancel ${countText(rest)}`);
  }
}

/**
 * @param {HTMLButtonElement} button absent where it has nothing to do
 * @param {number} count
 * @param {string} verb
 * @param {string} which of the tasks
 * @param {string} name of the function
 * @param {boolean} connected
 */
function drawGroupButton(button, count, verb, which, name, connected) {
  button.hidden = count === 0;
  button.disabled = !connected;
  setAttribute(button, "title", connected ? null : "The kernel is disconnected");
  const text = `${verb} ${countText(count)}${which}`;
  setText(button, text);
  setAttribute(button, "aria-label", `${text} ${count === 1 ? "task" : "tasks"} of ${name}`);
}
