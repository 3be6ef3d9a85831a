// A traceback: the exception, the user's own frames open, the library's folded.

import { h } from "./elements.js";
import { plural } from "./text.js";

/**
 * @typedef {object} Frame
 * @property {string} label
 * @property {number} line
 * @property {string} function
 * @property {boolean} library
 * @property {number} repeated
 * @property {[number, string, boolean][]} source number, text, failing
 */
/** @typedef {{ joinedBy: string, exception: string, message: string, frames: Frame[] }} Segment */
/** @typedef {{ exception: string, segments: Segment[] }} Attempt */

/** How an exception led to the one that is shown above it. */
const JOINTS = /** @type {Record<string, string>} */ ({
  cause: "Caused by",
  context: "Raised while handling",
});

/**
 * Frames in order, neighbours of the library gathered into one group.
 *
 * @param {Frame[]} frames
 * @returns {(Frame | Frame[])[]}
 */
export function groupFrames(frames) {
  /** @type {(Frame | Frame[])[]} */
  const groups = [];
  for (const frame of frames) {
    const last = groups.at(-1);
    if (!frame.library) groups.push(frame);
    else if (Array.isArray(last)) last.push(frame);
    else groups.push([frame]);
  }
  return groups;
}

/**
 * All attempts of a task; with more than one, a select chooses which is shown.
 *
 * @param {Attempt[]} attempts oldest first
 * @returns {HTMLElement[]}
 */
export function tracebackElements(attempts) {
  const newest = attempts.at(-1);
  if (!newest) return [h("p", { class: "itipy-none" }, "No errors.")];
  const body = h("div", {}, ...attemptElements(newest));
  if (attempts.length === 1) return [body];
  const select = h(
    "select",
    {
      "aria-label": "Attempt",
      class: "itipy-attempt",
      onchange: () => {
        const chosen = attempts[Number(select.value)];
        if (chosen) body.replaceChildren(...attemptElements(chosen));
      },
    },
    ...attempts.map((attempt, index) => {
      const name = attempt.exception.split(".").at(-1);
      return h("option", { value: index, selected: attempt === newest }, `Attempt ${index + 1}: ${name}`);
    }),
  );
  return [select, body];
}

/**
 * The exception that ended the task, then what led to it.
 *
 * @param {Attempt} attempt
 */
function attemptElements({ segments }) {
  return [...segments].reverse().flatMap(({ exception, message, frames }, index, shown) => {
    const [first = "", ...rest] = message.split("\n");
    const above = shown[index - 1];
    return [
      above && h("p", { class: "itipy-joint" }, JOINTS[above.joinedBy] ?? "Before it"),
      h(
        "p",
        { class: "itipy-exc" },
        h("b", { class: "itipy-code" }, exception),
        h("span", { class: "itipy-code" }, exception && first ? `: ${first.trim()}` : first),
      ),
      rest.length > 0 && h("pre", { class: "itipy-pre itipy-message", tabindex: 0 }, rest.join("\n")),
      ...groupFrames(frames).map((group) =>
        Array.isArray(group) ? libraryElement(group) : frameElement(group),
      ),
    ].filter((element) => typeof element === "object");
  });
}

/** @param {Frame} frame */
function frameElement(frame) {
  const lines = frame.source.map(([number, text, failing]) =>
    h(
      "span",
      { class: `itipy-src${failing ? " itipy-srcbad" : ""}` },
      h("span", { class: "itipy-ln" }, failing ? `▶ ${number}` : String(number)),
      text,
    ),
  );
  return h(
    "details",
    { class: "itipy-frame", open: true },
    h(
      "summary",
      {},
      h("b", {}, `${frame.label}, line ${frame.line}`),
      frame.function ? ", in " : null,
      frame.function ? h("span", { class: "itipy-code" }, frame.function) : null,
      frame.repeated > 0 ? `, ${plural(frame.repeated, "more time")}` : null,
    ),
    lines.length > 0 ? h("pre", { class: "itipy-pre", tabindex: 0 }, ...lines) : null,
  );
}

/** @param {Frame[]} frames */
function libraryElement(frames) {
  const files = [...new Set(frames.map(({ label }) => label))];
  const named = files.slice(0, 4).join(", ") + (files.length > 4 ? ", …" : "");
  const text = frames.map(({ label, line, function: name, source }) =>
    [
      `${label}, line ${line}${name ? `, in ${name}` : ""}`,
      ...source.map(([, code]) => `    ${code.trim()}`),
    ].join("\n"),
  );
  return h(
    "details",
    { class: "itipy-frame itipy-lib" },
    h("summary", {}, `${plural(frames.length, "library frame")}: ${named}`),
    h("pre", { class: "itipy-pre", tabindex: 0 }, text.join("\n")),
  );
}
