// The detail: all about one task, asked for when its row is opened.

import { h, icon, setAttribute, setText } from "./elements.js";
import { stages, statusLine, stepElement } from "./lifecycle.js";
import { callText, STATUS_NAMES, SUCCESSFUL } from "./rows.js";
import { clockText, dateText, plural } from "./text.js";
import { tracebackElements } from "./traceback.js";
import { Tree } from "./tree.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./tree.js").Node} Node */
/** @typedef {"Result" | "Arguments" | "Traceback" | "Output" | "Details"} Tab */

/**
 * @typedef {object} DetailPayload see detail.py
 * @property {string} call
 * @property {string} taskId
 * @property {string} status
 * @property {[state: string, time: number][]} lifecycle
 * @property {Node} args
 * @property {Node} [result]
 * @property {import("./traceback.js").Attempt[]} attempts
 * @property {string} output
 * @property {number} outputSize
 * @property {[place: string, path: string, change: string][]} changes
 * @property {[label: string, value: string | number][]} facts
 * @property {string} note
 * @property {string} uncancellable
 */

/**
 * @typedef {object} DetailEvents
 * @property {() => void} close
 * @property {() => void} rerun
 * @property {() => void} cancel
 * @property {() => void} copyId
 * @property {() => void} copyMagic
 * @property {(place: string, path: number[], offset: number) => Promise<any>} branch
 * @property {() => Promise<string>} wholeOutput
 */

/** @type {Tab[]} */
const TABS = ["Result", "Arguments", "Traceback", "Output", "Details"];
const CANCEL_LATE = "The task has finished";

export class Detail {
  /**
   * @param {DetailEvents} events
   * @param {string} prefix for ids
   */
  constructor(events, prefix) {
    this.events = events;
    /** The task that is shown. */
    this.key = /** @type {number | null} */ (null);
    /** @type {DetailPayload | null} */
    this.payload = null;
    /** The tab that was chosen by hand, kept from task to task where it is not empty. */
    this.chosen = /** @type {Tab | null} */ (null);
    /** @type {Tree[]} */
    this.trees = [];
    /** Was this task's payload drawn before? */
    this.filled = false;
    /** What the lifecycle shows, to draw it only when that changes. */
    this.face = "";
    this.call = h("span", { class: "itipy-code itipy-dcall" });
    this.line = h("span");
    this.status = h("span", { class: "itipy-dline" }, this.line);
    this.noted = h("p", { class: "itipy-dnote", hidden: true });
    this.lifecycle = h("ol", { class: "itipy-life", "aria-label": "Lifecycle" });
    this.tabs = TABS.map((name) =>
      h(
        "button",
        {
          type: "button",
          role: "tab",
          id: `${prefix}-tab-${name}`,
          "aria-controls": `${prefix}-panel-${name}`,
          onclick: () => this.choose(name),
        },
        name,
      ),
    );
    this.panels = TABS.map((name) =>
      h("div", {
        role: "tabpanel",
        class: "itipy-tabpanel",
        id: `${prefix}-panel-${name}`,
        "aria-labelledby": `${prefix}-tab-${name}`,
        tabindex: 0,
      }),
    );
    const button = (/** @type {string} */ text, /** @type {() => void} */ act) =>
      h("button", { type: "button", class: "itipy-btn", onclick: act }, text);
    this.rerun = button("Re-run", events.rerun);
    this.cancel = button("Cancel", events.cancel);
    this.copyMagic = button("Copy as magic", events.copyMagic);
    this.copyId = button("Copy id", events.copyId);
    this.element = h(
      "section",
      { class: "itipy-detail", "aria-label": "Task details", hidden: true },
      h(
        "header",
        { class: "itipy-dhead" },
        h("div", { class: "itipy-dtitle" }, this.call, this.status),
        h(
          "button",
          {
            type: "button",
            class: "itipy-btn itipy-iconbtn",
            "aria-label": "Close task details",
            onclick: events.close,
          },
          icon("close"),
        ),
      ),
      this.lifecycle,
      this.noted,
      h("div", { class: "itipy-tabs", role: "tablist", "aria-label": "Task details" }, ...this.tabs),
      ...this.panels,
      h("footer", { class: "itipy-dfoot" }, this.rerun, this.cancel, this.copyMagic, this.copyId),
    );
    this.select("Result");
  }

