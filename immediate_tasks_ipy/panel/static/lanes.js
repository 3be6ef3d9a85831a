// The timeline as numbers: what part of time is shown, where a task lies in it, where its ticks are.

import { clockText, dateText } from "./text.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {{ start: number, end: number }} Span milliseconds since the epoch */

/**
 * @typedef {object} Lane positions are percent of the track; null where there is nothing to draw
 * @property {number} key
 * @property {Part | null} wait
 * @property {Part | null} bar
 * @property {number | null} label where the duration is written
 */
/** @typedef {{ left: number, width: number }} Part */

/** The shortest time that can be shown, in milliseconds. */
const SHORTEST = 0.1;
const STEPS = [
  ...[0.01, 0.1, 1, 10, 100].flatMap((unit) => [1, 2, 5].map((factor) => unit * factor)),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 3, 6, 12, 24, 48, 168, 720].map((hours) => hours * 3_600_000),
];

/**
 * The time from the first enqueuing to the last end, or to now if something is not finished.
 *
 * @param {Map<number, Row>} rows
 * @param {number[]} keys
 * @param {number} now
 * @returns {{ span: Span, active: boolean }}
 */
export function wholeSpan(rows, keys, now) {
  let start = Infinity;
  let end = -Infinity;
  let active = false;
  for (const key of keys) {
    const row = /** @type {Row} */ (rows.get(key));
    const first = row.enqueued ?? row.started;
    if (first === null) continue;
    if (first < start) start = first;
    const last = row.finished ?? now;
    if (row.finished === null) active = true;
    if (last > end) end = last;
  }
  if (start === Infinity) return { span: { start: now - 1000, end: now }, active: false };
  const least = Math.max(end - start, SHORTEST);
  const margin = active ? 0 : least * 0.02;
  return { span: { start: start - least * 0.02, end: start + least + margin }, active };
}

/**
 * Where each of these tasks lies.
 *
 * @param {Row[]} rows
 * @param {number} now
 * @param {Span} span
 * @returns {Lane[]}
 */
export function buildLanes(rows, now, span) {
  return rows.map((row) => {
    const begun = row.started ?? (row.finished === null ? null : row.enqueued);
    const wait = row.enqueued === null ? null : part(row.enqueued, begun ?? row.finished ?? now, span);
    const bar = begun === null ? null : part(begun, row.finished ?? now, span);
    const last = bar ?? (row.status === 0 ? wait : null);
    return {
      key: row.key,
      wait: wait !== null && wait.width > 0 ? wait : null,
      bar,
      label: last === null ? null : last.left + last.width,
    };
  });
}

/**
 * @param {number} from
 * @param {number} to
 * @param {Span} span
 * @returns {Part | null} null if it lies outside
 */
function part(from, to, { start, end }) {
  const length = end - start;
  const until = Math.max(from, to);
  if (until < start || from > end) return null;
  const left = ((Math.max(from, start) - start) / length) * 100;
  const right = ((Math.min(until, end) - start) / length) * 100;
  return { left, width: right - left };
}

/**
 * The ticks of the axis, so far apart that their labels do not touch.
 *
 * @param {Span} span
 * @param {number} width of the track in pixels
 * @param {boolean} withNow nothing is written close to the end, where "now" stands
 * @returns {{ at: number, text: string }[]} `at` in percent
 */
export function buildTicks(span, width, withNow) {
  const length = span.end - span.start;
  if (width < 1 || !(length > 0)) return [];
  const fits = (/** @type {number} */ step) => (step / length) * width >= (step < 1000 ? 104 : 76);
  const step = STEPS.find(fits) ?? /** @type {number} */ (STEPS.at(-1));
  const zone = new Date(span.start).getTimezoneOffset() * 60_000;
  const ticks = [];
  for (let time = Math.ceil((span.start - zone) / step) * step + zone; time <= span.end; time += step) {
    const at = ((time - span.start) / length) * 100;
    const fromEnd = ((span.end - time) / length) * width;
    if (withNow && fromEnd < 72) continue;
    ticks.push({ at, text: tickText(time, step) });
    if (ticks.length > 50) break;
  }
  return ticks;
}

/**
 * @param {number} time
 * @param {number} step
 */
function tickText(time, step) {
  if (step >= 24 * 3_600_000) return dateText(time).slice(0, 10);
  if (step >= 60_000) return clockText(time).slice(0, 5);
  return clockText(time, step < 1000);
}

/**
 * A span `factor` times as long, the moment at `focus` (0 to 1) staying where it is.
 *
 * @param {Span} span
 * @param {number} factor
 * @param {number} focus
 * @param {Span} whole it never grows beyond
 * @returns {Span | null} null when all is shown
 */
export function zoomed(span, factor, focus, whole) {
  const length = Math.max(SHORTEST, (span.end - span.start) * factor);
  if (length >= whole.end - whole.start) return null;
  const fixed = span.start + (span.end - span.start) * focus;
  return within({ start: fixed - length * focus, end: fixed + length * (1 - focus) }, whole);
}

/**
 * The span moved by a share of its length.
 *
 * @param {Span} span
 * @param {number} share
 * @param {Span} whole
 * @returns {Span}
 */
export function panned(span, share, whole) {
  const by = (span.end - span.start) * share;
  return within({ start: span.start + by, end: span.end + by }, whole);
}

/**
 * @param {Span} span
 * @param {Span} whole
 * @returns {Span}
 */
function within(span, whole) {
  const length = span.end - span.start;
  const start = Math.min(Math.max(span.start, whole.start), whole.end - length);
  return { start, end: start + length };
}
