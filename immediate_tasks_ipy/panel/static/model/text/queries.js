// What is said of a task's queries, its mails, and what a dry run of it would have done.

import { countText, durationText, plural } from "./format.js";

/**
 * @typedef {object} Query one statement that one line of code asked, however often; see activity.py
 * @property {string} sql
 * @property {string} database its alias
 * @property {number} count
 * @property {number} ms milliseconds of all
 * @property {number} slowestMs
 * @property {number} rows
 * @property {number} failed how often it raised
 * @property {string} place that asked; empty where no line of the project did
 * @property {number | null} line of that place
 * @property {string} source the text of that line
 * @property {string} advice empty without any
 * @property {string[]} parameters of the first few
 */
/**
 * @typedef {object} Queries
 * @property {number} count of all
 * @property {number} ms of all
 * @property {number} duplicates
 * @property {number} notRecorded those that are in no element of `list`
 * @property {Query[]} list in the order in which each was first asked
 */
/** @typedef {{ count: number, sent: boolean, list: [subject: string, recipients: string][] }} Mails */
/** @typedef {{ say: string, parts: [kind: string, lines: string[]][] }} DryRun */

/** Begins a piece of advice about a loop that asks for each row by itself. */
const N_PLUS_ONE = "N+1";

/**
 * The positions of queries in the order in which they are shown.
 *
 * @param {Query[]} queries
 * @param {boolean} slowFirst the slowest first, or as they were asked
 * @returns {number[]}
 */
export function queryOrder(queries, slowFirst) {
  const positions = queries.map((_, index) => index);
  const ms = (/** @type {number} */ index) => queries[index]?.ms ?? 0;
  return slowFirst ? positions.sort((a, b) => ms(b) - ms(a)) : positions;
}

/**
 * How many, and the rest: `["23 queries", ", 41.2 ms, 17 duplicates"]`.
 *
 * @param {Queries} queries
 * @returns {[string, string]}
 */
export function queriesText({ count, ms, duplicates }) {
  const more = duplicates > 0 ? `, ${plural(duplicates, "duplicate")}` : "";
  const noun = count === 1 ? "query" : "queries";
  return [`${countText(count)} ${noun}`, `, ${durationText(ms / 1000)}${more}`];
}

/**
 * `2 mails sent`, or of a dry run `2 mails, not sent`.
 *
 * @param {Mails} mails
 */
export function mailsText({ count, sent }) {
  return `${plural(count, "mail")}${sent ? "" : ","} ${sent ? "sent" : "not sent"}`;
}

/** @param {Query} query */
export function isNPlusOne({ advice }) {
  return advice.startsWith(N_PLUS_ONE);
}

/**
 * Of a query that was asked once `shop/tasks.py:31 in bill, 12 rows.`, of others also how often
 * and how long each.
 *
 * @param {Query} query
 */
export function queryFacts({ count, ms, slowestMs, place, rows, failed, database }) {
  const times = `The same query ${countText(count)} times, ${durationText(ms / count / 1000)} each`;
  const facts = [
    count > 1 && `${times}, the slowest ${durationText(slowestMs / 1000)}`,
    place && (count > 1 ? `from ${place}` : `From ${place}`),
    rows > 0 && plural(rows, "row"),
    failed > 0 && `${countText(failed)} failed`,
    database !== "default" && `on database ${database}`,
  ].filter(Boolean);
  return facts.length > 0 ? `${facts.join(", ")}.` : "";
}

/**
 * A statement in little room: without quotes around names, the columns of a SELECT, and the table's
 * name before each of its columns: `SELECT … shop_order WHERE status = %s`.
 *
 * @param {string} sql
 * @returns {string}
 */
export function shortSql(sql) {
  const text = withoutQuotes(sql).replace(/\s+/g, " ").trim();
  const from = /^SELECT /i.test(text) ? fromPosition(text) : -1;
  const short = from < 0 ? text : `SELECT … ${text.slice(from + " FROM ".length)}`;
  const table = /^(?:SELECT …|UPDATE|DELETE FROM) (\w+)\b/i.exec(short)?.[1];
  return table ? short.split(/('(?:[^']|'')*')/).map((part, index) => (index % 2 ? part : withoutTable(part, table))).join("") : short;
}

/** @param {string} sql its string literals, in single quotes, are kept */
function withoutQuotes(sql) {
  return sql.replace(/'(?:[^']|'')*'|["`]/g, (found) => (found.startsWith("'") ? found : ""));
}

/**
 * @param {string} sql
 * @param {string} table
 */
function withoutTable(sql, table) {
  return sql.replace(new RegExp(`(?<![\\w.])${table}\\.`, "g"), "");
}

/**
 * Where ` FROM ` stands outside of parentheses and literals; -1 if it does not.
 *
 * @param {string} sql
 */
function fromPosition(sql) {
  let depth = 0;
  for (const { 0: found, index } of sql.matchAll(/'(?:[^']|'')*'|[()]| FROM /gi)) {
    if (found === "(") depth += 1;
    else if (found === ")") depth -= 1;
    else if (depth === 0 && !found.startsWith("'")) return index;
  }
  return -1;
}

/**
 * A sentence in two parts, of which the first is emphasised: `["Dry run: rolled back.", " Nothing …"]`.
 *
 * @param {string} say
 * @returns {[string, string]}
 */
export function firstSentence(say) {
  const at = say.indexOf(". ") + 1;
  return at > 0 ? [say.slice(0, at), say.slice(at)] : [say, ""];
}
