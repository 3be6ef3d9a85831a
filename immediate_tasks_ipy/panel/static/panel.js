// What anywidget calls: one connection per model, and a view for each place it is shown in.

import { Connection } from "./connection.js";
import { notify } from "./notify.js";
import { View } from "./view.js";

/** @typedef {import("./connection.js").Model} Model */

/** The connection of each panel that is open in this page, by its id. */
const CONNECTIONS = /** @type {Map<string, Connection>} */ (new Map());

/** @param {{ model: Model }} context */
function initialize({ model }) {
  const id = model.get("panel_id");
  const connection = new Connection(model);
  CONNECTIONS.set(id, connection);
  connection.listen(({ ended }) => {
    if (ended) notify(ended, model.get("notify_after"), connection.name);
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
  const view = new View(connection, el);
  return () => view.destroy();
}

export default { initialize, render };
