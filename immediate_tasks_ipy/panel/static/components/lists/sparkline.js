// The latest durations of a function as a line: crosses for failures, a dot for the newest.

/** @typedef {import("../../model/list/function_stats.js").Point} Point */

const WIDTH = 104;
const HEIGHT = 22;
/** Room for crosses and the dot. */
const MARGIN = 4;

/**
 * Hidden from assistive technology: words stand beside it.
 *
 * @param {Point[]} points oldest first, two or more
 * @returns {SVGSVGElement}
 */
export function sparkline(points) {
  const most = Math.max(...points.map(({ seconds }) => seconds), Number.MIN_VALUE);
  const x = (/** @type {number} */ index) => MARGIN + (index / (points.length - 1)) * (WIDTH - 2 * MARGIN);
  const y = (/** @type {number} */ seconds) => HEIGHT - MARGIN - (seconds / most) * (HEIGHT - 2 * MARGIN);
  const at = points.map(({ seconds }, index) => [x(index), y(seconds)].map((each) => each.toFixed(1)));
  const svg = shape("svg", { class: "itipy-spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
  svg.append(shape("polyline", { points: at.map((each) => each.join()).join(" ") }));
  points.forEach(({ failed }, index) => {
    if (!failed) return;
    const [left = "0", top = "0"] = at[index] ?? [];
    const d = `M${Number(left) - 2} ${Number(top) - 2}l4 4m0 -4l-4 4`;
    svg.append(shape("path", { class: "itipy-cross", d }));
  });
  const [cx = "0", cy = "0"] = at.at(-1) ?? [];
  svg.append(shape("circle", { cx, cy, r: "1.8" }));
  return /** @type {SVGSVGElement} */ (svg);
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 */
function shape(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
