// What the tabs of a batch's detail hold.

import { h } from "../../dom/elements.js";
import { clockText, countText, dateText, durationText, plural } from "../../model/text/format.js";
import { functionStats } from "../../model/list/function_stats.js";
import { itemLabel } from "../../model/list/labels.js";
import { secondsTaken } from "../../model/tasks/rows.js";
import { segmentElements } from "./traceback.js";

/** @typedef {import("../../model/tasks/store.js").Store} Store */
/** @typedef {import("../../model/tasks/relations.js").Group} Group */
/** @typedef {import("../../model/tasks/rows.js").Row} Row */
/** @typedef {import("../../model/tasks/batch_failures.js").FailureKind} FailureKind */
/** @typedef {(key: number) => Promise<import("./detail_sections.js").DetailPayload>} FetchDetail */

/** Exceptions that are listed apart, and items that are named beside the first of one. */
const MOST_KINDS = 4;
const MOST_NAMED = 8;

/**
 * How long the items took.
 *
 * @param {Store} store
 * @param {number[]} keys
 * @param {number} now
 */
export function summarySection(store, keys, now) {
  const stats = functionStats(store, keys, now);
  if (stats.every(({ points }) => points.length === 0)) return h("p", { class: "itipy-none" }, "No item has finished yet.");
  const lines = stats.map(({ name, median, most, longest, total }) => {
    const slowest = longest === null ? undefined : slowestOf(store, keys, name, now);
    const text = (/** @type {number | null} */ seconds) => (seconds === null ? "–" : durationText(seconds));
    return h(
      "dl",
      { class: "itipy-kv" },
      ...(stats.length > 1 ? entry("Function", h("b", {}, name)) : []),
      ...entry("Median", text(median)),
      ...entry("95% under", text(most)),
      ...entry("Slowest", slowest ? `${text(longest)}, ${itemLabel(store, slowest).join("")}` : text(longest)),
      ...entry("Total", text(total)),
    );
  });
  return h("div", {}, ...lines);
}

/**
 * @param {Store} store
 * @param {number[]} keys
 * @param {string} name of the function
 * @param {number} now
 */
function slowestOf(store, keys, name, now) {
  /** @type {Row | undefined} */
  let slowest;
  for (const key of keys) {
    const row = store.rows.get(key);
    if (row?.name !== name || row.finished === null) continue;
    if (!slowest || (secondsTaken(row, now) ?? 0) > (secondsTaken(slowest, now) ?? 0)) slowest = row;
  }
  return slowest;
}

/**
 * The failures by exception, each with its first traceback, which is fetched when it is opened.
 *
 * @param {Store} store
 * @param {FailureKind[]} kinds
 * @param {FetchDetail} fetchDetail
 */
export function failuresSection(store, kinds, fetchDetail) {
  if (kinds.length === 0) return [h("p", { class: "itipy-none" }, "No item has failed.")];
  const shown = kinds.slice(0, MOST_KINDS);
  const others = kinds.slice(MOST_KINDS).reduce((sum, { rows }) => sum + rows.length, 0);
  const headline = shown.map(({ exception, rows }) => `${countText(rows.length)} × ${exception}`);
  if (others > 0) headline.push(`${countText(others)} × others`);
  /** @type {HTMLElement[]} */
  const elements = [h("p", { class: "itipy-exc" }, h("b", {}, headline.join(", ")))];
  shown.forEach((kind, index) => elements.push(kindElement(store, kind, index === 0, fetchDetail)));
  return elements;
}

/**
 * @param {Store} store
 * @param {FailureKind} kind
 * @param {boolean} isOpen
 * @param {FetchDetail} fetchDetail
 */
function kindElement(store, { exception, rows }, isOpen, fetchDetail) {
  const first = /** @type {Row} */ (rows[0]);
  const also = rows.slice(1, MOST_NAMED + 1).map((row) => itemLabel(store, row)[1]);
  const left = rows.length - 1 - also.length;
  if (left > 0) also.push(`and ${countText(left)} more`);
  const seconds = secondsTaken(first, first.finished ?? 0);
  const after = seconds === null ? "" : `, after ${durationText(seconds)}`;
  const traceback = h("div", { class: "itipy-kindtrace" });
  const element = h(
    "details",
    { class: "itipy-frame itipy-kind", open: isOpen },
    h(
      "summary",
      {},
      `${countText(rows.length)} × `,
      h("b", { class: "itipy-code" }, first.outcome ?? exception),
    ),
    h(
      "p",
      { class: "itipy-dim itipy-kinditems" },
      "First: ",
      h("span", { class: "itipy-code" }, itemLabel(store, first).join("")),
      after,
      also.length > 0 ? `. Also ${also.join(", ")}` : null,
    ),
    traceback,
  );
  let isAsked = false;
  const load = async () => {
    if (isAsked || !element.open) return;
    isAsked = true;
    try {
      const attempt = (await fetchDetail(first.key)).attempts.at(-1);
      traceback.replaceChildren(...(attempt ? segmentElements(attempt) : []));
    } catch (error) {
      traceback.replaceChildren(String(error instanceof Error ? error.message : error));
    }
  };
  element.addEventListener("toggle", () => void load());
  void load();
  return element;
}

/**
 * @param {Store} store
 * @param {Group} group
 * @param {number[]} keys
 */
export function batchFacts(store, group, keys) {
  const first = store.rows.get(keys[0] ?? 0);
  const rows = keys.map((key) => /** @type {Row} */ (store.rows.get(key)));
  const ends = rows.map(({ finished }) => finished);
  const end = ends.includes(null) || ends.length === 0 ? null : ends.reduce((a, b) => Math.max(Number(a), Number(b)), 0);
  const workers = new Set(rows.map(({ worker }) => worker).filter(Boolean)).size;
  const time = (/** @type {number | null | undefined} */ ms) =>
    typeof ms === "number" ? h("span", { title: dateText(ms) }, clockText(ms, true)) : null;
  return h(
    "dl",
    { class: "itipy-kv" },
    ...entry("Enqueued", `${countText(keys.length)} of ${group.size === null ? "?" : countText(group.size)}`),
    ...entry("First enqueued", time(first?.enqueued)),
    ...entry("Last finished", time(end)),
    ...entry("Backend", first?.backend ?? null),
    ...entry("Queue", first?.queue ?? null),
    ...entry("Ran on", workers > 0 ? plural(workers, "worker") : null),
  );
}

/**
 * @param {string} label
 * @param {string | Node | null} value null to leave it out
 */
function entry(label, value) {
  return value === null ? [] : [h("dt", {}, label), h("dd", {}, value)];
}
