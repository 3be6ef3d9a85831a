// Browser notifications, shown while the page is hidden.

import { notificationText } from "../model/text/notification.js";

/** @typedef {import("../model/tasks/rows.js").Row} Row */

/**
 * Notify of tasks that took long, if the page is hidden and the user has granted permission.
 *
 * @param {Row[]} finished
 * @param {number} after seconds; 0 for never
 * @param {string} tag a notification replaces an earlier one of the same tag
 */
export function notify(finished, after, tag) {
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return;
  const text = notificationText(finished, after);
  if (!text) return;
  const notification = new Notification(text.title, { body: text.body, tag });
  notification.onclick = () => window.focus();
}

/**
 * Request permission; browsers allow that only in response to a user's gesture.
 *
 * @param {number} after seconds; 0 for never
 */
export function requestNotifications(after) {
  if (after > 0 && "Notification" in window && Notification.permission === "default") {
    void Notification.requestPermission();
  }
}