  /** The tab in view. */
  get tab() {
    return TABS[this.tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true")] ?? "Result";
  }

  /** @param {Tab} name */
  choose(name) {
    this.chosen = name;
    this.select(name);
  }

  /** @param {Tab} name */
  select(name) {
    TABS.forEach((each, index) => {
      const tab = /** @type {HTMLElement} */ (this.tabs[index]);
      setAttribute(tab, "aria-selected", each === name);
      setAttribute(tab, "tabindex", each === name ? 0 : -1);
      /** @type {HTMLElement} */ (this.panels[index]).hidden = each !== name;
    });
  }

  /** @param {number | null} key */
  show(key) {
    this.element.hidden = key === null;
    if (key === this.key) return;
    this.key = key;
    this.payload = null;
    this.filled = false;
    this.face = "";
    this.trees = [];
    for (const panel of this.panels) panel.replaceChildren(h("p", { class: "itipy-none" }, "Loading…"));
  }

  /**
   * Draw what the row tells, at every tick.
   *
   * @param {Row} row
   * @param {number} now
   * @param {boolean} connected
   */
  drawRow(row, now, connected) {
    const name = STATUS_NAMES[row.status] ?? "ready";
    const call = this.payload?.call ?? callText(row);
    setText(this.call, call);
    setAttribute(this.call, "title", call);
    if (this.status.dataset.status !== name) {
      this.status.dataset.status = name;
      this.status.className = `itipy-dline itipy-is-${name}`;
      this.status.replaceChildren(icon(name), this.line);
    }
    setText(this.line, statusLine(row, now, connected));
    this.drawLifecycle(row, now, connected);
    const finished = row.finished !== null || row.status >= SUCCESSFUL;
    const why = finished ? CANCEL_LATE : (this.payload?.uncancellable ?? "");
    const lost = connected ? "" : "The kernel is disconnected: run %tasks again";
    able(this.rerun, lost);
    able(this.cancel, lost || why);
    able(this.copyMagic, lost);
  }

  /**
   * @param {Row} row
   * @param {number} now
   * @param {boolean} connected
   */
  drawLifecycle(row, now, connected) {
    const steps = stages(row, this.payload?.lifecycle ?? null, now, connected);
    const face = JSON.stringify(steps);
    if (face === this.face) return;
    this.face = face;
    this.lifecycle.classList.toggle("itipy-longlife", steps.length > 5);
    this.lifecycle.replaceChildren(...steps.map(stepElement));
  }

  /** @param {DetailPayload} payload */
  fill(payload) {
    const focused = this.panels.findIndex((panel) => panel.contains(document.activeElement));
    this.payload = payload;
    this.face = "";
    setText(this.noted, payload.note);
    this.noted.hidden = !payload.note;
    this.trees = [];
    const contents = {
      Result: this.resultElements(payload),
      Arguments: this.argumentElements(payload),
      Traceback: tracebackElements(payload.attempts),
      Output: this.outputElements(payload),
      Details: [factsElement(payload)],
    };
    TABS.forEach((name, index) => this.panels[index]?.replaceChildren(...contents[name]));
    const failed = payload.status === "FAILED";
    const empty = failed ? "Result" : "Traceback";
    if (this.chosen === null || (this.chosen === empty && !this.filled)) {
      this.select(failed ? "Traceback" : "Result");
    }
    this.filled = true;
    if (focused >= 0 && !this.panels[focused]?.contains(document.activeElement))
      this.panels[focused]?.focus();
  }

  /** @param {string} reason */
  fail(reason) {
    if (this.payload) return;
    for (const panel of this.panels) panel.replaceChildren(h("p", { class: "itipy-none" }, reason));
  }

  /** @param {DetailPayload} payload */
  resultElements(payload) {
    if (!payload.result) {
      const why = payload.status === "FAILED" ? "No result: the task failed." : "No result yet.";
      return [h("p", { class: "itipy-none" }, why)];
    }
    return [this.tree("Result", payload.result, "return_value", false), ...changeElements(payload, "result")];
  }

  /** @param {DetailPayload} payload */
  argumentElements(payload) {
    if (!payload.args.size) return [h("p", { class: "itipy-none" }, "No arguments.")];
    return [this.tree("Arguments", payload.args, "args", true), ...changeElements(payload, "arguments")];
  }

  /** @param {DetailPayload} payload */
  outputElements(payload) {
    if (!payload.output) return [h("p", { class: "itipy-none" }, "No output.")];
    const text = h("pre", { class: "itipy-pre itipy-output" }, payload.output);
    const cut = payload.outputSize - payload.output.length;
    if (cut <= 0) return [text];
    const more = h(
      "button",
      {
        type: "button",
        class: "itipy-btn itipy-inline",
        onclick: async () => {
          try {
            setText(text, await this.events.wholeOutput());
            more.remove();
          } catch (error) {
            setText(more, String(error instanceof Error ? error.message : error));
          }
        },
      },
      `Show ${plural(cut, "earlier character")}`,
    );
    return [more, text];
  }

  /**
   * @param {string} name
   * @param {Node} root
   * @param {string} place
   * @param {boolean} rootless
   */
  tree(name, root, place, rootless) {
    const tree = new Tree(name, root, (path, offset) => this.events.branch(place, path, offset), rootless);
    this.trees.push(tree);
    return tree.element;
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} true if the key was for the detail
   */
  keydown(event) {
    const target = /** @type {HTMLButtonElement} */ (event.target);
    if (this.trees.some((tree) => tree.keydown(event))) return true;
    const at = this.tabs.indexOf(target);
    if (at < 0) return false;
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: TABS.length - 1 };
    if (!(event.key in moves)) return false;
    const to = (moves[/** @type {keyof typeof moves} */ (event.key)] + TABS.length) % TABS.length;
    this.choose(/** @type {Tab} */ (TABS[to]));
    this.tabs[to]?.focus();
    return true;
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} why it can't be used; empty if it can
 */
function able(button, why) {
  if (button.disabled !== (why !== "")) button.disabled = why !== "";
  setAttribute(button, "title", why || null);
}

/**
 * @param {DetailPayload} payload
 * @param {string} place
 */
function changeElements({ changes }, place) {
  const here = changes.filter(([where]) => where === place);
  if (here.length === 0) return [];
  return [
    h("p", { class: "itipy-changehead" }, "Changed by JSON"),
    h(
      "ul",
      { class: "itipy-changes" },
      ...here.map(([, path, change]) =>
        h("li", {}, path ? h("span", { class: "itipy-code" }, `${path} `) : null, change),
      ),
    ),
  ];
}

/** @param {DetailPayload} payload */
function factsElement({ facts }) {
  const shown = facts.flatMap(([label, value]) => [
    h("dt", {}, label),
    typeof value === "number"
      ? h("dd", { title: dateText(value) }, clockText(value, true))
      : h(
          "dd",
          {},
          label === "Id" || label === "Task" || label === "Worker"
            ? h("span", { class: "itipy-code" }, value)
            : value,
        ),
  ]);
  return h("dl", { class: "itipy-kv" }, ...shown);
}
