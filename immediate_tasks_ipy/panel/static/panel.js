// The panel: one connection per model, and for each place it is shown in a view of its own.

import { Announcer } from "./announcer.js";
import { Connection } from "./connection.js";
import { Detail } from "./detail.js";
import { h, icon, setAttribute, setText } from "./elements.js";
import { Header } from "./header.js";
import { NEWEST_FIRST, nextSort, OLDEST_FIRST, viewRows } from "./listing.js";
import { callText, errorName, FAILED, secondsTaken } from "./rows.js";
import { Table } from "./table.js";
import { clockText, countText, durationText, plural } from "./text.js";
import { Timeline } from "./timeline.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./connection.js").Model} Model */
/** @typedef {import("./listing.js").Column} Column */

/** Milliseconds between two redraws of times that grow. */
const TICK = 250;
/** Milliseconds after which a question without an answer is explained. */
const PATIENCE = 1500;
/** Milliseconds that a good answer stays in the footer. */
const SHOWN = 5000;
/** Rows beyond which the footer says which of them are in view. */
const MANY = 1000;
const BUSY = "The kernel is busy and will answer when it is free. To interrupt what runs, use the stop button.";

/** The connection of each panel that is open in this page, by its id. */
const CONNECTIONS = /** @type {Map<string, Connection>} */ (new Map());
let views = 0;

class View {
  /**
   * @param {Connection} connection
   * @param {HTMLElement} host
   */
  constructor(connection, host) {
    this.connection = connection;
    this.abort = new AbortController();
    /** @type {Set<number>} */
    this.statuses = new Set();
    this.query = "";
    /** @type {{ query: string, keys: Set<number> } | null} */
    this.found = null;
    this.sort = NEWEST_FIRST;
    this.shown = /** @type {"table" | "timeline"} */ ("table");
    this.current = /** @type {number | null} */ (null);
    this.open = false;
    this.answer = "";
    /** @type {number[]} */
    this.keys = [];
    this.listed = "";
    this.listedAt = 0;
    this.listingCost = 0;
    const prefix = `itipy-${connection.name}-${++views}`;
    const list = {
      select: (/** @type {number} */ key) => this.select(key, true),
      open: (/** @type {number} */ key) => this.openDetail(key),
      sort: (/** @type {Column} */ column) => this.sortBy(column),
      scrolled: () => this.schedule(),
    };
    this.header = new Header({
      toggleStatus: (status) => this.toggleStatus(status),
      search: (query) => this.search(query),
      show: (view) => this.show(view),
      clear: () => void this.act("clear"),
      exportAs: (format) => void this.exportAs(format),
      pause: (on) => connection.pause(on),
    });
    this.table = new Table(list);
    this.timeline = new Timeline(list, prefix);
    this.detail = new Detail(
      {
        close: () => this.closeDetail(),
        rerun: () => void this.act("rerun", { keys: [this.current] }),
        cancel: () => void this.act("cancel", { key: this.current }),
        copyId: () => void this.copyId(),
        copyMagic: () => void this.copyMagic(),
        branch: (place, path, offset) => connection.ask("branch", { key: this.current, place, path, offset }),
        wholeOutput: async () => (await connection.ask("output", { key: this.current })).output,
      },
      prefix,
    );
    this.lost = h("div", { class: "itipy-lost", role: "alert", hidden: true });
    this.noticeText = h("span", {});
    this.notice = h(
      "div",
      { class: "itipy-lost itipy-notice", hidden: true },
      icon("warning"),
      this.noticeText,
      h(
        "button",
        { type: "button", class: "itipy-btn itipy-iconbtn", "aria-label": "Dismiss", onclick: () => this.dismiss() },
        icon("close"),
      ),
    );
    this.empty = h("div", { class: "itipy-empty", hidden: true });
    this.status = h("span", { class: "itipy-sr", role: "status", "aria-live": "polite" });
    this.say = h("span", { class: "itipy-say" });
    this.rerunFailed = h(
      "button",
      { type: "button", class: "itipy-btn itipy-footbtn", hidden: true, onclick: () => void this.rerunAll() },
      "Re-run failed",
    );
    this.updated = h("span", { class: "itipy-updated" });
    const main = h("div", { class: "itipy-main" }, this.table.element, this.timeline.element, this.empty);
    this.root = h(
      "div",
      { class: "itipy-panel", "data-view": "table" },
      this.header.element,
      this.lost,
      this.notice,
      h("div", { class: "itipy-body" }, main, this.detail.element),
      h(
        "div",
        { class: "itipy-foot" },
        this.status,
        this.say,
        this.rerunFailed,
        h("span", { class: "itipy-legend" }, "Thin line: waiting. Bar: running. Fading edge: not finished."),
        this.updated,
      ),
    );
    this.announcer = new Announcer((text) => setText(this.status, text), Date.now);
    host.append(this.root);
    this.listen(main);
    this.show("table");
  }

