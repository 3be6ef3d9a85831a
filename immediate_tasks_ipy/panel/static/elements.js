// DOM without markup: what comes from a task is only ever set as text.

/** @typedef {string | Node | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Attributes */

/**
 * An element. Attributes that begin with `on` are listeners, false and null leave an attribute out.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, String(value));
    }
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/** @type {Record<string, { paths?: string[], circles?: [number, number, number][], faint?: boolean, filled?: boolean }>} */
const ICONS = {
  ready: { circles: [[8, 8, 5.25]] },
  running: { circles: [[8, 8, 5.25]], paths: ["M8 2.75A5.25 5.25 0 0 1 13.25 8"], faint: true },
  successful: { paths: ["M3 8.6 6.4 12 13 4.6"] },
  failed: { paths: ["M4 4l8 8M12 4l-8 8"] },
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
  plus: { paths: ["M8 3.5v9M3.5 8h9"] },
  minus: { paths: ["M3.5 8h9"] },
};

/**
 * An icon; decoration, since its word always stands beside it.
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

/**
 * Set a text if it is another one: a write that changes nothing costs a layout all the same.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Set an attribute if it is another one; null removes it.
 *
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean | null} value
 */
export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/**
 * Make the children of an element these, in this order, moving as few as possible, so that
 * the one with the focus keeps it.
 *
 * @param {Element} parent
 * @param {Element[]} children
 */
export function arrange(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}
