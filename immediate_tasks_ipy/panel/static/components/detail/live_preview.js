// A result that JSON can't hold: its type and shape, what a queue would need, its first rows.

import { h } from "../../dom/elements.js";

/**
 * @typedef {object} LivePayload see detail.py
 * @property {string} title
 * @property {string} note how it is kept, and what a queue would need
 * @property {[text: string, isHeader: boolean][][]} table rows of cells; empty where it is none
 * @property {string} more how many rows the table leaves out; empty for none
 * @property {[png: string, width: number, height: number] | null} picture a PNG in Base64
 * @property {string[]} lines of its representation; empty for a container, which is a tree
 */

/**
 * @param {LivePayload} live
 * @returns {HTMLElement[]}
 */
export function livePreview({ title, note, table, lines, more, picture }) {
  /** @type {HTMLElement[]} */
  const elements = [
    h("p", { class: "itipy-livehead" }, h("span", { class: "itipy-code" }, title)),
    h("p", { class: "itipy-changehead" }, note),
  ];
  if (picture) elements.splice(1, 0, pictureElement(title, picture));
  else if (table.length) elements.splice(1, 0, tableElement(title, table), ...moreElement(more));
  else if (lines.length) elements.splice(1, 0, h("pre", { class: "itipy-pre" }, lines.join("\n")));
  return elements;
}

/**
 * @param {string} title
 * @param {[png: string, width: number, height: number]} picture
 */
function pictureElement(title, [png, width, height]) {
  const alt = `${title}, ${width} × ${height}`;
  return h("img", { class: "itipy-picture", src: `data:image/png;base64,${png}`, alt, width, height });
}

/** @param {string} more */
function moreElement(more) {
  return more ? [h("p", { class: "itipy-dim itipy-more-rows" }, more)] : [];
}

/**
 * @param {string} title
 * @param {LivePayload["table"]} rows
 */
function tableElement(title, rows) {
  const drawn = rows.map((row, index) => {
    const scope = index === 0 ? "col" : "row";
    // The corner above row labels is no header: it heads nothing.
    const cells = row.map(([text, isHeader]) => (isHeader && text ? h("th", { scope }, text) : h("td", {}, text)));
    return h("tr", {}, ...cells);
  });
  const table = h("table", { "aria-label": `Preview of ${title}` }, h("tbody", {}, ...drawn));
  return h("div", { class: "itipy-live", tabindex: "0" }, table);
}
