// The Queries tab: what a dry run would have done, the task's queries, and its mails.

import { arrange, h, setAttribute } from "../../dom/elements.js";
import { icon } from "../../dom/icons.js";
import { countText, durationText } from "../../model/text/format.js";
import { firstSentence, isNPlusOne, mailsText, queriesText, queryFacts, queryOrder, shortSql } from "../../model/text/queries.js";

/** @typedef {import("./detail_sections.js").DetailPayload} DetailPayload */
/** @typedef {import("../../model/text/queries.js").Query} Query */

/** Pixels of the bar of the query that took longest. */
const LONGEST_BAR = 24;

export class ActivitySection {
  constructor() {
    /** Kept from task to task. */
    this.slowFirst = true;
    /** The queries that the user opened or closed, by position. */
    this.opened = /** @type {Map<number, boolean>} */ (new Map());
  }

  /** Another task is shown. */
  reset() {
    this.opened.clear();
  }

  /**
   * @param {DetailPayload} payload
   * @returns {HTMLElement[]} empty without queries, mails and dry run
   */
  elements({ queries, mails, dryRun }) {
    if (!queries && !mails && !dryRun) return [];
    return [
      ...(dryRun ? dryRunElements(dryRun) : []),
      ...(queries ? this.queryElements(queries) : [h("p", { class: "itipy-none" }, "No queries.")]),
      ...(mails ? mailElements(mails) : []),
    ];
  }

  /** @param {import("../../model/text/queries.js").Queries} queries */
  queryElements(queries) {
    const { list, notRecorded } = queries;
    const [count, more] = queriesText(queries);
    const longest = Math.max(...list.map(({ ms }) => ms), 0);
    // What the N+1 that took longest looks like is shown at once.
    const suspect = queryOrder(list, true).find((index) => isNPlusOne(/** @type {Query} */ (list[index])));
    const drawn = list.map((query, index) => this.queryElement(query, index, longest, index === suspect));
    const rows = h("div", {});
    const buttons = [
      { text: "Slow first", slowFirst: true },
      { text: "In order", slowFirst: false },
    ].map(({ text, slowFirst }) =>
      h("button", { type: "button", onclick: () => order(slowFirst) }, text),
    );
    const order = (/** @type {boolean} */ slowFirst) => {
      this.slowFirst = slowFirst;
      buttons.forEach((button, index) => setAttribute(button, "aria-pressed", (index === 0) === slowFirst));
      arrange(
        rows,
        queryOrder(list, slowFirst).map((index) => /** @type {HTMLElement} */ (drawn[index])),
      );
    };
    order(this.slowFirst);
    return [
      h(
        "div",
        { class: "itipy-qsum" },
        h("span", {}, h("b", {}, count), more),
        h("div", { class: "itipy-seg", role: "group", "aria-label": "Order" }, ...buttons),
      ),
      rows,
      ...moreNote(notRecorded),
    ];
  }

  /**
   * @param {Query} query
   * @param {number} index
   * @param {number} longest milliseconds of the query that took longest
   * @param {boolean} isSuspect whether it is open at first
   */
  queryElement(query, index, longest, isSuspect) {
    const body = h("div", { class: "itipy-qbody" });
    const fill = () => {
      if (body.childElementCount === 0) body.append(...bodyElements(query));
    };
    const bar = h("i", { class: "itipy-qbar", "aria-hidden": true });
    bar.style.width = `${longest > 0 ? Math.max(1, Math.round((LONGEST_BAR * query.ms) / longest)) : 1}px`;
    const times = [
      h("b", { "aria-hidden": true }, `×${countText(query.count)} `),
      h("span", { class: "itipy-sr" }, `${countText(query.count)} times: `),
    ];
    const element = h(
      "details",
      { class: "itipy-q", open: this.opened.get(index) ?? isSuspect },
      h(
        "summary",
        {},
        h("span", { class: "itipy-code itipy-qsql", title: query.sql }, ...(query.count > 1 ? times : []), shortSql(query.sql)),
        h("span", {}, isNPlusOne(query) && h("span", { class: "itipy-note" }, h("span", { class: "itipy-comma" }, ", "), "N+1")),
        bar,
        h("span", { class: "itipy-qms" }, h("span", { class: "itipy-comma" }, ", "), durationText(query.ms / 1000)),
      ),
      body,
    );
    element.addEventListener("toggle", () => {
      this.opened.set(index, element.open);
      if (element.open) fill();
    });
    if (element.open) fill();
    return element;
  }
}

/** @param {Query} query */
function bodyElements(query) {
  const { source, line, advice, parameters, count, sql } = query;
  const facts = queryFacts(query);
  const first = count > parameters.length ? "First parameters" : "Parameters";
  return [
    source && h("pre", { class: "itipy-pre itipy-output" }, sourceLine(line, source)),
    advice && h("p", { class: "itipy-qadvice" }, `${advice}.`),
    facts && h("p", {}, facts),
    h("pre", { class: "itipy-pre itipy-output itipy-qfull", tabindex: 0 }, sql),
    parameters.length > 0 &&
      h("p", {}, `${first}: `, h("span", { class: "itipy-code" }, parameters.join(" · "))),
  ].filter((element) => typeof element === "object");
}

/**
 * @param {number | null} line
 * @param {string} source
 */
function sourceLine(line, source) {
  return h(
    "span",
    { class: "itipy-src itipy-srcmark" },
    h("span", { class: "itipy-ln" }, line === null ? "▶" : `▶ ${line}`),
    source,
  );
}

/** @param {import("../../model/text/queries.js").DryRun} dryRun */
function dryRunElements({ say, parts }) {
  const [first, rest] = firstSentence(say);
  return [
    h("div", { class: "itipy-hint" }, icon("undo"), h("span", {}, h("b", {}, first), rest)),
    ...parts.flatMap(([kind, lines]) => [
      h("h3", { class: "itipy-facthead" }, kind),
      h("ul", { class: "itipy-changes", "aria-label": kind }, ...lines.map((line) => h("li", {}, line))),
    ]),
  ];
}

/** @param {import("../../model/text/queries.js").Mails} mails */
function mailElements(mails) {
  const entries = mails.list.flatMap(([subject, recipients]) => [
    h("dt", {}, recipients || "nobody"),
    h("dd", {}, subject || "(no subject)"),
  ]);
  return [
    h("h3", { class: "itipy-facthead" }, mailsText(mails)),
    h("dl", { class: "itipy-kv" }, ...entries),
    ...moreNote(mails.count - mails.list.length),
  ];
}

/** @param {number} count of what is not in the list above */
function moreNote(count) {
  if (count <= 0) return [];
  return [h("p", { class: "itipy-changehead" }, `…and ${countText(count)} more, not recorded`)];
}
