// What a view does when its components report what the user did.

import { FAILED } from "../model/tasks/rows.js";
import { failedKeys } from "../model/list/list_state.js";
import { Ticked } from "../model/list/ticked.js";

/** @typedef {import("./view.js").PanelView} PanelView */

/**
 * @param {PanelView} view
 * @returns {import("../model/list/list_state.js").ListEvents & { clearFilters: () => void }}
 */
export function listEvents(view) {
  const { state, ticked, requests, connection } = view;
  const { relations, rows } = connection.store;
  const itemsOf = (/** @type {number} */ id) => state.tree.childrenOf(id);
  return {
    select: (id) => view.select(id),
    open: (id) => view.openDetail(id),
    sort: (column) => state.sortBy(column),
    scroll: () => view.schedule(),
    clearFilters: () => view.clearFilters(),
    toggleOpen: (id) => {
      state.toggleOpen(id);
      view.draw();
    },
    setOpen: (ids, open) => {
      state.setOpen(ids, open);
      view.draw();
    },
    tick: (id, extend) => {
      const from = extend && ticked.anchor !== null ? state.ids.indexOf(ticked.anchor) : -1;
      const to = state.ids.indexOf(id);
      const ids = from < 0 ? [id] : state.ids.slice(Math.min(from, to), Math.max(from, to) + 1);
      const keys = ids.flatMap((each) => Ticked.tasksOf(each, itemsOf));
      ticked.set(keys, from >= 0 || ticked.state(keys) !== "all");
      if (from < 0) ticked.anchor = id;
      view.draw();
    },
    tickAll: () => {
      const keys = [...(state.matches?.keys ?? relations.shown)];
      ticked.set(keys, ticked.state(keys) !== "all");
      view.draw();
    },
    rerunGroup: (id) => {
      const failed = relations
        .membersOf(relations.group(id))
        .filter((key) => rows.get(key)?.status === FAILED);
      void requests.rerunFailed(failed);
    },
    cancelGroup: (id) => void requests.batch("cancel", -id),
    resumeGroup: (id) => void requests.batch("resume", -id),
    showFunction: (name) => view.showFunction(name),
  };
}

/**
 * @param {PanelView} view
 * @returns {import("./header.js").HeaderEvents}
 */
export function headerEvents(view) {
  const { connection, requests, state } = view;
  return {
    toggleStatus: (status) => state.toggleStatus(status),
    search: (query) => state.search(query),
    show: (name) => view.show(name),
    sort: (column) => state.sortBy(column),
    showFailuresFirst: (on) => showFailuresFirst(view, on),
    clearFinished: () => void requests.clearFinished(),
    exportAs: (format) => void requests.exportAs(format, state.matches ? [...state.matches.keys] : null),
    pause: (on) => connection.pause(on),
  };
}

/** @param {PanelView} view */
export function footerEvents(view) {
  return {
    rerunFailed: () => void view.requests.rerunFailed(failedKeys(view.state)),
    stop: () => view.requests.stopExport(),
    showFailuresFirst: (/** @type {boolean} */ on) => showFailuresFirst(view, on),
  };
}

/**
 * @param {PanelView} view
 * @returns {import("./bulk_bar.js").BulkEvents}
 */
export function bulkEvents(view) {
  return {
    rerun: (keys) => void view.requests.rerun(keys),
    cancel: (keys) => void view.requests.cancel(keys),
    exportTicked: (keys) => void view.requests.exportAs("json", keys),
    clearTicks: () => view.clearTicks(),
  };
}

/**
 * @param {PanelView} view
 * @returns {import("./detail/detail.js").DetailEvents}
 */
export function detailEvents(view) {
  const { connection, requests } = view;
  const key = () => view.detail.shownKey;
  return {
    close: () => view.closeDetail(),
    step: (by) => view.step(by),
    chooseAttempt: (attempt) => {
      view.detail.chooseAttempt(attempt);
      view.draw();
      void view.loader.load();
    },
    rerun: () => void requests.rerun([view.detail.key ?? 0]),
    cancel: () => void requests.cancel([view.detail.key ?? 0]),
    copyId: () => void requests.copy(view.detail.payload?.taskId ?? "", "Id copied"),
    copyMagic: () => void requests.copyMagic("copy", { key: key() }),
    copyTraceback: async () => {
      const answer = await requests.send("traceback", { key: key() });
      if (answer) await requests.copy(answer.text, "Traceback copied");
    },
    copyMagicText: (text) => void requests.copy(text, `Copied: ${text}`),
    fetchLocals: async (exception, frame) =>
      (await connection.request("locals", { key: key(), exception, frame })).locals,
    fetchBranch: (place, path, offset) => connection.request("branch", { key: key(), place, path, offset }),
    fetchOutput: async () => (await connection.request("output", { key: key() })).output,
  };
}

/**
 * @param {PanelView} view
 * @returns {import("./detail/batch_detail.js").BatchEvents}
 */
export function batchEvents(view) {
  const { rerunGroup, cancelGroup, resumeGroup } = listEvents(view);
  return {
    rerunGroup,
    cancelGroup,
    resumeGroup,
    copyBatch: (id) => void view.requests.copyMagic("copy_batch", { group: -id }),
    close: () => view.closeDetail(),
    step: (by) => view.step(by),
    fetchDetail: async (key) => (await view.connection.request("detail", { key })).detail,
  };
}

/**
 * @param {PanelView} view
 * @param {boolean} on
 */
function showFailuresFirst(view, on) {
  view.state.tree.failuresFirst = on;
  view.schedule();
}
