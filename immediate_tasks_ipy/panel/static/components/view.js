// One view of the panel: its components, the selection, and when they are drawn.

import { Feedback } from "../dom/feedback.js";
import { h } from "../dom/elements.js";
import { keepFocus } from "../dom/focus.js";
import { requestNotifications } from "../dom/notifications.js";
import { TaskRequests } from "../dom/requests.js";
import { countText, plural } from "../model/text/format.js";
import { failedCount, ListState } from "../model/list/list_state.js";
import { supersededFailures } from "../model/tasks/outcomes.js";
import { Ticked } from "../model/list/ticked.js";
import { ViewSettings } from "../model/list/view_settings.js";
import { BulkBar } from "./bulk_bar.js";
import { BatchDetail } from "./detail/batch_detail.js";
import { Detail } from "./detail/detail.js";
import { DetailLoader } from "./detail/detail_loader.js";
import { DisconnectBanner } from "./disconnect_banner.js";
import { Footer } from "./footer.js";
import { Header } from "./header.js";
import { ListPane } from "./lists/list_pane.js";
import { batchEvents, bulkEvents, detailEvents, footerEvents, headerEvents, listEvents } from "./view_events.js";
import { listenToKeys } from "./view_keys.js";

/** @typedef {import("../model/tasks/connection.js").Connection} Connection */
/** @typedef {import("../model/list/list_state.js").ViewName} ViewName */

/** Milliseconds between two redraws of durations that grow. */
const TICK = 250;

let viewCount = 0;

export class PanelView {
  /**
   * @param {Connection} connection
   * @param {HTMLElement} host
   */
  constructor(connection, host) {
    this.connection = connection;
    /** Aborted when the view is destroyed. */
    this.lifetime = new AbortController();
    this.state = new ListState(connection, () => this.criteriaChanged());
    this.ticked = new Ticked(connection.store);
    this.settings = new ViewSettings(() => sessionStorage, connection.model.get("panel_id"));
    this.feedback = new Feedback(() => this.schedule());
    this.requests = new TaskRequests(connection, this.feedback);
    /** The id of the selected row: a task's key, or that of a batch. */
    this.selectedKey = /** @type {number | null} */ (null);
    /** Is the selected task's detail shown? */
    this.detailOpen = false;
    this.drawScheduled = false;
    /** The number of rows that the panel's height is for. */
    this.rowCount = 1;
    /** Announce the number of matches at the next draw? */
    this.announceMatches = false;
    const prefix = `itipy-${connection.name}-${++viewCount}`;
    this.lists = new ListPane(connection, this.state, this.ticked, listEvents(this), prefix);
    this.header = new Header(headerEvents(this));
    this.detail = new Detail(detailEvents(this), connection.store, prefix);
    this.batchDetail = new BatchDetail(batchEvents(this), connection.store, prefix);
    this.loader = new DetailLoader(connection, this.feedback, this.detail, () => this.schedule());
    this.footer = new Footer(this.feedback.liveRegion, footerEvents(this));
    this.bulkBar = new BulkBar(bulkEvents(this));
    this.banner = new DisconnectBanner();
    this.root = h(
      "div",
      { class: "itipy-panel" },
      this.header.element,
      this.banner.element,
      this.feedback.errorBar,
      h("div", { class: "itipy-body" }, this.lists.element, this.detail.element, this.batchDetail.element),
      this.footer.element,
      this.bulkBar.element,
    );
    host.append(this.root);
    this.addListeners();
    this.banner.draw(connection);
    this.settings.restore(this.state);
    this.header.search.value = this.state.query;
    this.show(this.state.view);
  }

  addListeners() {
    const { signal } = this.lifetime;
    const removeListener = this.connection.listen((event) => {
      if (event.type === "error") this.feedback.showError(event.message);
      if (event.type === "health") this.banner.draw(this.connection);
      if (event.finished) this.feedback.announcer.addFinished(event.finished);
      this.schedule();
    });
    const resized = new ResizeObserver(() => this.schedule());
    resized.observe(this.lists.element);
    const clock = setInterval(() => this.tick(), TICK);
    signal.addEventListener("abort", () => {
      removeListener();
      this.state.stopObserving();
      resized.disconnect();
      clearInterval(clock);
    });
    listenToKeys(this, signal);
    const requestPermission = () => requestNotifications(this.connection.model.get("notify_after"));
    this.root.addEventListener("pointerdown", requestPermission, { signal });
  }

  destroy() {
    this.lifetime.abort();
    this.root.remove();
  }

  /** Update what changes with time alone. */
  tick() {
    const { store, health } = this.connection;
    this.feedback.announcer.tick(store.counts);
    if ((store.hasUnfinished && health !== "disconnected") || this.state.isStale) this.schedule();
    if (this.detailOpen) this.loader.refresh();
  }

  /** Draw in the next animation frame. */
  schedule() {
    if (this.drawScheduled) return;
    this.drawScheduled = true;
    requestAnimationFrame(() => {
      this.drawScheduled = false;
      if (!this.lifetime.signal.aborted) this.draw();
    });
  }

  /** Draw now; an error is shown to the user and logged. */
  draw() {
    try {
      keepFocus(this.root, () => this.drawAll(), () => this.lists.tabStop ?? this.header.search);
    } catch (error) {
      this.feedback.showError(`The panel could not draw: ${error}`);
      console.error(error);
    }
  }

