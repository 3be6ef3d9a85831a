// The list area: the table, the timeline, or the reason why there is nothing to list.

import { h } from "../../dom/elements.js";
import { emptyKind, EmptyState } from "./empty_state.js";
import { Functions } from "./functions.js";
import { Table } from "./table.js";
import { Timeline } from "../timeline/timeline.js";

/** @typedef {import("../../model/tasks/connection.js").Connection} Connection */
/** @typedef {import("../../model/list/list_state.js").ListEvents} ListEvents */
/** @typedef {import("../../model/list/list_state.js").ListState} ListState */

/** Rows that are searched for a queue or priority to show. */
const QUEUE_SAMPLE = 500;

export class ListPane {
  /**
   * @param {Connection} connection
   * @param {ListState} state
   * @param {import("../../model/list/ticked.js").Ticked} ticked
   * @param {ListEvents & { clearFilters: () => void }} events
   * @param {string} prefix of ids
   */
  constructor(connection, state, ticked, events, prefix) {
    this.connection = connection;
    this.state = state;
    this.ticked = ticked;
    this.functions = new Functions(events.showFunction, events.scroll);
    this.table = new Table(events);
    this.timeline = new Timeline(events, prefix);
    this.empty = new EmptyState(events.clearFilters);
    /** Has a row with a queue or priority of its own been seen? */
    this.hasQueues = false;
    this.element = h(
      "div",
      { class: "itipy-main" },
      this.table.element,
      this.timeline.element,
      this.functions.element,
      this.empty.element,
    );
    const hold = () => (state.tree.holdsStill = this.table.body.matches(":hover, :focus-within"));
    for (const name of ["pointerenter", "pointerleave", "focusin", "focusout"]) {
      this.table.body.addEventListener(name, hold);
    }
  }

  /** The list that is shown; null for the summary. */
  get shown() {
    const { view } = this.state;
    return view === "functions" ? null : view === "table" ? this.table : this.timeline;
  }

  /**
   * @param {number} now
   * @param {number | null} selectedKey
   */
  draw(now, selectedKey) {
    const { health, store } = this.connection;
    const { extent, ids, listing, places, sort, tree, view } = this.state;
    const empty = emptyKind(this.connection, this.state);
    const hasRows = store.rows.size > 0;
    this.empty.draw(empty, this.connection);
    this.table.element.hidden = view !== "table" || !hasRows;
    this.timeline.element.hidden = view !== "timeline" || !hasRows;
    this.functions.element.hidden = view !== "functions" || !hasRows;
    const connected = health !== "disconnected";
    const hideQueues = !this.findQueues();
    const { ticked } = this;
    const listed = { ids, places, extent, listing, sort };
    const props = { ...listed, store, tree, now, selectedKey, ticked, connected, hideQueues };
    if (view === "functions") this.drawFunctions(props);
    else this.shown?.draw(props);
    if (view === "table") this.table.drawTickAll(ticked.summary(this.state.matches?.keys ?? store.relations.shown).state);
  }

  /** @param {import("../../model/list/list_state.js").ListProps} props */
  drawFunctions(props) {
    const { matches, filter, query } = this.state;
    this.functions.draw(props, matches?.keys ?? null, filter, query.trim());
  }

  /** Has a row, among those listed so far, a queue or priority other than the default? */
  findQueues() {
    for (const key of this.hasQueues ? [] : this.state.ids.slice(0, QUEUE_SAMPLE)) {
      const row = this.connection.store.rows.get(key);
      if (row && (row.queue !== "default" || row.priority !== 0)) this.hasQueues = true;
    }
    return this.hasQueues;
  }

  /** What the footer says of what is shown. */
  get summary() {
    const { stats, sort } = this.functions;
    const { tools, workers } = this.timeline;
    const byTotal = sort.column === "total" && sort.descending;
    return { functions: stats.length, byTotal, workers: tools.byWorker ? workers.lanes.length : null };
  }

  /** The element of the list that Tab reaches; null if nothing is listed. */
  get tabStop() {
    const stops = this.element.querySelectorAll("[role=row][tabindex='0'], [role=option][tabindex='0']");
    return /** @type {HTMLElement[]} */ ([...stops]).find((each) => each.closest("[hidden]") === null) ?? null;
  }

  /** Return to the top: other rows are listed. */
  reset() {
    this.table.list.reset();
    this.timeline.list.reset();
  }

  /** @param {number | null} key of the row to scroll to */
  reveal(key) {
    const index = key === null ? -1 : this.state.ids.indexOf(key);
    if (index >= 0) this.shown?.list.reveal(index);
  }

  /** @param {number} key */
  focus(key) {
    this.shown?.focus(key);
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the key was handled
   */
  keydown(event) {
    return [this.table, this.timeline, this.functions].some((list) => list.keydown(event));
  }
}
