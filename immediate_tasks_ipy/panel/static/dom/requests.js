// Requests to the kernel behind the panel's buttons, with their outcome shown to the user.

import { countText, plural } from "../model/text/format.js";
import { h } from "./elements.js";

/** @typedef {import("../model/tasks/connection.js").Connection} Connection */
/** @typedef {import("../model/tasks/connection.js").Answer} Answer */
/** @typedef {import("./feedback.js").Feedback} Feedback */

/** Milliseconds until an exported file's memory is released. */
const DOWNLOAD_TIMEOUT = 60_000;

/** Each method shows a message or an error, and never rejects. */
export class TaskRequests {
  /**
   * @param {Connection} connection
   * @param {Feedback} feedback
   */
  constructor(connection, feedback) {
    this.connection = connection;
    this.feedback = feedback;
    /** The id of the export that is being made. */
    this.exportRequest = /** @type {string | null} */ (null);
    /** Is a re-run being answered? */
    this.isRerunning = false;
  }

  /**
   * Re-run tasks; ignored until the request before is answered, as by a key that is held down.
   *
   * @param {number[]} keys
   */
  async rerun(keys) {
    if (this.isRerunning) return;
    this.isRerunning = true;
    await this.send("rerun", { keys });
    this.isRerunning = false;
  }

  /**
   * Re-run failures. Those that were run again since, as by the first of two clicks, are left out.
   *
   * @param {number[]} keys
   */
  async rerunFailed(keys) {
    if (keys.length > 0) await this.send("rerun_failed", { keys });
    else this.feedback.showError("None of the failed tasks is shown: clear the filters first.");
  }

  /** @param {number[]} keys */
  cancel(keys) {
    return this.send("cancel", { keys });
  }

  /**
   * Do something with a whole batch, what was not yet enqueued included.
   *
   * @param {"cancel" | "resume"} action
   * @param {number} group
   */
  batch(action, group) {
    return this.send("batch", { action, group });
  }

  clearFinished() {
    return this.send("clear");
  }

  /**
   * @param {"json" | "csv"} format
   * @param {number[] | null} keys null for all tasks
   */
  async exportAs(format, keys) {
    const packed = "DecompressionStream" in window;
    const answer = await this.send("export", { format, keys, packed }, (done, total, request) => {
      this.exportRequest = request;
      this.feedback.showProgress(`Exporting ${countText(done)} of ${plural(total, "task")}…`, total > 0);
    });
    this.exportRequest = null;
    this.feedback.endProgress();
    if (!answer || answer.stopped) return;
    const content = answer.packed ? await unpacked(answer.text) : answer.text;
    const url = URL.createObjectURL(new Blob([content], { type: answer.mime }));
    h("a", { href: url, download: answer.file }).click();
    setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_TIMEOUT);
  }

  /** Give up the export that is being made. */
  stopExport() {
    if (this.exportRequest === null) return;
    this.connection.stopRequest(this.exportRequest);
    this.feedback.showMessage("Export cancelled");
  }

  /**
   * Copy the magic that enqueues a task or a batch.
   *
   * @param {"copy" | "copy_batch"} op
   * @param {{ key: number | null } | { group: number }} fields
   */
  async copyMagic(op, fields) {
    const answer = await this.send(op, fields);
    if (answer) await this.copy(answer.text, `Copied: ${answer.text}`);
  }

  /**
   * Copy a text to the clipboard.
   *
   * @param {string} text
   * @param {string} message shown on success
   */
  async copy(text, message) {
    try {
      await navigator.clipboard.writeText(text);
      this.feedback.showMessage(message);
    } catch {
      this.feedback.showError(`The browser does not allow copying. The text is: ${text}`);
    }
  }

  /**
   * @param {string} op
   * @param {Record<string, unknown>} [fields]
   * @param {import("../model/tasks/connection.js").OnProgress} [onProgress]
   * @returns {Promise<Answer | null>} null if the request was refused
   */
  async send(op, fields = {}, onProgress) {
    this.feedback.dismiss();
    try {
      const request = this.connection.request(op, fields, onProgress);
      const answer = await this.feedback.withBusyNotice(request);
      if (answer.say) this.feedback.showMessage(answer.say);
      return answer;
    } catch (error) {
      this.feedback.showError(error);
      return null;
    }
  }
}

/**
 * @param {string} text base64 of what zlib has compressed
 * @returns {Promise<Blob>}
 */
function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).blob();
}
