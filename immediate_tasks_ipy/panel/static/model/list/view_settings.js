// What the user chose in a view, kept over a reload of the page.

/** @typedef {import("./list_state.js").ListState} ListState */
/** @typedef {{ getItem(key: string): string | null, setItem(key: string, value: string): void }} Memory */

const COLUMN_NAMES = ["status", "task", "queue", "enqueued", "took", "result"];
const VIEW_NAMES = ["table", "timeline", "functions"];

export class ViewSettings {
  /**
   * @param {() => Memory} memory the browser's storage of this page; may throw where there is none
   * @param {string} name of the panel
   */
  constructor(memory, name) {
    this.memory = memory;
    this.key = `immediate_tasks_ipy ${name}`;
    this.saved = "";
  }

  /** @param {ListState} state */
  save(state) {
    const { statuses, query, sort, view, tree } = state;
    const text = JSON.stringify({
      statuses: [...statuses],
      query,
      sort,
      view,
      failuresFirst: tree.failuresFirst,
    });
    if (text === this.saved) return;
    this.saved = text;
    try {
      this.memory().setItem(this.key, text);
    } catch {
      // The page has no storage: nothing is kept.
    }
  }

  /**
   * Restore what was saved. It is input: whatever does not fit is left as it is.
   *
   * @param {ListState} state
   */
  restore(state) {
    const saved = this.read();
    if (Array.isArray(saved.statuses)) {
      for (const status of saved.statuses) if ([0, 1, 2, 3, 4].includes(status)) state.statuses.add(status);
    }
    if (COLUMN_NAMES.includes(saved.sort?.column)) {
      state.sort = { column: saved.sort.column, descending: saved.sort.descending === true };
    }
    if (VIEW_NAMES.includes(saved.view)) state.view = saved.view;
    if (typeof saved.failuresFirst === "boolean") state.tree.failuresFirst = saved.failuresFirst;
    if (typeof saved.query === "string" && saved.query) state.search(saved.query);
  }

  /** @returns {Record<string, any>} */
  read() {
    try {
      const saved = JSON.parse(this.memory().getItem(this.key) ?? "{}");
      return typeof saved === "object" && saved !== null ? saved : {};
    } catch {
      return {};
    }
  }
}