  drawAll() {
    const { store, health, pausedAt } = this.connection;
    const connected = health !== "disconnected";
    const now = this.connection.now();
    this.state.update(now);
    this.ticked.refresh();
    this.followSelected();
    const { selectedKey, state } = this;
    if (this.announceMatches && state.isFiltered && !state.isSearching) {
      const matches = `${countText(state.matchCount)} of ${plural(store.size, "task")} shown`;
      this.feedback.announcer.announce(matches);
    }
    this.announceMatches &&= state.isSearching;
    const paused = pausedAt !== null;
    this.header.draw({
      counts: store.counts,
      statuses: state.statuses,
      view: state.view,
      connected,
      paused,
      superseded: supersededFailures(store),
      failuresFirst: state.tree.failuresFirst,
      sort: state.sort,
    });
    this.lists.draw(now, selectedKey);
    const row = selectedKey === null ? undefined : store.rows.get(selectedKey);
    if (this.detailOpen && row) this.detail.drawRow(row, now, connected, this.position());
    if (this.batchDetail.id !== null) this.batchDetail.draw(now, connected, this.position());
    this.root.classList.toggle("itipy-off", !connected || paused);
    this.footer.draw(this.connection, state, this.lists.shown?.list ?? null, this.feedback.message, {
      failed: failedCount(state),
      canStop: this.requests.exportRequest !== null,
      ...this.lists.summary,
    });
    this.footer.element.hidden = this.ticked.size > 0;
    this.bulkBar.draw(this.ticked, this.ticked.summary(state.matches?.keys ?? store.relations.shown), connected);
    // A filter makes the panel no lower: the notebook below would jump at each key.
    this.rowCount = Math.max(state.ids.length, state.isFiltered ? this.rowCount : 1);
    this.root.style.setProperty("--itipy-rows", String(Math.min(20, this.rowCount)));
    this.settings.save(state);
    if (state.isSearching) this.schedule();
  }

  /** Keep the selection on a task that was run again, and drop it with a task that is gone. */
  followSelected() {
    const { rows, relations } = this.connection.store;
    const key = this.selectedKey;
    if (key === null || (key < 0 ? relations.groups.has(key) : relations.shown.has(key))) return;
    if (!rows.has(key)) {
      this.deselect();
      return;
    }
    this.selectedKey = relations.newest(key);
    if (this.detailOpen) this.showDetail(this.selectedKey);
  }

  /** @param {ViewName} view */
  show(view) {
    this.state.view = view;
    this.root.dataset.view = view;
    this.draw();
    this.lists.reveal(this.selectedKey);
    this.schedule();
  }

  /** Filter or order have changed: show the list from its beginning. */
  criteriaChanged() {
    this.lists.reset();
    this.announceMatches = true;
    this.schedule();
  }

  clearFilters() {
    this.header.search.value = "";
    this.state.clear();
    this.header.search.focus();
  }

  /** @param {string} name of the function whose tasks to show */
  showFunction(name) {
    this.header.search.value = `fn:${name}`;
    this.state.search(`fn:${name}`);
    this.show("table");
    this.header.search.focus();
  }

  /** Where the selected task stands in the list: "12 of 561". */
  position() {
    const { ids } = this.state;
    const index = ids.indexOf(this.selectedKey ?? 0);
    return { index, count: ids.length };
  }

  /**
   * Open the next task of the list, or the one before.
   *
   * @param {1 | -1} by
   */
  step(by) {
    const { ids } = this.state;
    let index = ids.indexOf(this.selectedKey ?? 0) + by;
    while ((ids[index] ?? 1) < 0) index += by;
    const key = ids[index];
    if (key === undefined) return false;
    this.lists.shown?.list.reveal(index);
    if (this.detailOpen) this.openDetail(key);
    else this.select(key);
    return true;
  }

  /**
   * Select a row and focus it; the detail follows if it is open.
   *
   * @param {number} key
   */
  select(key) {
    const moved = key !== this.selectedKey;
    this.selectedKey = key;
    if (this.detailOpen && moved) this.openDetail(key);
    else this.draw();
    this.lists.focus(key);
  }

  /** @param {number} key */
  openDetail(key) {
    this.selectedKey = key;
    this.detailOpen = true;
    this.showDetail(key);
    this.draw();
    this.lists.focus(key);
    (key < 0 ? this.batchDetail : this.detail).focusIfAlone();
  }

  /** @param {number | null} id of the task or batch whose detail to show; null to close */
  showDetail(id) {
    const isTask = id !== null && id > 0;
    this.detail.show(isTask ? id : null);
    this.batchDetail.show(isTask ? null : id);
    if (isTask) void this.loader.load();
  }

  /** Close the detail, and return the focus to its row. */
  closeDetail() {
    this.detailOpen = false;
    this.showDetail(null);
    this.draw();
    if (this.selectedKey !== null) this.lists.focus(this.selectedKey);
  }

  /** The selected row was removed. */
  deselect() {
    this.selectedKey = null;
    this.detailOpen = false;
    this.showDetail(null);
  }

  clearTicks() {
    this.ticked.clear();
    this.draw();
    if (this.selectedKey !== null) this.lists.focus(this.selectedKey);
  }
}
