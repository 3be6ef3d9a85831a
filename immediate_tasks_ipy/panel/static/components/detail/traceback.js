// Tracebacks: the exception, the user's own frames expanded, library frames collapsed.

import { h } from "../../dom/elements.js";
import { plural } from "../../model/text/format.js";
import { groupFrames } from "../../model/text/traceback_frames.js";
import { localsElement } from "./locals.js";
import { tracebackTools } from "./traceback_tools.js";

/** @typedef {import("../../model/text/traceback_frames.js").Frame} Frame */
/** @typedef {import("../../model/text/traceback_frames.js").Attempt} Attempt */
/** @typedef {import("./locals.js").FetchLocals} FetchLocals */
/** @typedef {import("./traceback_tools.js").ToolEvents} ToolEvents */

/** How an exception relates to the one above it. */
const RELATIONS = /** @type {Record<string, string>} */ ({
  cause: "Caused by",
  context: "Raised while handling",
});

/**
 * An attempt's traceback, with what can be done with it.
 *
 * @param {import("./detail_sections.js").DetailPayload} payload
 * @param {number | null} chosen the attempt inside the result; null for the newest
 * @param {ToolEvents} events
 * @returns {HTMLElement[]}
 */
export function tracebackElements(payload, chosen, events) {
  const { attempts } = payload;
  const attempt = chosen === null ? attempts.at(-1) : attempts[chosen];
  if (!attempt) return [h("p", { class: "itipy-none" }, "No errors.")];
  return [tracebackTools(payload, attempt, events), h("div", {}, ...segmentElements(attempt, events))];
}

/**
 * The exception that ended the attempt, followed by those that led to it.
 *
 * @param {Attempt} attempt
 * @param {ToolEvents | null} [events] null to leave out the local variables
 * @returns {HTMLElement[]}
 */
export function segmentElements({ segments }, events = null) {
  return [...segments].reverse().flatMap(({ exception, message, frames }, index, shown) => {
    const [first = "", ...rest] = message.split("\n");
    const above = shown[index - 1];
    return [
      above && h("p", { class: "itipy-joint" }, RELATIONS[above.joinedBy] ?? "Before it"),
      h(
        "p",
        { class: "itipy-exc" },
        h("b", { class: "itipy-code" }, exception),
        h("span", { class: "itipy-code" }, exception && first ? `: ${first.trim()}` : first),
      ),
      rest.length > 0 && h("pre", { class: "itipy-pre itipy-message", tabindex: 0 }, rest.join("\n")),
      ...groupFrames(frames).map((group) =>
        Array.isArray(group)
          ? libraryElement(group)
          : frameElement(group, events && (() => events.fetchLocals(index, frames.indexOf(group)))),
      ),
    ].filter((element) => typeof element === "object");
  });
}

/**
 * @param {Frame} frame
 * @param {FetchLocals | null} fetchLocals
 */
function frameElement(frame, fetchLocals) {
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
    fetchLocals && localsElement(frame.function, fetchLocals),
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
