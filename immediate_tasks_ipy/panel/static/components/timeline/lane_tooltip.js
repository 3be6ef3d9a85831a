// The tooltip of the lane under the pointer.

import { h } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { durationText, plural } from "../../model/text/format.js";
import { progressWords } from "../../model/tasks/outcomes.js";
import {
  callText,
  FAILED,
  secondsTaken,
  secondsWaited,
  STATUS_LABELS,
  STATUS_NAMES,
  SUCCESSFUL,
} from "../../model/tasks/rows.js";

/** @typedef {import("../../model/tasks/rows.js").Row} Row */
/** @typedef {import("../../model/list/list_state.js").ListProps} ListProps */

/** Characters of a line. */
const LONGEST = 48;

export class LaneTooltip {
  /** @param {string} id */
  constructor(id) {
    this.element = h("div", { class: "itipy-tip", role: "tooltip", id, hidden: true });
  }

  hide() {
    this.element.hidden = true;
  }

  /**
   * Show a task's times below its lane, or above it where there is no room below.
   *
   * @param {number} key
   * @param {ListProps} props
   * @param {DOMRect} lane
   * @param {DOMRect} box of the timeline
   * @param {number} clientX of the pointer
   */
  show(key, props, lane, box, clientX) {
    const { element } = this;
    element.replaceChildren(...content(key, props));
    element.hidden = false;
    const below = lane.bottom - box.top + element.offsetHeight + 2 <= box.height;
    const top = below ? lane.bottom - box.top : lane.top - box.top - element.offsetHeight;
    const left = Math.min(clientX - box.left + 12, box.width - element.offsetWidth - 8);
    element.style.top = `${Math.max(0, top)}px`;
    element.style.left = `${Math.max(0, left)}px`;
  }
}

/**
 * @param {number} key
 * @param {ListProps} props
 */
function content(key, { store, now }) {
  const row = /** @type {Row} */ (store.rows.get(key));
  const name = STATUS_NAMES[row.status] ?? "ready";
  const waited = secondsWaited(row, now);
  const ran = secondsTaken(row, now);
  const children = store.relations.childrenOf(key).map((child) => store.rows.get(child));
  const inside = children.reduce((sum, child) => sum + (child ? (secondsTaken(child, now) ?? 0) : 0), 0);
  const ofIt = children.length > 0 ? ` (${durationText(inside)} in ${plural(children.length, "child task")})` : "";
  const parent = store.rows.get(row.parent ?? 0);
  const code = (/** @type {string} */ text) => h("span", { class: "itipy-code" }, cutText(text));
  /** @type {[label: string, value: string | Node | null][]} */
  const lines = [
    ["Waited", waited === null ? null : durationText(waited)],
    ["Ran", ran === null ? null : durationText(ran) + ofIt],
    ["Progress", row.progress && row.finished === null ? progressWords(row.progress) : null],
    ["Parent", parent ? code(callText(parent)) : null],
    ["Error", row.status === FAILED ? code(row.outcome ?? "failed") : null],
    ["Result", row.status === SUCCESSFUL ? code(row.outcome ?? "") : null],
  ];
  const line = (/** @type {string} */ label, /** @type {(string | Node)[]} */ ...value) =>
    h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, ...value));
  const status = line("Status", icon(name), STATUS_LABELS[row.status] ?? "?");
  status.lastElementChild?.classList.add(`itipy-is-${name}`);
  const others = lines.flatMap(([label, value]) => (value === null ? [] : [line(label, value)]));
  return [
    h("b", { class: "itipy-code" }, cutText(callText(row))),
    h("table", {}, h("tbody", {}, status, ...others)),
  ];
}

/** @param {string} text */
function cutText(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
