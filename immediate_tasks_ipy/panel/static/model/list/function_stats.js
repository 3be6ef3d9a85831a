// The tasks by function: how many, how many failed, how long they took.

import { FAILED, secondsTaken, SUCCESSFUL } from "../tasks/rows.js";

/** @typedef {import("../tasks/rows.js").Row} Row */
/** @typedef {import("../tasks/store.js").Store} Store */
/** @typedef {"function" | "tasks" | "failed" | "median" | "most" | "longest" | "total"} StatsColumn */
/** @typedef {{ column: StatsColumn, descending: boolean }} StatsSort */
/** @typedef {{ seconds: number, failed: boolean }} Point one run, for the sparkline */

/**
 * @typedef {object} FunctionStats durations are in seconds; null if no task has finished
 * @property {string} name
 * @property {number} tasks
 * @property {number} failed
 * @property {number | null} median
 * @property {number | null} most what 95 % of the durations stay under
 * @property {number | null} longest
 * @property {number} total
 * @property {Point[]} points the latest durations, oldest first
 * @property {"" | "steady" | "slower lately" | "faster lately"} trend
 */

/** Durations in a sparkline. */
const POINTS = 50;
/** Durations of which the last fifth says something about the trend. */
const FEWEST_DURATIONS = 10;
/** The factor between the median of the last fifth and of the rest that is a trend. */
const TREND = 1.5;

/**
 * @param {Store} store
 * @param {Iterable<number>} keys of tasks, oldest first
 * @param {number} now
 * @returns {FunctionStats[]}
 */
export function functionStats(store, keys, now) {
  /** @type {Map<string, Row[]>} */
  const byName = new Map();
  for (const key of keys) {
    const row = store.rows.get(key);
    if (row === undefined || !store.relations.shown.has(key)) continue;
    const rows = byName.get(row.name);
    if (rows) rows.push(row);
    else byName.set(row.name, [row]);
  }
  return [...byName].map(([name, rows]) => statsOf(name, rows, now));
}

/**
 * @param {string} name
 * @param {Row[]} rows
 * @param {number} now
 * @returns {FunctionStats}
 */
function statsOf(name, rows, now) {
  /** @type {Row[]} */
  const finished = [];
  const durations = new Float64Array(rows.length);
  let total = 0;
  let failed = 0;
  for (const row of rows) {
    const seconds = secondsTaken(row, now);
    if (row.status === FAILED) failed++;
    if (seconds === null) continue;
    total += seconds;
    if (row.status !== SUCCESSFUL && row.status !== FAILED) continue;
    durations[finished.length] = seconds;
    finished.push(row);
  }
  const latest = durations.subarray(0, finished.length);
  const sorted = latest.slice().sort();
  const at = (/** @type {number} */ share) =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return {
    name,
    tasks: rows.length,
    failed,
    median: at(0.5),
    most: at(0.95),
    longest: at(1),
    total,
    points: finished.slice(-POINTS).map((row) => {
      return { seconds: secondsTaken(row, now) ?? 0, failed: row.status === FAILED };
    }),
    trend: trendOf(latest),
  };
}

/**
 * @param {Float64Array} durations oldest first
 * @returns {FunctionStats["trend"]}
 */
function trendOf(durations) {
  if (durations.length === 0) return "";
  const latest = Math.ceil(durations.length / 5);
  if (durations.length < FEWEST_DURATIONS) return "steady";
  const before = median(durations.slice(0, -latest));
  const after = median(durations.slice(-latest));
  if (after > before * TREND) return "slower lately";
  if (after * TREND < before) return "faster lately";
  return "steady";
}

/** @param {Float64Array} values */
function median(values) {
  return values.slice().sort()[Math.ceil(values.length / 2) - 1] ?? 0;
}

/**
 * @param {FunctionStats[]} stats
 * @param {StatsSort} sort
 * @returns {FunctionStats[]}
 */
export function sortedStats(stats, { column, descending }) {
  const direction = descending ? -1 : 1;
  const value = (/** @type {FunctionStats} */ each) =>
    column === "function" ? each.name.toLowerCase() : (each[column] ?? -1);
  return stats.slice().sort((a, b) => {
    const left = value(a);
    const right = value(b);
    if (left < right) return -direction;
    return left > right ? direction : a.name < b.name ? -1 : 1;
  });
}
