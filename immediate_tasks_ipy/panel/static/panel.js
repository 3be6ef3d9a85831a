// The module that anywidget loads: one connection per model, one view per place it is displayed.

import { PanelView } from "./components/view.js";
import { notify } from "./dom/notifications.js";
import { Connection } from "./model/tasks/connection.js";

/** @typedef {import("./model/tasks/connection.js").Model} Model */

/** The connection of each open panel of this page, by panel id. */
const CONNECTIONS = /** @type {Map<string, Connection>} */ (new Map());

/** @param {{ model: Model }} context */
function initialize({ model }) {
  const id = model.get("panel_id");
  const connection = new Connection(model);
  CONNECTIONS.set(id, connection);
  connection.listen(({ finished }) => {
    if (finished) notify(finished, model.get("notify_after"), connection.name);
  });
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
  const view = new PanelView(connection, el);
  return () => view.destroy();
}

export default { initialize, render };
