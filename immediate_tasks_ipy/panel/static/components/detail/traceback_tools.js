// What can be done with a traceback: copy it, go to its cell, debug in its frame.

import { h } from "../../dom/elements.js";
import { canRunMagics, findCell, goToCell, runMagic } from "../../dom/notebook.js";

/** @typedef {import("../../model/text/traceback_frames.js").Attempt} Attempt */
/** @typedef {import("../../model/text/traceback_frames.js").Frame} Frame */
/** @typedef {import("./detail_sections.js").DetailPayload} DetailPayload */

/**
 * @typedef {object} ToolEvents
 * @property {() => void} copyTraceback
 * @property {(text: string) => void} copyMagicText
 * @property {(exception: number, frame: number) => Promise<[name: string, value: string][]>} fetchLocals
 */

/**
 * @param {DetailPayload} payload
 * @param {Attempt} attempt
 * @param {ToolEvents} events
 */
export function tracebackTools(payload, attempt, events) {
  const frame = attempt.segments.at(-1)?.frames.filter(({ library }) => !library).at(-1);
  const tools = [tracebackButton("Copy traceback", null, events.copyTraceback)];
  const number = frame && /\[(\d+)\]/.exec(frame.label)?.[1];
  if (frame && number) tools.push(cellButton(frame, Number(number)));
  if (frame && payload.canDebug) {
    const magic = `%tasks debug ${payload.taskId.slice(0, 8)}`;
    const debug = () => (canRunMagics() ? void runMagic(magic) : events.copyMagicText(magic));
    tools.push(tracebackButton("Debug here", `Debug here, in ${frame.function}`, debug));
  }
  tools.forEach((tool, index) => tool.setAttribute("tabindex", index === 0 ? "0" : "-1"));
  return h("div", { class: "itipy-tools", role: "toolbar", "aria-label": "Traceback" }, ...tools);
}

/**
 * @param {Frame} frame
 * @param {number} number the cell's execution count
 */
function cellButton(frame, number) {
  const failing = frame.source.find(([, , isFailing]) => isFailing)?.[1] ?? "";
  const go = () => {
    const { cell, reason } = findCell(button, number, frame.line, failing);
    if (cell) goToCell(cell, frame.line);
    else {
      button.disabled = true;
      button.title = reason;
    }
  };
  const button = tracebackButton("Go to cell", `Go to cell [${number}], line ${frame.line}`, go);
  return button;
}

/**
 * @param {string} text
 * @param {string | null} name
 * @param {() => void} action
 */
function tracebackButton(text, name, action) {
  return h("button", { type: "button", class: "itipy-btn", "aria-label": name, onclick: action }, text);
}

/**
 * Move between the buttons of the toolbar, which is one tab stop.
 *
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key was handled
 */
export function moveInToolbar(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const toolbar = target.closest(".itipy-tools");
  if (!toolbar) return false;
  const buttons = [.../** @type {NodeListOf<HTMLElement>} */ (toolbar.querySelectorAll("button"))];
  const at = buttons.indexOf(target);
  const last = buttons.length - 1;
  const moves = { ArrowLeft: Math.max(0, at - 1), ArrowRight: Math.min(last, at + 1), Home: 0, End: last };
  const to = moves[/** @type {keyof typeof moves} */ (event.key)];
  if (to === undefined) return false;
  for (const button of buttons) button.tabIndex = -1;
  const button = /** @type {HTMLElement} */ (buttons[to]);
  button.tabIndex = 0;
  button.focus();
  return true;
}
