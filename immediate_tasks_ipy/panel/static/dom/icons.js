// The icons, as paths on a grid of 16 by 16.

/** @type {Record<string, { paths?: string[], circles?: [number, number, number][], faint?: boolean, filled?: boolean }>} */
const ICONS = {
  ready: { circles: [[8, 8, 5.25]] },
  running: { circles: [[8, 8, 5.25]], paths: ["M8 2.75A5.25 5.25 0 0 1 13.25 8"], faint: true },
  successful: { paths: ["M3 8.6 6.4 12 13 4.6"] },
  failed: { paths: ["M4 4l8 8M12 4l-8 8"] },
  cancelled: { circles: [[8, 8, 5.25]], paths: ["M4.4 11.6 11.6 4.4"] },
  right: { paths: ["M6 3.5 10.5 8 6 12.5"] },
  down: { paths: ["M3.5 6 8 10.5 12.5 6"] },
  left: { paths: ["M10 3.5 5.5 8 10 12.5"] },
  up: { paths: ["M3.5 10 8 5.5 12.5 10"] },
  close: { paths: ["M4 4l8 8M12 4l-8 8"] },
  search: { circles: [[7, 7, 4.25]], paths: ["M10.2 10.2 14 14"] },
  warning: { paths: ["M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 11.9v.1"] },
  more: {
    circles: [
      [3, 8, 1.4],
      [8, 8, 1.4],
      [13, 8, 1.4],
    ],
    filled: true,
  },
  undo: { paths: ["M6 3 3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6"] },
  plus: { paths: ["M8 3.5v9M3.5 8h9"] },
  minus: { paths: ["M3.5 8h9"] },
};

/**
 * Create an icon, hidden from assistive technology: a label stands beside it.
 *
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const { circles = [], paths = [], faint = false, filled = false } = ICONS[name] ?? {};
  svg.setAttribute("class", `itipy-ic itipy-ic-${name}${filled ? " itipy-fillic" : ""}`);
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  for (const [x, y, radius] of circles) {
    const circle = document.createElementNS(space, "circle");
    circle.setAttribute("cx", String(x));
    circle.setAttribute("cy", String(y));
    circle.setAttribute("r", String(radius));
    if (faint) circle.setAttribute("opacity", ".3");
    svg.append(circle);
  }
  for (const d of paths) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
