// The top of a detail: its title, and the way back where it stands in the list's place.

import { h, setText } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { countText } from "../../model/text/format.js";

export class BackBar {
  /** @param {{ close: () => void, step: (by: 1 | -1) => void }} events */
  constructor(events) {
    const button = (
      /** @type {string} */ name,
      /** @type {(string | Node)[]} */ content,
      /** @type {() => void} */ action,
    ) =>
      h(
        "button",
        { type: "button", class: "itipy-btn itipy-quietbtn", "aria-label": name, title: name, onclick: action },
        h("span", { class: "itipy-mid" }, ...content),
      );
    this.position = h("span", { class: "itipy-dim itipy-spread" });
    this.previous = button("Previous task", [icon("up")], () => events.step(-1));
    this.next = button("Next task", [icon("down")], () => events.step(1));
    this.back = button("Back to the list", [icon("left"), "Back"], events.close);
    this.element = h(
      "div",
      { class: "itipy-back" },
      this.back,
      this.position,
      this.previous,
      this.next,
    );
  }

  /** Has no effect where the bar is not shown. */
  focus() {
    this.back.focus();
  }

  /** @param {{ index: number, count: number }} position */
  draw({ index, count }) {
    setText(this.position, index < 0 ? "" : `${countText(index + 1)} of ${countText(count)}`);
    this.previous.disabled = index <= 0;
    this.next.disabled = index < 0 || index >= count - 1;
  }
}

/**
 * The title of a detail, and the button that closes it.
 *
 * @param {string} name of the detail, as in "Close task details"
 * @param {() => void} close
 * @param {Node[]} title
 */
export function detailHeader(name, close, ...title) {
  return h(
    "header",
    { class: "itipy-dhead" },
    h("div", { class: "itipy-dtitle" }, ...title),
    h(
      "button",
      {
        type: "button",
        class: "itipy-btn itipy-iconbtn",
        "aria-label": `Close ${name}`,
        "data-close": true,
        onclick: close,
      },
      icon("close"),
    ),
  );
}
