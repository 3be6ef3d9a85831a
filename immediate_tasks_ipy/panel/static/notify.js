// A browser notification for what took long, when nobody looks at the page.

import { callText, errorName, FAILED, secondsTaken } from "./rows.js";
import { durationText, plural } from "./text.js";

/** @typedef {import("./rows.js").Row} Row */

/**
 * What a notification says of the tasks that have ended; null if none took long enough.
 *
 * @param {Row[]} ended
 * @param {number} after seconds; 0 for never
 * @returns {{ title: string, body: string } | null}
 */
export function notificationText(ended, after) {
  if (!(after > 0)) return null;
  const long = ended.filter((row) => (secondsTaken(row, 0) ?? 0) >= after);
  const last = long.at(-1);
  if (!last) return null;
  const outcome = last.status === FAILED ? `failed: ${errorName(last)}` : "finished";
  const others = long.length > 1 ? `, and ${plural(long.length - 1, "other task")}` : "";
  const body = `after ${durationText(secondsTaken(last, 0) ?? 0)}${others}`;
  return { title: `${callText(last)} ${outcome}`, body };
}

/**
 * @param {Row[]} ended
 * @param {number} after seconds; 0 for never
 * @param {string} tag one notification of this name is shown at a time
 */
export function notify(ended, after, tag) {
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
  const text = notificationText(ended, after);
  if (!text) return;
  const notification = new Notification(text.title, { body: text.body, tag });
  notification.onclick = () => window.focus();
}

/**
 * Ask to be allowed, which a page may only when the user has just done something in it.
 *
 * @param {number} after seconds; 0 for never
 */
export function askToNotify(after) {
  if (after > 0 && "Notification" in window && Notification.permission === "default") {
    void Notification.requestPermission();
  }
}