  /** @param {HTMLElement} main */
  listen(main) {
    const { signal } = this.abort;
    const stop = this.connection.listen((event) => {
      if (event.type === "error") this.complain(event.say ?? "");
      if (event.type === "health") this.healthChanged();
      if (event.ended) this.announcer.tasksEnded(event.ended);
      this.schedule();
      if (event.type === "rows") this.refreshDetail();
    });
    const resized = new ResizeObserver(() => this.schedule());
    resized.observe(main);
    const clock = setInterval(() => {
      this.announcer.tick(this.connection.store.counts);
      const running = this.connection.store.active && this.connection.health !== "lost";
      if (running || this.listingIsOld) this.schedule();
    }, TICK);
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
    this.root.addEventListener("pointerdown", () => this.askToNotify(), { signal });
  }

  destroy() {
    this.abort.abort();
    this.root.remove();
  }

  // -- drawing ---------------------------------------------------------

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      if (this.abort.signal.aborted) return;
      try {
        this.draw();
      } catch (error) {
        this.complain(`The panel could not draw: ${error}`);
        throw error;
      }
    });
  }

  draw() {
    const { store, health } = this.connection;
    const connected = health !== "lost";
    const now = this.connection.now();
    this.list(now);
    if (this.current !== null && !store.rows.has(this.current)) this.forget();
    const state = {
      rows: store.rows,
      keys: this.keys,
      now,
      current: this.current,
      sort: this.sort,
      connected,
      plainQueues: this.plainQueues(),
    };
    this.header.draw(store.counts, this.statuses, this.shown, connected, this.connection.paused !== null);
    this.drawEmpty(store.rows.size);
    if (this.shown === "table") this.table.draw(state);
    else this.timeline.draw(state);
    const row = this.current === null ? undefined : store.rows.get(this.current);
    if (this.open && row) this.detail.drawRow(row, now, connected);
    this.root.classList.toggle("itipy-off", !connected || this.connection.paused !== null);
    this.drawFoot();
  }

  /** Is the list older than the rows, because making it anew was put off? */
  get listingIsOld() {
    return this.listed !== this.listing;
  }

  /** What the list is made of; equal texts, equal lists. */
  get listing() {
    const { column, descending } = this.shown === "table" ? this.sort : OLDEST_FIRST;
    const found = this.found?.query === this.query ? this.found.keys.size : -1;
    return [this.connection.store.version, column, descending, [...this.statuses], this.query, found, this.shown].join();
  }

  /**
   * Make the list of rows anew, if it is old and it is not too soon.
   *
   * @param {number} now
   */
  list(now) {
    const wanted = this.listing;
    if (wanted === this.listed) return;
    const [version, ...rest] = wanted.split(",");
    const onlyRows = version !== undefined && this.listed.endsWith(`,${rest.join()}`);
    const began = performance.now();
    if (onlyRows && began - this.listedAt < this.listingCost * 8) return;
    const { store } = this.connection;
    const found = this.found?.query === this.query ? this.found.keys : null;
    const sort = this.shown === "table" ? this.sort : OLDEST_FIRST;
    const filter = { statuses: this.statuses, query: this.query, found };
    this.keys = viewRows(store.rows, store.keys(), filter, sort, now);
    this.listed = wanted;
    this.listedAt = performance.now();
    this.listingCost = this.listedAt - began;
    if (this.statuses.size > 0 || this.query) this.sayMatches();
  }

  /** Has no row a queue or a priority to tell of? Looked at in the rows in view and near. */
  plainQueues() {
    if (!this.fancyQueues) {
      for (const key of this.keys.slice(0, 500)) {
        const row = this.connection.store.rows.get(key);
        if (row && (row.queue !== "default" || row.priority !== 0)) this.fancyQueues = true;
      }
    }
    return !this.fancyQueues;
  }

  /** @param {number} total */
  drawEmpty(total) {
    const waiting = this.connection.health === "waiting" || (!this.connection.loaded && this.connection.health === "live");
    const kind = this.keys.length > 0 ? "" : total > 0 ? "unmatched" : waiting ? "waiting" : "none";
    this.empty.hidden = kind === "";
    this.table.element.hidden = this.shown !== "table" || kind === "none" || kind === "waiting";
    this.timeline.element.hidden = this.shown !== "timeline" || kind === "none" || kind === "waiting";
    if (this.empty.dataset.kind === kind) return;
    this.empty.dataset.kind = kind;
    const clear = h("button", { type: "button", class: "itipy-btn", onclick: () => this.clearFilters() }, "Clear filters");
    const magic = h("code", { class: "itipy-code" }, "%%enqueue");
    if (kind === "unmatched") this.empty.replaceChildren(h("p", {}, "No task matches. ", clear));
    else if (kind === "waiting") this.empty.replaceChildren(h("p", {}, "Waiting for the kernel…"));
    else this.empty.replaceChildren(h("p", {}, "No tasks yet. Put ", magic, " above a call in a cell and run it."));
  }

  drawFoot() {
    const { store, health, paused, updated } = this.connection;
    const failed = store.counts[FAILED] ?? 0;
    this.rerunFailed.hidden = failed === 0;
    this.rerunFailed.disabled = health === "lost";
    setText(this.say, this.answer || this.countSentence());
    const time = updated === null ? "" : clockText(updated + (this.connection.skew ?? 0));
    if (health === "lost") setText(this.updated, "Not connected");
    else if (paused !== null) setText(this.updated, `Paused at ${clockText(paused)}`);
    else if (store.left > 0) setText(this.updated, `${countText(store.left)} more to come`);
    else setText(this.updated, time && store.rows.size > 0 ? `Updated ${time}` : "");
  }

  countSentence() {
    const { store, health } = this.connection;
    const total = store.rows.size;
    if (total === 0) return "No tasks";
    if (this.keys.length !== total) return `${countText(this.keys.length)} of ${plural(total, "task")}`;
    const tasks = plural(total, "task");
    if (health === "lost") return `${tasks}, as of ${clockText(this.connection.updated ?? this.connection.now())}`;
    const { list } = this.shown === "table" ? this.table : this.timeline;
    if (total > MANY) {
      const first = Math.floor(list.scrollTop / list.rowHeight) + 1;
      const last = Math.min(total, Math.ceil((list.scrollTop + list.height) / list.rowHeight));
      return `${tasks}, showing rows ${countText(first)} to ${countText(last)}`;
    }
    if (this.shown === "timeline") return `${tasks}, oldest first`;
    if (this.sort.column !== "enqueued") return `${tasks}, sorted by ${this.sort.column}`;
    return `${tasks}, ${this.sort.descending ? "newest" : "oldest"} first`;
  }

  // -- what the user does ----------------------------------------------

  /** @param {"table" | "timeline"} view */
  show(view) {
    this.shown = view;
    this.root.dataset.view = view;
    this.table.element.hidden = view !== "table";
    this.timeline.element.hidden = view !== "timeline";
    if (view === "timeline" && this.current !== null) this.reveal = this.current;
    this.schedule();
  }

  /** @param {number} status */
  toggleStatus(status) {
    if (!this.statuses.delete(status)) this.statuses.add(status);
    this.rewind();
  }

  /** @param {string} query */
  search(query) {
    this.query = query;
    this.rewind();
    clearTimeout(this.searching);
    if (!query.trim() || this.connection.health === "lost") return;
    this.searching = setTimeout(async () => {
      try {
        const { keys } = await this.connection.ask("search", { text: query.trim().slice(0, 200) });
        this.found = { query, keys: new Set(keys) };
        this.schedule();
      } catch {
        // What the rows show has been searched already.
      }
    }, 250);
  }

  clearFilters() {
    this.statuses.clear();
    this.header.search.value = "";
    this.search("");
    this.header.search.focus();
  }

  /** After another choice of rows the list is read from its beginning. */
  rewind() {
    this.table.list.held = null;
    this.table.list.scrollTop = 0;
    this.timeline.list.held = null;
    this.announceMatches = true;
    this.schedule();
  }

  sayMatches() {
    if (!this.announceMatches) return;
    this.announceMatches = false;
    this.announcer.say(`${countText(this.keys.length)} of ${plural(this.connection.store.rows.size, "task")} shown`);
  }

  /** @param {Column} column */
  sortBy(column) {
    this.sort = nextSort(this.sort, column);
    this.table.list.held = null;
    this.schedule();
  }

  /**
   * @param {number} key
   * @param {boolean} focus
   */
  select(key, focus) {
    const moved = key !== this.current;
    this.current = key;
    this.draw();
    if (focus) (this.shown === "table" ? this.table : this.timeline).focus(key);
    if (this.open && moved) this.openDetail(key);
  }

  /** @param {number} key */
  openDetail(key) {
    const focus = this.root.contains(document.activeElement) || document.activeElement === document.body;
    this.current = key;
    this.open = true;
    this.detail.show(key);
    this.draw();
    if (focus) (this.shown === "table" ? this.table : this.timeline).focus(key);
    clearTimeout(this.refreshing);
    this.refreshing = undefined;
    void this.loadDetail();
  }

  closeDetail() {
    this.open = false;
    this.detail.show(null);
    this.draw();
    if (this.current !== null) (this.shown === "table" ? this.table : this.timeline).focus(this.current);
  }

  /** The selected task is no more. */
  forget() {
    this.current = null;
    if (!this.open) return;
    this.open = false;
    this.detail.show(null);
  }

  async loadDetail() {
    const key = this.current;
    if (key === null || !this.open) return;
    this.detailFace = this.faceOfCurrent();
    try {
      const { detail } = await this.patiently(this.connection.ask("detail", { key }));
      if (this.detail.key !== key) return;
      this.detail.fill(detail);
      this.draw();
    } catch (error) {
      if (this.detail.key === key) this.detail.fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** What of the row the detail depends on. */
  faceOfCurrent() {
    const row = this.current === null ? undefined : this.connection.store.rows.get(this.current);
    return row ? [row.key, row.status, row.started, row.finished].join() : "";
  }

  /** Ask anew when the open task has changed, soon but not at every change. */
  refreshDetail() {
    if (!this.open || this.refreshing || this.connection.health === "lost") return;
    if (this.faceOfCurrent() === this.detailFace) return;
    this.refreshing = setTimeout(() => {
      this.refreshing = undefined;
      void this.loadDetail();
    }, 200);
  }

  /**
   * Do something in the kernel, and say what came of it.
   *
   * @param {string} op
   * @param {Record<string, unknown>} [fields]
   */
  async act(op, fields = {}) {
    this.dismiss();
    try {
      const { say } = await this.patiently(this.connection.ask(op, fields));
      this.reply(say);
    } catch (error) {
      this.complain(error instanceof Error ? error.message : String(error));
    }
  }

  /** Re-run what has failed, of the rows that are shown. */
  async rerunAll() {
    const { rows } = this.connection.store;
    const keys = this.keys.filter((key) => rows.get(key)?.status === FAILED);
    if (keys.length === 0) this.complain("None of the failed tasks is shown: clear the filters first.");
    else await this.act("rerun", { keys });
  }

  /** @param {"json" | "csv"} format */
  async exportAs(format) {
    this.dismiss();
    const all = this.statuses.size === 0 && !this.query.trim();
    try {
      const asked = this.connection.ask("export", { format, keys: all ? null : this.keys });
      const { file, mime, text, say } = await this.patiently(asked);
      const url = URL.createObjectURL(new Blob([text], { type: mime }));
      h("a", { href: url, download: file }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      this.reply(say);
    } catch (error) {
      this.complain(error instanceof Error ? error.message : String(error));
    }
  }

  async copyId() {
    const id = this.detail.payload?.taskId;
    if (id) await this.copy(id, "Id copied");
  }

  async copyMagic() {
    try {
      const { text } = await this.patiently(this.connection.ask("copy", { key: this.current }));
      await this.copy(text, `Copied: ${text}`);
    } catch (error) {
      this.complain(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * @param {string} text
   * @param {string} done
   */
  async copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
      this.reply(done);
    } catch {
      this.complain(`The browser does not allow copying. The text is: ${text}`);
    }
  }

  /**
   * Wait for an answer, and explain when it takes long.
   *
   * @template T
   * @param {Promise<T>} answer
   * @returns {Promise<T>}
   */
  async patiently(answer) {
    const timer = setTimeout(() => this.complain(BUSY), PATIENCE);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      if (this.noticeText.textContent === BUSY) this.dismiss();
    }
  }

  /** @param {string} text */
  reply(text) {
    this.answer = text;
    this.announcer.say(text);
    clearTimeout(this.replying);
    this.replying = setTimeout(() => {
      this.answer = "";
      this.schedule();
    }, SHOWN);
    this.schedule();
  }

  /** @param {string} text */
  complain(text) {
    setText(this.noticeText, text);
    this.notice.hidden = false;
    this.announcer.say(text);
  }

  dismiss() {
    if (this.notice.contains(document.activeElement)) this.header.search.focus();
    this.notice.hidden = true;
  }

  healthChanged() {
    const { health, updated } = this.connection;
    this.lost.hidden = health !== "lost";
    const since = updated === null ? "" : ` Last known state, from ${clockText(updated)}.`;
    const text = `${since} Run %tasks again.`;
    if (health === "lost") this.lost.replaceChildren(icon("warning"), h("span", {}, h("b", {}, "Kernel disconnected."), text));
    else this.lost.replaceChildren();
  }

  /** Browsers let a page ask only when the user has just done something in it. */
  askToNotify() {
    if (this.connection.model.get("notify_after") > 0 && "Notification" in window) {
      if (Notification.permission === "default") void Notification.requestPermission();
    }
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} true if the key did something
   */
  keydown(event) {
    const { search, menu } = this.header;
    if (menu.keydown(event)) return true;
    const target = /** @type {Element} */ (event.target);
    const typing = target.matches("input, select, textarea");
    if (event.key === "Escape") return this.escape();
    if (typing) return false;
    if (event.key === "/") return search.focus(), true;
    return this.detail.keydown(event) || this.table.keydown(event) || this.timeline.keydown(event);
  }

  /** Out of the search text, then out of the detail. */
  escape() {
    if (this.query) {
      this.header.search.value = "";
      this.search("");
      return true;
    }
    if (this.open) {
      this.closeDetail();
      return true;
    }
    return false;
  }
}

/**
 * Tell of tasks that took long, when nobody looks at the page.
 *
 * @param {Connection} connection
 * @param {Row[]} ended
 */
function notify(connection, ended) {
  const after = connection.model.get("notify_after");
  if (!(after > 0) || !document.hidden || !("Notification" in window)) return;
  if (Notification.permission !== "granted") return;
  const long = ended.filter((row) => (secondsTaken(row, 0) ?? 0) >= after);
  const last = long.at(-1);
  if (!last) return;
  const outcome = last.status === FAILED ? `failed: ${errorName(last)}` : "finished";
  const others = long.length > 1 ? `, and ${plural(long.length - 1, "other task")}` : "";
  const body = `after ${durationText(secondsTaken(last, 0) ?? 0)}${others}`;
  const notification = new Notification(`${callText(last)} ${outcome}`, { body, tag: connection.name });
  notification.onclick = () => window.focus();
}

/** @param {{ model: Model, signal?: AbortSignal }} context */
function initialize({ model }) {
  const id = model.get("panel_id");
  const connection = new Connection(model);
  CONNECTIONS.set(id, connection);
  connection.listen((event) => notify(connection, event.ended ?? []));
  connection.start();
  return () => {
    connection.stop();
    CONNECTIONS.delete(id);
  };
}

/** @param {{ model: Model, el: HTMLElement }} context */
function render({ model, el }) {
  const connection = CONNECTIONS.get(model.get("panel_id"));
  if (!connection) throw new Error("The task panel was not initialized: run %tasks again.");
  const view = new View(connection, el);
  view.healthChanged();
  return () => view.destroy();
}

export default { initialize, render };
