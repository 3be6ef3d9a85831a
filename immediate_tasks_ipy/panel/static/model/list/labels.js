// What distinguishes the items of a batch, without what all of them share.

import { callText } from "../tasks/rows.js";

/** @typedef {import("../tasks/rows.js").Row} Row */
/** @typedef {import("../tasks/store.js").Store} Store */
/** @typedef {{ size: number, shared: Shared | null }} GroupLabels what the first `size` items share */

/** Items that are compared; more seldom share less. */
const SAMPLE = 200;
/** Where a label may be cut, so that no word is. */
const BOUNDARIES = /[/,\s"'=:]/;
/** The fewest characters that are worth being cut. */
const FEWEST = 8;

/** @typedef {{ prefix: number, suffix: number }} Shared how many characters all items share at each end */

/**
 * @param {string[]} texts
 * @returns {Shared | null} null if the texts are equal, or there is only one
 */
export function sharedParts(texts) {
  const [first = "", ...rest] = spread(texts);
  if (rest.length === 0 || rest.every((text) => text === first)) return null;
  let prefix = first.length;
  let suffix = first.length;
  for (const text of rest) {
    prefix = commonLength(first, text, prefix);
    suffix = commonEnd(first, text, suffix);
  }
  const shortest = Math.min(first.length, ...rest.map((text) => text.length));
  suffix = Math.min(suffix, shortest - prefix);
  while (prefix > 0 && !BOUNDARIES.test(first.charAt(prefix - 1))) prefix--;
  while (suffix > 0 && !BOUNDARIES.test(first.charAt(first.length - suffix))) suffix--;
  return { prefix, suffix };
}

/** @type {WeakMap<import("../tasks/relations.js").Group, GroupLabels>} */
const LABELS = new WeakMap();

/**
 * The label of an item of a batch, in a dim part and its own; `#17` where items do not differ.
 *
 * @param {Store} store
 * @param {Row} row
 * @returns {[dim: string, own: string]}
 */
export function itemLabel(store, row) {
  const group = store.relations.group(-(row.group ?? 0));
  const members = store.relations.membersOf(group);
  let labels = LABELS.get(group);
  if (labels === undefined || members.length > labels.size * 2 || members.length < labels.size) {
    const sample = spread(members).map((key) => textOf(store.rows.get(key)));
    labels = { size: members.length, shared: sharedParts(sample) };
    LABELS.set(group, labels);
  }
  if (labels.shared) return ownPart(textOf(row), labels.shared);
  if (members.length === 1) return ["", callText(row)];
  return ["", `#${members.indexOf(row.key) + 1}`];
}

/** @param {Row | undefined} row */
function textOf(row) {
  return row ? (row.args ?? row.name) : "";
}

/**
 * A label in a dim part, which stands for what all share, and the part that differs.
 *
 * @param {string} text
 * @param {Shared} shared
 * @returns {[dim: string, own: string]}
 */
export function ownPart(text, { prefix, suffix }) {
  const end = Math.max(prefix, text.length - suffix);
  if (prefix >= FEWEST) return [`…${lastPart(text.slice(0, prefix))}`, text.slice(prefix, end) || text.slice(prefix)];
  if (suffix < FEWEST) return ["", text];
  const own = text.slice(0, end);
  return ["", own === "" ? text : own + closingQuote(own, text.charAt(end))];
}

/**
 * The quote that closes what a text leaves open, if that is what follows the text.
 *
 * @param {string} text
 * @param {string} next
 */
function closingQuote(text, next) {
  const isOpen = (next === '"' || next === "'") && text.split(next).length % 2 === 0;
  return isOpen ? next : "";
}

/**
 * The last part of what was cut, with the boundaries around it: `/page/`.
 *
 * @param {string} cut
 */
function lastPart(cut) {
  let at = cut.length - 1;
  while (at > 0 && !BOUNDARIES.test(cut.charAt(at - 1))) at--;
  return cut.slice(Math.max(0, at - 1));
}

/**
 * A sample, evenly spread.
 *
 * @template T
 * @param {T[]} all
 * @returns {T[]}
 */
function spread(all) {
  if (all.length <= SAMPLE) return all;
  const step = all.length / SAMPLE;
  return Array.from({ length: SAMPLE }, (_, index) => /** @type {T} */ (all[Math.floor(index * step)]));
}

/**
 * @param {string} a
 * @param {string} b
 * @param {number} most
 */
function commonLength(a, b, most) {
  let length = 0;
  while (length < most && length < b.length && a[length] === b[length]) length++;
  return length;
}

/**
 * @param {string} a
 * @param {string} b
 * @param {number} most
 */
function commonEnd(a, b, most) {
  let length = 0;
  while (length < most && length < b.length && a.at(-1 - length) === b.at(-1 - length)) length++;
  return length;
}
