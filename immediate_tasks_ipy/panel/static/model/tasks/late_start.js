// A widget whose start took long: anywidget drops every later message to it, for good, if its module
// was not running within two seconds. A busy page, or one that reloads many widgets, is as slow as that.

/** @typedef {import("./connection.js").Model} Model */

/** Milliseconds without a first message after which the start is taken to have been too slow. */
const TOO_LONG = 3000;

export class LateStart {
  /** @param {Model} model whose `panel_id` is the id of its comm */
  constructor(model) {
    this.model = model;
    this.isHandled = false;
  }

  /**
   * Have messages delivered although anywidget drops them; once, and if the front end has what is
   * needed for that.
   *
   * @param {number} silence milliseconds since the start, without a message
   * @param {() => void} onRecovered
   */
  async check(silence, onRecovered) {
    if (this.isHandled || silence < TOO_LONG) return;
    this.isHandled = true;
    const widget = await this.model.widget_manager?.get_model?.(this.model.get("panel_id"));
    const handle = inheritedHandler(widget);
    if (handle === null || typeof widget.comm?.on_msg !== "function") return;
    // A comm has one handler: it takes the place of anywidget's, which waits for the start.
    widget.comm.on_msg((/** @type {unknown} */ message) => handle.call(widget, message));
    onRecovered();
  }
}

/**
 * The handler of messages that anywidget's model overrides.
 *
 * @param {any} widget
 * @returns {((message: unknown) => unknown) | null}
 */
function inheritedHandler(widget) {
  let found = 0;
  for (let type = widget && Object.getPrototypeOf(widget); type; type = Object.getPrototypeOf(type)) {
    if (Object.hasOwn(type, "_handle_comm_msg") && ++found === 2) return type._handle_comm_msg;
  }
  return null;
}
