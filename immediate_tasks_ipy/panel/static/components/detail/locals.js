// The local variables of a frame, asked of the kernel when they are opened.

import { h, setAttribute, setText } from "../../dom/elements.js";
import { plural } from "../../model/text/format.js";

/** @typedef {() => Promise<[name: string, value: string][]>} FetchLocals */

/**
 * @param {string} name of the frame's function
 * @param {FetchLocals} fetchLocals
 */
export function localsElement(name, fetchLocals) {
  const body = h("div", { hidden: true });
  const button = h(
    "button",
    { type: "button", class: "itipy-btn itipy-quietbtn", "aria-expanded": false, onclick: () => void toggle() },
    "Local variables",
  );
  const toggle = async () => {
    const open = body.hidden;
    body.hidden = !open;
    setAttribute(button, "aria-expanded", open);
    if (!open || body.childElementCount > 0) return;
    try {
      const locals = await fetchLocals();
      if (locals.length > 0) setText(button, plural(locals.length, "local variable"));
      body.replaceChildren(...localElements(name, locals));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      body.replaceChildren(h("p", { class: "itipy-none" }, reason));
    }
  };
  return h("div", { class: "itipy-locals" }, button, body);
}

/**
 * @param {string} name
 * @param {[name: string, value: string][]} locals
 */
function localElements(name, locals) {
  if (locals.length === 0) return [h("p", { class: "itipy-none" }, "No local variables.")];
  const pairs = locals.flatMap(([key, value]) => [h("dt", {}, key), h("dd", { title: value }, value)]);
  return [h("dl", { class: "itipy-vars", "aria-label": `Local variables of ${name}` }, ...pairs)];
}
