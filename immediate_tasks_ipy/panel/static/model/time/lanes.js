// The lanes of the timeline: where each task's waiting and running lie in the shown span.

/** @typedef {import("../tasks/rows.js").Row} Row */
/** @typedef {import("./time_scale.js").TimeScale} TimeScale */

/**
 * @typedef {object} Lane positions in percent of the track; null for what is not visible
 * @property {number} key
 * @property {Bar | null} wait
 * @property {Bar | null} bar
 * @property {number | null} label position of the duration
 */
/** @typedef {{ left: number, width: number }} Bar */

/**
 * @param {Row[]} rows
 * @param {number} now
 * @param {TimeScale} scale
 * @returns {Lane[]}
 */
export function buildLanes(rows, now, scale) {
  return rows.map((row) => {
    const start = row.started ?? (row.finished === null ? null : row.enqueued);
    const wait =
      row.enqueued === null ? null : visibleBar(row.enqueued, start ?? row.finished ?? now, scale);
    const bar = start === null ? null : visibleBar(start, row.finished ?? now, scale);
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
 * @param {TimeScale} scale
 * @returns {Bar | null} null if it lies outside the span
 */
export function visibleBar(from, to, scale) {
  const { start, end } = scale.span;
  const until = Math.max(from, to);
  if (until < start || from > end) return null;
  const left = scale.at(Math.max(from, start));
  return { left, width: Math.max(0, scale.at(Math.min(until, end)) - left) };
}
