// The part of time that the timeline shows: all of it, zoomed, or panned.

import { beginning, idleGaps } from "./time_scale.js";

/** @typedef {import("../tasks/rows.js").Row} Row */
/** @typedef {{ start: number, end: number }} Span milliseconds since the epoch */

/** The shortest span, in milliseconds. */
const SHORTEST = 0.1;

/**
 * What the timeline has to know of all its tasks, computed once per change of them.
 *
 * @typedef {object} Extent
 * @property {number} start of the first; Infinity if there is none
 * @property {number} end of the last that has finished; -Infinity if none has
 * @property {boolean} active has one not finished?
 * @property {import("./time_scale.js").Gap[]} gaps idle times
 */

/**
 * @param {Map<number, Row>} rows
 * @param {number[]} keys in order of arrival
 * @returns {Extent}
 */
export function extentOf(rows, keys) {
  let start = Infinity;
  let end = -Infinity;
  let active = false;
  let isOrdered = true;
  let previous = -Infinity;
  /** @type {Row[]} */
  const busy = [];
  for (const key of keys) {
    const row = rows.get(key);
    const from = row === undefined ? null : beginning(row);
    if (row === undefined || from === null) continue;
    if (from < start) start = from;
    if (row.finished === null) active = true;
    else if (row.finished > end) end = row.finished;
    isOrdered &&= from >= previous;
    previous = from;
    busy.push(row);
  }
  if (!isOrdered) busy.sort((a, b) => (beginning(a) ?? 0) - (beginning(b) ?? 0));
  const length = Math.max(end, previous) - start;
  return { start, end, active, gaps: Number.isFinite(length) ? idleGaps(busy, length) : [] };
}

/**
 * The span from the first enqueuing to the last end, or to now if a task is unfinished.
 *
 * @param {Extent} extent
 * @param {number} now
 * @returns {Span}
 */
export function wholeSpan({ start, end, active }, now) {
  if (start === Infinity) return { start: now - 1000, end: now };
  const last = active ? Math.max(end, now) : end;
  const length = Math.max(last - start, SHORTEST);
  const margin = active ? 0 : length * 0.02;
  return { start: start - length * 0.02, end: start + length + margin };
}

/**
 * A span `factor` times as long that keeps the moment at `focus` in place.
 *
 * @param {Span} span
 * @param {number} factor
 * @param {number} focus 0 (start) to 1 (end)
 * @param {Span} whole the limit
 * @returns {Span | null} null for the whole span
 */
export function zoomed(span, factor, focus, whole) {
  const length = Math.max(SHORTEST, (span.end - span.start) * factor);
  if (length >= whole.end - whole.start) return null;
  const fixed = span.start + (span.end - span.start) * focus;
  return clamped({ start: fixed - length * focus, end: fixed + length * (1 - focus) }, whole);
}

/**
 * The span moved by a fraction of its length.
 *
 * @param {Span} span
 * @param {number} fraction
 * @param {Span} whole the limit
 * @returns {Span}
 */
export function panned(span, fraction, whole) {
  const by = (span.end - span.start) * fraction;
  return clamped({ start: span.start + by, end: span.end + by }, whole);
}

/**
 * The span between two moments, in either order.
 *
 * @param {number} from
 * @param {number} to
 * @param {Span} whole the limit
 * @returns {Span}
 */
export function spanBetween(from, to, whole) {
  const start = Math.min(from, to);
  return clamped({ start, end: Math.max(start + SHORTEST, Math.max(from, to)) }, whole);
}

/**
 * @param {Span} span
 * @param {Span} whole
 * @returns {Span}
 */
function clamped(span, whole) {
  const length = Math.min(span.end - span.start, whole.end - whole.start);
  const start = Math.min(Math.max(span.start, whole.start), whole.end - length);
  return { start, end: start + length };
}
