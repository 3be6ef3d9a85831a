// Where a moment lies on the timeline: evenly spread, but for idle time, which is cut out.

/** @typedef {import("./time_span.js").Span} Span */
/** @typedef {{ enqueued: number | null, started: number | null, finished: number | null }} Times of a task */
/** @typedef {{ start: number, end: number }} Gap idle time, in milliseconds since the epoch */

/** Pixels that a gap takes, however long it is. */
const GAP_WIDTH = 48;
/** Idle time up to which nothing is cut, in milliseconds and as a share of the whole. */
const SHORTEST_GAP = 2000;
const SMALLEST_SHARE = 0.1;

/**
 * When a task began to wait or, where that is not known, to run.
 *
 * @param {Times} times
 */
export function beginning({ enqueued, started }) {
  return enqueued ?? started;
}

/**
 * The idle times between tasks: nothing ran or waited.
 *
 * @param {Iterable<Times>} busy in order of their beginnings
 * @param {number} length of the whole span in milliseconds
 * @returns {Gap[]}
 */
export function idleGaps(busy, length) {
  const least = Math.max(SHORTEST_GAP, length * SMALLEST_SHARE);
  /** @type {Gap[]} */
  const gaps = [];
  let end = Infinity;
  for (const task of busy) {
    const from = beginning(task) ?? end;
    const until = task.finished ?? Infinity;
    if (from - end > least) gaps.push({ start: end, end: from });
    end = end === Infinity ? until : Math.max(end, until);
  }
  return gaps;
}

/** Positions are in percent of the track. */
export class TimeScale {
  /**
   * @param {Span} span
   * @param {Gap[]} gaps in order; those that reach beyond the span are drawn in part
   * @param {number} width of the track in pixels
   */
  constructor(span, gaps, width) {
    this.span = span;
    /** The gaps in view. */
    this.gaps = gaps
      .filter(({ start, end }) => end > span.start && start < span.end)
      .map(({ start, end }) => ({ start: Math.max(start, span.start), end: Math.min(end, span.end) }));
    const idle = this.gaps.reduce((sum, { start, end }) => sum + end - start, 0);
    const gapWidth = Math.min(GAP_WIDTH, width / 2 / Math.max(1, this.gaps.length));
    /** What a gap takes, in percent. */
    this.gapShare = (100 * gapWidth) / width;
    const left = 100 - this.gaps.length * this.gapShare;
    /** Percent of the track for a millisecond that is not idle. */
    this.perMs = left / Math.max(1e-9, span.end - span.start - idle);
  }

  /**
   * @param {number} time
   * @returns {number} percent of the track; below 0 or above 100 outside of the span
   */
  at(time) {
    let position = (time - this.span.start) * this.perMs;
    for (const { start, end } of this.gaps) {
      if (time <= start) break;
      const inside = Math.min(time, end) - start;
      position += (inside / (end - start)) * this.gapShare - inside * this.perMs;
    }
    return position;
  }

  /**
   * The moment at a position: the inverse of `at`.
   *
   * @param {number} percent
   * @returns {number}
   */
  timeAt(percent) {
    let time = this.span.start;
    let position = 0;
    for (const { start, end } of this.gaps) {
      const before = (start - time) * this.perMs;
      if (percent <= position + before) break;
      position += before;
      if (percent <= position + this.gapShare) {
        return start + ((percent - position) / this.gapShare) * (end - start);
      }
      position += this.gapShare;
      time = end;
    }
    return time + (percent - position) / this.perMs;
  }
}
