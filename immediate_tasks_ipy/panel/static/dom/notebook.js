// The notebook around the panel, as far as a page lets a widget see it: JupyterLab and Notebook 7.

/** Milliseconds that a line of a cell stays marked. */
const MARK_DURATION = 2000;

/** @typedef {{ commands: { execute(id: string, args?: object): Promise<unknown> } }} JupyterApp */

/**
 * The cell with an execution count, in the notebook that an element stands in.
 *
 * @param {Element} element
 * @param {number} number
 * @param {number} line from 1
 * @param {string} text what stood in that line
 * @returns {{ cell: HTMLElement | null, reason: string }}
 */
export function findCell(element, number, line, text) {
  const notebook = element.closest(".jp-Notebook");
  if (!notebook) return { cell: null, reason: "The cell is not on this page" };
  const cells = [.../** @type {NodeListOf<HTMLElement>} */ (notebook.querySelectorAll(".jp-CodeCell"))];
  const cell = cells.find(
    (each) => each.querySelector(".jp-InputPrompt")?.textContent?.trim() === `[${number}]:`,
  );
  if (!cell) return { cell: null, reason: "The cell was deleted" };
  const present = lineOf(cell, line)?.textContent ?? "";
  const isSame = !text || present.trim() === text.trim();
  return isSame ? { cell, reason: "" } : { cell: null, reason: "The cell changed since" };
}

/**
 * Scroll to a line of a cell, mark it, and focus its editor.
 *
 * @param {HTMLElement} cell
 * @param {number} line from 1
 */
export function goToCell(cell, line) {
  const element = lineOf(cell, line) ?? cell;
  element.scrollIntoView({ block: "center" });
  /** @type {HTMLElement | null} */ (cell.querySelector(".cm-content"))?.focus();
  const marked = lineOf(cell, line);
  if (!marked) return;
  const range = document.createRange();
  range.selectNodeContents(marked);
  getSelection()?.removeAllRanges();
  getSelection()?.addRange(range);
  marked.animate([{ background: "Highlight" }, {}], { duration: MARK_DURATION });
}

/**
 * @param {Element} cell
 * @param {number} line
 */
function lineOf(cell, line) {
  return cell.querySelectorAll(".cm-line")[line - 1];
}

/** @returns {JupyterApp | undefined} the application, where it is exposed to the page */
function application() {
  return /** @type {{ jupyterapp?: JupyterApp }} */ (/** @type {unknown} */ (window)).jupyterapp;
}

/** Can a magic be put into a new cell and run? */
export function canRunMagics() {
  return application() !== undefined;
}

/**
 * Insert a cell below with a magic, and run it.
 *
 * @param {string} magic
 */
export async function runMagic(magic) {
  const app = application();
  await app?.commands.execute("notebook:insert-cell-below");
  await app?.commands.execute("notebook:replace-selection", { text: magic });
  await app?.commands.execute("notebook:run-cell");
}
