// Fetches the detail of the open task, and again when the task has changed.

/** @typedef {import("../../model/tasks/connection.js").Connection} Connection */
/** @typedef {import("../../dom/feedback.js").Feedback} Feedback */
/** @typedef {import("./detail.js").Detail} Detail */

/** The least milliseconds between two requests for a task that changes. */
const CHANGE_INTERVAL = 200;
/** Milliseconds between two requests while the output of a running task is shown. */
const OUTPUT_INTERVAL = 1000;

/** The tabs whose contents grow while the task runs. */
const GROWING_TABS = new Set(["Output", "Queries"]);

export class DetailLoader {
  /**
   * @param {Connection} connection
   * @param {Feedback} feedback
   * @param {Detail} detail
   * @param {() => void} onLoad called when the detail has been filled
   */
  constructor(connection, feedback, detail, onLoad) {
    this.connection = connection;
    this.feedback = feedback;
    this.detail = detail;
    this.onLoad = onLoad;
    this.requestedAt = 0;
    /** The state of the task that was requested last. */
    this.cacheKey = "";
  }

  /** Fetch the detail of the task that is shown. */
  async load() {
    const key = this.detail.shownKey;
    this.requestedAt = Date.now();
    this.cacheKey = this.presentKey();
    try {
      const answer = this.connection.request("detail", { key });
      const { detail } = await this.feedback.withBusyNotice(answer);
      if (this.detail.shownKey === key) this.detail.fill(detail);
      this.onLoad();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (this.detail.shownKey === key) this.detail.fail(reason);
    }
  }

  /** Fetch again if the task has changed, or if what is shown of it may have grown. */
  refresh() {
    const { health, pausedAt, store } = this.connection;
    const key = this.detail.shownKey;
    if (key === null || health === "disconnected" || pausedAt !== null) return;
    const age = Date.now() - this.requestedAt;
    const running = store.rows.get(key)?.finished === null;
    const grows = GROWING_TABS.has(this.detail.tabs.selected);
    const hasGrown = running && grows && age > OUTPUT_INTERVAL;
    const changed = age > CHANGE_INTERVAL && this.presentKey() !== this.cacheKey;
    if (hasGrown || changed) void this.load();
  }

  /** Identifies the state of the row that the detail depends on. */
  presentKey() {
    const row = this.connection.store.rows.get(this.detail.shownKey ?? -1);
    return row ? [row.key, row.status, row.started, row.finished].join() : "";
  }
}
