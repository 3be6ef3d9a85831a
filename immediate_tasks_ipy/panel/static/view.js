// One place where the panel is shown: what is selected there, and when it is drawn.

import { Choice } from "./choice.js";
import { Deeds } from "./deeds.js";
import { Detail } from "./detail.js";
import { h, icon } from "./elements.js";
import { Feedback } from "./feedback.js";
import { Footer } from "./footer.js";
import { Header } from "./header.js";
import { askToNotify } from "./notify.js";
import { FAILED } from "./rows.js";
import { Table } from "./table.js";
import { clockText, countText, plural } from "./text.js";
import { Timeline } from "./timeline.js";

/** @typedef {import("./connection.js").Connection} Connection */
/** @typedef {import("./header.js").ViewName} ViewName */

/** Milliseconds between two redraws of times that grow. */
const TICK = 250;
/** Milliseconds between a change of the task that is open and the question for its detail. */
const DETAIL_DELAY = 200;
/** Milliseconds between two questions for the output of a task that runs. */
const OUTPUT_DELAY = 1000;

let views = 0;

export class View {
  /**
   * @param {Connection} connection
   * @param {HTMLElement} host
   */
  constructor(connection, host) {
    this.connection = connection;
    this.abort = new AbortController();
    this.choice = new Choice(connection, () => this.chosen());
    this.feedback = new Feedback(() => this.schedule());
    this.deeds = new Deeds(connection, this.feedback);
    /** The selected task. */
    this.current = /** @type {number | null} */ (null);
    /** Is its detail shown? */
    this.open = false;
    this.scheduled = false;
    this.queues = false;
    const prefix = `itipy-${connection.name}-${++views}`;
    const list = {
      select: (/** @type {number} */ key) => this.select(key),
      open: (/** @type {number} */ key) => this.openDetail(key),
      sort: (/** @type {import("./listing.js").Column} */ column) => this.choice.sortBy(column),
      scrolled: () => this.schedule(),
    };
    this.header = new Header({
      toggleStatus: (status) => this.choice.toggle(status),
      search: (query) => this.choice.search(query),
      show: (view) => this.show(view),
      clear: () => void this.deeds.clear(),
      exportAs: (format) => void this.deeds.exportAs(format, this.choice.filtered ? this.choice.keys : null),
      pause: (on) => connection.pause(on),
    });
    this.table = new Table(list);
    this.timeline = new Timeline(list, prefix);
    this.detail = new Detail(
      {
        close: () => this.closeDetail(),
        rerun: () => void this.deeds.rerun(this.current),
        cancel: () => void this.deeds.cancel(this.current),
        copyId: () => void this.deeds.copy(this.detail.payload?.taskId ?? "", "Id copied"),
        copyMagic: () => void this.deeds.copyMagic(this.current),
        branch: (place, path, offset) => connection.ask("branch", { key: this.current, place, path, offset }),
        wholeOutput: async () => (await connection.ask("output", { key: this.current })).output,
      },
      prefix,
    );
    this.footer = new Footer(this.feedback.status, () => void this.deeds.rerunAll(this.failedKeys()));
    this.lost = h("div", { class: "itipy-lost", role: "alert", hidden: true });
    this.empty = h("div", { class: "itipy-empty", hidden: true });
    this.main = h("div", { class: "itipy-main" }, this.table.element, this.timeline.element, this.empty);
    this.root = h(
      "div",
      { class: "itipy-panel" },
      this.header.element,
      this.lost,
      this.feedback.bar,
      h("div", { class: "itipy-body" }, this.main, this.detail.element),
      this.footer.element,
    );
    host.append(this.root);
    this.listen();
    this.healthChanged();
    this.show("table");
  }

