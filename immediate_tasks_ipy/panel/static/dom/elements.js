// Creating and updating elements without markup: what comes from a task is only ever set as text.

/** @typedef {string | Node | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Attributes */

/**
 * Create an element. Functions are listeners (`onclick`); true is an empty attribute; false, null
 * and undefined omit it. Boolean `aria-*` attributes are written as "true" and "false".
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, given] of Object.entries(attributes)) {
    if (typeof given === "function") {
      element.addEventListener(name.slice(2), given);
      continue;
    }
    const isFlag = typeof given === "boolean" && !name.startsWith("aria-");
    const value = isFlag ? (given ? "" : null) : given;
    if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/**
 * Set an element's text if it differs: writing an equal text would still cost a layout.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Set an attribute if it differs; null removes it.
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
 * Make these the children of an element, in this order. Elements in place are not moved, so that
 * focus is kept.
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

/**
 * A listener that ignores the second click of a double click.
 *
 * @param {() => void} action what must not be done twice by one double click
 * @returns {(event: MouseEvent) => void}
 */
export function onFirstClick(action) {
  return ({ detail }) => {
    if (detail < 2) action();
  };
}
