// What the buttons do: each asks the kernel, and each answers.

import { h } from "./elements.js";

/** @typedef {import("./connection.js").Connection} Connection */
/** @typedef {import("./connection.js").Answer} Answer */
/** @typedef {import("./feedback.js").Feedback} Feedback */

export class Deeds {
  /**
   * @param {Connection} connection
   * @param {Feedback} feedback
   */
  constructor(connection, feedback) {
    this.connection = connection;
    this.feedback = feedback;
  }

  /** @param {number | null} key */
  rerun(key) {
    return this.ask("rerun", { keys: [key] });
  }

  /** @param {number[]} keys failed tasks */
  async rerunAll(keys) {
    if (keys.length > 0) await this.ask("rerun", { keys });
    else this.feedback.complain("None of the failed tasks is shown: clear the filters first.");
  }

  /** @param {number | null} key */
  cancel(key) {
    return this.ask("cancel", { key });
  }

  clear() {
    return this.ask("clear");
  }

  /**
   * @param {"json" | "csv"} format
   * @param {number[] | null} keys null for all tasks
   */
  async exportAs(format, keys) {
    const answer = await this.ask("export", { format, keys });
    if (!answer) return;
    const url = URL.createObjectURL(new Blob([answer.text], { type: answer.mime }));
    h("a", { href: url, download: answer.file }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  /** @param {number | null} key */
  async copyMagic(key) {
    const answer = await this.ask("copy", { key });
    if (answer) await this.copy(answer.text, `Copied: ${answer.text}`);
  }

  /**
   * @param {string} text
   * @param {string} done what to say then
   */
  async copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
      this.feedback.reply(done);
    } catch {
      this.feedback.complain(`The browser does not allow copying. The text is: ${text}`);
    }
  }

  /**
   * Ask the kernel, and say what came of it.
   *
   * @param {string} op
   * @param {Record<string, unknown>} [fields]
   * @returns {Promise<Answer | null>} null if it was not done
   */
  async ask(op, fields = {}) {
    this.feedback.dismiss();
    try {
      const answer = await this.feedback.patiently(this.connection.ask(op, fields));
      if (answer.say) this.feedback.reply(answer.say);
      return answer;
    } catch (error) {
      this.feedback.complain(error);
      return null;
    }
  }
}
