// The contents of the tabs of the task details.

import { h, setText } from "../../dom/elements.js";
import { clockText, dateText, plural } from "../../model/text/format.js";
import { livePreview } from "./live_preview.js";
import { Tree } from "./tree.js";

/** @typedef {import("./tree.js").TreeNode} TreeNode */
/** @typedef {import("./tree.js").FetchPage} FetchPage */

/**
 * @typedef {object} DetailPayload see detail.py
 * @property {string} call
 * @property {string} taskId
 * @property {string} status
 * @property {[state: string, time: number][]} lifecycle
 * @property {TreeNode} args
 * @property {TreeNode} [result]
 * @property {import("./live_preview.js").LivePayload | null} [live] what is shown of a live result
 * @property {import("../../model/text/traceback_frames.js").Attempt[]} attempts
 * @property {string} output
 * @property {number} outputSize
 * @property {[place: string, path: string, change: string][]} changes
 * @property {[label: string, value: string | number][]} facts numbers are times
 * @property {string} note
 * @property {string} uncancellable
 * @property {boolean} canDebug whether the exception's frames are still there
 * @property {boolean} [cancelled]
 * @property {import("../../model/text/queries.js").Queries} [queries] absent without any, as are the next two
 * @property {import("../../model/text/queries.js").Mails} [mails]
 * @property {import("../../model/text/queries.js").DryRun} [dryRun] once it was rolled back
 */

/** The facts that are code. */
const CODE_FACTS = new Set(["Id", "Task", "Worker"]);

/**
 * @param {DetailPayload} payload
 * @param {FetchPage} fetchPage
 * @returns {{ elements: HTMLElement[], tree: Tree | null }}
 */
export function resultSection(payload, fetchPage) {
  if (!payload.result) {
    const end = payload.cancelled ? "was cancelled" : "failed";
    const reason = payload.status === "FAILED" ? `No result: the task ${end}.` : "No result yet.";
    return { elements: [emptyText(reason)], tree: null };
  }
  const live = payload.live ? livePreview(payload.live) : [];
  const below = [...live, ...changeElements(payload, "result")];
  // A live value that is no container has no parts to open.
  if (live.length && !payload.result.size) return { elements: below, tree: null };
  const tree = new Tree("Result", payload.result, fetchPage, false);
  return { elements: [tree.element, ...below], tree };
}

/**
 * @param {DetailPayload} payload
 * @param {FetchPage} fetchPage
 * @returns {{ elements: HTMLElement[], tree: Tree | null }}
 */
export function argumentsSection(payload, fetchPage) {
  if (!payload.args.size) return { elements: [emptyText("No arguments.")], tree: null };
  const tree = new Tree("Arguments", payload.args, fetchPage, true);
  return { elements: [tree.element, ...changeElements(payload, "arguments")], tree };
}

/**
 * @param {DetailPayload} payload holds the end of a long output
 * @param {() => Promise<string>} fetchOutput fetches all of it
 * @returns {HTMLElement[]}
 */
export function outputSection(payload, fetchOutput) {
  if (!payload.output) return [emptyText("No output.")];
  const text = h("pre", { class: "itipy-pre itipy-output" }, payload.output);
  const missing = payload.outputSize - payload.output.length;
  if (missing <= 0) return [text];
  const showAll = async () => {
    try {
      setText(text, await fetchOutput());
      button.remove();
    } catch (error) {
      setText(button, String(error instanceof Error ? error.message : error));
    }
  };
  const button = h(
    "button",
    { type: "button", class: "itipy-btn itipy-inline", onclick: showAll },
    `Show ${plural(missing, "earlier character")}`,
  );
  return [button, text];
}

/**
 * @param {DetailPayload} payload
 * @returns {HTMLElement}
 */
export function factsSection({ facts }) {
  const entries = facts.flatMap(([label, value]) => [h("dt", {}, label), factElement(label, value)]);
  return h("dl", { class: "itipy-kv" }, ...entries);
}

/**
 * @param {string} label
 * @param {string | number} value
 */
function factElement(label, value) {
  if (typeof value === "number") return h("dd", { title: dateText(value) }, clockText(value, true));
  return h("dd", {}, CODE_FACTS.has(label) ? h("span", { class: "itipy-code" }, value) : value);
}

/**
 * What normalisation to JSON changed in the result or in the arguments.
 *
 * @param {DetailPayload} payload
 * @param {"result" | "arguments"} place
 */
function changeElements({ changes }, place) {
  const here = changes.filter(([where]) => where === place);
  if (here.length === 0) return [];
  return [
    h("p", { class: "itipy-changehead" }, "Changed by JSON"),
    h(
      "ul",
      { class: "itipy-changes" },
      ...here.map(([, path, change]) =>
        h("li", {}, path ? h("span", { class: "itipy-code" }, `${path} `) : null, change),
      ),
    ),
  ];
}

/** @param {string} text */
function emptyText(text) {
  return h("p", { class: "itipy-none" }, text);
}
