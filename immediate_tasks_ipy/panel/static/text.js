// Numbers, times and durations as text, in the words of the design.

/**
 * A measured time: `0.12 ms`, `48.1 ms`, `0.80 s`, `12.4 s`, `2 min 05 s`.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function durationText(seconds) {
  if (seconds < 0.000005) return "<0.01 ms";
  if (seconds < 0.0995) return `${threeDigits(seconds * 1000)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${twoDigits(hours % 24)} h`;
}

/** @param {number} number */
function threeDigits(number) {
  return number < 9.995 ? number.toFixed(2) : number.toFixed(1);
}

/** @param {number} number */
function twoDigits(number) {
  return String(number).padStart(2, "0");
}

/**
 * The local time of day, `14:03:07` or with milliseconds `14:03:07.412`.
 *
 * @param {number} ms since the epoch
 * @param {boolean} [exact]
 * @returns {string}
 */
export function clockText(ms, exact = false) {
  const time = new Date(ms);
  const text = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(":");
  return exact ? `${text}.${String(time.getMilliseconds()).padStart(3, "0")}` : text;
}

/**
 * Local date and time, `2026-03-01 14:03:07.412`.
 *
 * @param {number} ms since the epoch
 * @returns {string}
 */
export function dateText(ms) {
  const time = new Date(ms);
  const date = [time.getFullYear(), twoDigits(time.getMonth() + 1), twoDigits(time.getDate())];
  return `${date.join("-")} ${clockText(ms, true)}`;
}

/**
 * A count with thousands apart: `1,204`.
 *
 * @param {number} count
 * @returns {string}
 */
export function countText(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * A count with its noun: `1 task`, `1,204 tasks`.
 *
 * @param {number} count
 * @param {string} noun
 * @returns {string}
 */
export function plural(count, noun) {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Queue only when not `default`, priority only when not 0: `mail · +50`, `−10`.
 *
 * @param {string} queue
 * @param {number} priority
 * @returns {string}
 */
export function queueText(queue, priority) {
  const sign = priority > 0 ? "+" : "−";
  const parts = [];
  if (queue !== "default") parts.push(queue);
  if (priority !== 0) parts.push(sign + Math.abs(priority));
  return parts.join(" · ");
}

/**
 * A text in two parts, so that a narrow cell can cut the first and keep the second.
 *
 * @param {string} text
 * @param {number} kept characters of the end
 * @returns {[string, string]}
 */
export function headAndTail(text, kept) {
  const characters = [...text];
  const at = Math.max(0, characters.length - kept);
  return [characters.slice(0, at).join(""), characters.slice(at).join("")];
}
