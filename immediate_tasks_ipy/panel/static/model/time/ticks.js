// The labelled ticks of the timeline's axis.

import { clockText, dateText } from "../text/format.js";

/** @typedef {import("./time_scale.js").TimeScale} TimeScale */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Milliseconds between ticks, to choose from. */
const STEPS = [
  ...[0.01, 0.1, 1, 10, 100].flatMap((unit) => [1, 2, 5].map((factor) => unit * factor)),
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48, 168, 720].map((hours) => hours * HOUR),
];
/** The least pixels between ticks labelled to the second, and to the millisecond. */
const TICK_DISTANCE = 76;
const EXACT_TICK_DISTANCE = 118;
/** Pixels before the end that are kept for the label "now". */
const NOW_DISTANCE = 72;
const MOST_TICKS = 50;

/**
 * Ticks at round times, far enough apart that their labels do not touch, nor those of gaps.
 *
 * @param {TimeScale} scale
 * @param {number} width of the track in pixels
 * @param {boolean} withNow whether the end is labelled "now"
 * @returns {{ at: number, text: string }[]} `at` in percent of the track
 */
export function buildTicks(scale, width, withNow) {
  const { span } = scale;
  if (width < 1 || !(span.end > span.start)) return [];
  const pixels = (scale.perMs * width) / 100;
  const fits = (/** @type {number} */ step) =>
    step * pixels >= (step < 1000 ? EXACT_TICK_DISTANCE : TICK_DISTANCE);
  const step = STEPS.find(fits) ?? /** @type {number} */ (STEPS.at(-1));
  const zone = new Date(span.start).getTimezoneOffset() * MINUTE;
  const gaps = scale.gaps.map(({ start, end }) => (scale.at(start) + scale.at(end)) / 2);
  const ticks = [];
  let time = Math.ceil((span.start - zone) / step) * step + zone;
  while (time <= span.end && ticks.length <= MOST_TICKS) {
    const gap = scale.gaps.find(({ start, end }) => time > start && time < end);
    if (gap) {
      time = Math.ceil((gap.end - zone) / step) * step + zone;
      continue;
    }
    const at = scale.at(time);
    const touchesNow = withNow && ((100 - at) / 100) * width < NOW_DISTANCE;
    const touchesGap = gaps.some((middle) => (Math.abs(middle - at) / 100) * width < NOW_DISTANCE);
    if (!touchesNow && !touchesGap) ticks.push({ at, text: tickText(time, step) });
    time += step;
  }
  return ticks;
}

/**
 * @param {number} time
 * @param {number} step
 */
function tickText(time, step) {
  if (step >= 24 * HOUR) return dateText(time).slice(0, 10);
  if (step >= MINUTE) return clockText(time).slice(0, 5);
  if (step >= 1) return clockText(time, step < 1000);
  // Two digits below the milliseconds, rounded before they are taken apart.
  const hundredths = Math.round(time * 100);
  const below = String(((hundredths % 100) + 100) % 100).padStart(2, "0");
  return `${clockText(Math.floor(hundredths / 100), true)}${below}`;
}
