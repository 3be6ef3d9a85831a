// Numbers, times and durations as text, written as display/times.py writes them: both are held to
// tests/display/formats.json.

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;

/**
 * A measured time: `0.12 ms`, `48.1 ms`, `0.80 s`, `12.4 s`, `2 min 05 s`.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function durationText(seconds) {
  if (!Number.isFinite(seconds)) return "? s";
  if (seconds < 0.000005) return "<0.01 ms";
  if (seconds < 0.0995) return `${threeDigits(seconds * 1000)} ms`;
  if (seconds < MINUTE_SECONDS - 0.05) return `${threeDigits(seconds)} s`;
  return longDuration(Number(fixed(seconds, 0)));
}

/**
 * A time that need not be exact: `4.2 s`, `4 min`, `2 h 05 min`.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function longDurationText(seconds) {
  if (seconds < MINUTE_SECONDS || seconds >= HOUR_SECONDS) return durationText(seconds);
  return `${Math.round(seconds / MINUTE_SECONDS)} min`;
}

/** @param {number} seconds whole */
function longDuration(seconds) {
  const minutes = Math.floor(seconds / MINUTE_SECONDS);
  if (seconds < HOUR_SECONDS) return `${minutes} min ${twoDigits(seconds % MINUTE_SECONDS)} s`;
  const hours = Math.floor(seconds / HOUR_SECONDS);
  if (seconds < DAY_SECONDS) return `${hours} h ${twoDigits(minutes % 60)} min`;
  return `${countText(Math.floor(seconds / DAY_SECONDS))} d ${twoDigits(hours % 24)} h`;
}

/** @param {number} number below 99.95 */
function threeDigits(number) {
  return fixed(number, number < 9.995 ? 2 : 1);
}

/**
 * `toFixed`, but ties are rounded to an even digit, as Python does: 0.125 is `0.12`.
 *
 * @param {number} number
 * @param {number} digits
 */
function fixed(number, digits) {
  const text = number.toFixed(digits);
  // Only binary fractions can lie exactly between two decimal ones.
  const isTie = (number * 2 ** (digits + 1)) % 2 === 1;
  const isOdd = Number(text.at(-1)) % 2 === 1;
  return isTie && isOdd ? (number - 10 ** -(digits + 1)).toFixed(digits) : text;
}

/** @param {number} number */
function twoDigits(number) {
  return String(number).padStart(2, "0");
}

/**
 * The local time of day: `14:03:07`, or with milliseconds `14:03:07.412`.
 *
 * @param {number} ms since the epoch
 * @param {boolean} [exact]
 * @returns {string}
 */
export function clockText(ms, exact = false) {
  return clockOf(dateOf(ms), exact);
}

/**
 * Local date, time and offset: `2026-03-01 14:03:07.412+01:00`.
 *
 * @param {number} ms since the epoch
 * @returns {string}
 */
export function dateText(ms) {
  const date = dateOf(ms);
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())];
  const offset = -date.getTimezoneOffset();
  const minutes = Math.abs(offset);
  const zone = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
  return `${day.join("-")} ${clockOf(date, true)}${offset < 0 ? "-" : "+"}${zone}`;
}

/**
 * The moment to the millisecond, cut. Times are sums of floats, which may lie just below a whole
 * millisecond: they are rounded to the microsecond first.
 *
 * @param {number} ms since the epoch
 */
function dateOf(ms) {
  return new Date(Math.floor(Math.round(ms * 1000) / 1000));
}

/**
 * @param {Date} date
 * @param {boolean} exact
 */
function clockOf(date, exact) {
  const text = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
  return exact ? `${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

const COUNTS = new Intl.NumberFormat("en-US");

/**
 * A count with its thousands separated: `1,204`.
 *
 * @param {number} count
 * @returns {string}
 */
export function countText(count) {
  return COUNTS.format(count);
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
 * A rate: `32.1/s`, or below 0.1 a second `4.2/min`.
 *
 * @param {number} rate a second
 * @returns {string}
 */
export function rateText(rate) {
  const [number, unit] = rate < 0.1 ? [rate * 60, "min"] : [rate, "s"];
  return `${number < 99.95 ? number.toFixed(1) : countText(Math.round(number))}/${unit}`;
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
 * Split a text in two, so that a narrow cell can cut the first part and keep the second.
 *
 * @param {string} text
 * @param {number} kept characters of the second part
 * @returns {[string, string]}
 */
export function headAndTail(text, kept) {
  const characters = [...text];
  const at = Math.max(0, characters.length - kept);
  return [characters.slice(0, at).join(""), characters.slice(at).join("")];
}

/** Characters at the end of the arguments that a narrow cell keeps: there calls differ. */
const KEPT_CHARACTERS = 6;

/**
 * A call's arguments in parentheses, in two parts as of `headAndTail`.
 *
 * @param {string | null} args null for a task that is not a call
 * @returns {[string, string]}
 */
export function argumentsInParts(args) {
  if (args === null) return ["", ""];
  // What is hardly longer has no part that could give way.
  return args.length <= KEPT_CHARACTERS ? ["", `(${args})`] : headAndTail(`(${args})`, KEPT_CHARACTERS);
}
