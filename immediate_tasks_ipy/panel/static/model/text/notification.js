// The text of a browser notification about tasks that took long.

import { durationText, plural } from "./format.js";
import { callText, errorName, FAILED, secondsTaken } from "../tasks/rows.js";

/** @typedef {import("../tasks/rows.js").Row} Row */

/**
 * The notification for tasks that have finished; null if none took long enough.
 *
 * @param {Row[]} finished
 * @param {number} after seconds; 0 for never
 * @returns {{ title: string, body: string } | null}
 */
export function notificationText(finished, after) {
  if (!(after > 0)) return null;
  const long = finished.filter((row) => (secondsTaken(row, 0) ?? 0) >= after);
  const last = long.at(-1);
  if (!last) return null;
  const outcome = last.status === FAILED ? `failed: ${errorName(last)}` : "finished";
  const others = long.length > 1 ? `, and ${plural(long.length - 1, "other task")}` : "";
  const body = `after ${durationText(secondsTaken(last, 0) ?? 0)}${others}`;
  return { title: `${callText(last)} ${outcome}`, body };
}