  listen() {
    const { signal } = this.abort;
    const stop = this.connection.listen((event) => {
      if (event.type === "error") this.feedback.complain(event.say);
      if (event.type === "health") this.healthChanged();
      if (event.ended) this.feedback.announcer.tasksEnded(event.ended);
      this.schedule();
    });
    const resized = new ResizeObserver(() => this.schedule());
    resized.observe(this.main);
    const clock = setInterval(() => this.tick(), TICK);
    signal.addEventListener("abort", () => {
      stop();
      resized.disconnect();
      clearInterval(clock);
    });
    // The notebook hears keys on the document as they go down, before any element does: a plain
    // key in the panel is heard here, and goes no further.
    const keydown = (/** @type {KeyboardEvent} */ event) => {
      if (!this.root.contains(/** @type {Node} */ (event.target))) return;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      event.stopPropagation();
      if (this.keydown(event)) event.preventDefault();
    };
    window.addEventListener("keydown", keydown, { capture: true, signal });
    const ask = () => askToNotify(this.connection.model.get("notify_after"));
    this.root.addEventListener("pointerdown", ask, { signal });
  }

  destroy() {
    this.abort.abort();
    this.root.remove();
  }

  /** What time alone changes. */
  tick() {
    const { store, health } = this.connection;
    this.feedback.announcer.tick(store.counts);
    if ((store.active && health !== "lost") || this.choice.old) this.schedule();
    this.refreshDetail();
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      if (!this.abort.signal.aborted) this.draw();
    });
  }

  /** The table or the timeline, whichever is shown. */
  get list() {
    return this.choice.view === "table" ? this.table : this.timeline;
  }

  /** Draw now; an error is shown, not swallowed. */
  draw() {
    try {
      this.drawAll();
    } catch (error) {
      this.feedback.complain(`The panel could not draw: ${error}`);
      console.error(error);
    }
  }

  drawAll() {
    const { store, health, paused } = this.connection;
    const connected = health !== "lost";
    const now = this.connection.now();
    this.choice.update(now);
    if (this.current !== null && !store.rows.has(this.current)) this.forget();
    const { statuses, keys, view, sort } = this.choice;
    if (this.announceMatches && this.choice.filtered) {
      this.feedback.announcer.say(`${countText(keys.length)} of ${plural(store.rows.size, "task")} shown`);
    }
    this.announceMatches = false;
    this.header.draw(store.counts, statuses, view, connected, paused !== null);
    this.drawEmpty(store.rows.size);
    const { rows } = store;
    this.list.draw({
      rows,
      keys,
      now,
      current: this.current,
      sort,
      connected,
      plainQueues: this.plainQueues(),
    });
    const row = this.current === null ? undefined : rows.get(this.current);
    if (this.open && row) this.detail.drawRow(row, now, connected);
    this.root.classList.toggle("itipy-off", !connected || paused !== null);
    this.footer.draw(this.connection, this.choice, this.list.list, this.feedback.answer);
  }

  /** Has no row a queue or a priority to tell of, as far as the list was ever read? */
  plainQueues() {
    for (const key of this.queues ? [] : this.choice.keys.slice(0, 500)) {
      const row = this.connection.store.rows.get(key);
      if (row && (row.queue !== "default" || row.priority !== 0)) this.queues = true;
    }
    return !this.queues;
  }

  /** @param {number} total */
  drawEmpty(total) {
    const { health, loaded } = this.connection;
    const waiting = health === "waiting" || (health === "live" && !loaded);
    const kind = this.choice.keys.length > 0 ? "" : total > 0 ? "unmatched" : waiting ? "waiting" : "none";
    const { view } = this.choice;
    const shown = kind === "" || kind === "unmatched";
    this.empty.hidden = kind === "";
    this.table.element.hidden = view !== "table" || !shown;
    this.timeline.element.hidden = view !== "timeline" || !shown;
    if (this.empty.dataset.kind === kind) return;
    this.empty.dataset.kind = kind;
    const clear = h(
      "button",
      { type: "button", class: "itipy-btn", onclick: () => this.clearFilters() },
      "Clear filters",
    );
    const magic = h("code", { class: "itipy-code" }, "%%enqueue");
    if (kind === "unmatched") this.empty.replaceChildren(h("p", {}, "No task matches. ", clear));
    else if (kind === "waiting") this.empty.replaceChildren(h("p", {}, "Waiting for the kernel…"));
    else
      this.empty.replaceChildren(
        h("p", {}, "No tasks yet. Put ", magic, " above a call in a cell and run it."),
      );
  }

  healthChanged() {
    const { health, asOf } = this.connection;
    this.lost.hidden = health !== "lost";
    const since = asOf === null ? "" : ` Last known state, from ${clockText(asOf)}.`;
    const text = h("span", {}, h("b", {}, "Kernel disconnected."), `${since} Run %tasks again.`);
    this.lost.replaceChildren(...(health === "lost" ? [icon("warning"), text] : []));
  }

  /** @param {ViewName} view */
  show(view) {
    this.choice.view = view;
    this.root.dataset.view = view;
    this.draw();
    const index = this.current === null ? -1 : this.choice.keys.indexOf(this.current);
    if (index >= 0) this.list.list.reveal(index);
    this.schedule();
  }

  /** Other rows were chosen: the list is read from its beginning. */
  chosen() {
    for (const { list } of [this.table, this.timeline]) {
      list.held = null;
      list.scrollTop = 0;
    }
    this.announceMatches = true;
    this.schedule();
  }

  clearFilters() {
    this.header.search.value = "";
    this.choice.clear();
    this.header.search.focus();
  }

  failedKeys() {
    const { rows } = this.connection.store;
    return this.choice.keys.filter((key) => rows.get(key)?.status === FAILED);
  }

  /**
   * Select a row and give it the focus; the detail follows, if it is open.
   *
   * @param {number} key
   */
  select(key) {
    const moved = key !== this.current;
    this.current = key;
    if (this.open && moved) this.openDetail(key);
    else this.draw();
    this.list.focus(key);
  }

  /** @param {number} key */
  openDetail(key) {
    this.current = key;
    this.open = true;
    this.detail.show(key);
    this.draw();
    this.list.focus(key);
    void this.loadDetail();
  }

  closeDetail() {
    this.open = false;
    this.detail.show(null);
    this.draw();
    if (this.current !== null) this.list.focus(this.current);
  }

  /** The selected task is no more. */
  forget() {
    this.current = null;
    this.open = false;
    this.detail.show(null);
  }

  async loadDetail() {
    const key = this.current;
    this.detailAt = Date.now();
    this.detailOf = this.detailFace();
    try {
      const { detail } = await this.feedback.patiently(this.connection.ask("detail", { key }));
      if (this.detail.key === key) this.detail.fill(detail);
      this.schedule();
    } catch (error) {
      if (this.detail.key === key) this.detail.fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** What of its row a detail depends on. */
  detailFace() {
    const row = this.current === null ? undefined : this.connection.store.rows.get(this.current);
    return row ? [row.key, row.status, row.started, row.finished].join() : "";
  }

  /** Ask anew when the task that is open has changed, and while its output may grow. */
  refreshDetail() {
    const { health, paused, store } = this.connection;
    if (!this.open || health === "lost" || paused !== null) return;
    const age = Date.now() - (this.detailAt ?? 0);
    const running = store.rows.get(this.current ?? -1)?.finished === null;
    const growing = running && this.detail.tab === "Output" && age > OUTPUT_DELAY;
    if (growing || (age > DETAIL_DELAY && this.detailFace() !== this.detailOf)) void this.loadDetail();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} true if the key did something
   */
  keydown(event) {
    const { search, menu } = this.header;
    if (menu.keydown(event)) return true;
    if (event.key === "Escape") return this.escape();
    if (/** @type {Element} */ (event.target).matches("input, select, textarea")) return false;
    if (event.key === "/") return (search.focus(), true);
    return this.detail.keydown(event) || this.table.keydown(event) || this.timeline.keydown(event);
  }

  /** Out of the search text, then out of the detail. */
  escape() {
    if (this.choice.query) {
      this.header.search.value = "";
      this.choice.search("");
    } else if (this.open) this.closeDetail();
    else return false;
    return true;
  }
}
