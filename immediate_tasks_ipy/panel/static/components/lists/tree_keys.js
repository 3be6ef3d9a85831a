// The keys of a tree: Right and Left open and close, or move to a child or the parent; `*` opens all.

/** @typedef {import("../../model/list/list_state.js").ListProps} ListProps */
/** @typedef {import("../../model/list/list_state.js").ListEvents} ListEvents */

/**
 * @param {string} key a `KeyboardEvent.key`
 * @param {number} index of the focused line
 * @param {ListProps} props
 * @param {ListEvents} events
 * @returns {number | null} the index to move to, -1 to stay where something was opened or closed;
 *   null for other keys
 */
export function moveInTree(key, index, { ids, places, tree }, events) {
  const id = ids[index];
  if (id === undefined) return null;
  const level = places?.get(id)?.level ?? 1;
  if (key === "ArrowRight") {
    if (!tree.isExpandable(id)) return -1;
    if (tree.isOpen(id)) return tree.childrenOf(id).length > 0 ? index + 1 : -1;
    events.toggleOpen(id);
    return -1;
  }
  if (key === "ArrowLeft") {
    if (tree.isExpandable(id) && tree.isOpen(id)) events.toggleOpen(id);
    else if (level > 1) return ids.lastIndexOf(tree.parentOf(id), index);
    return -1;
  }
  if (key === "*") {
    const parent = tree.parentOf(id);
    const siblings = ids.filter((other) => tree.parentOf(other) === parent);
    events.setOpen(siblings, true);
    return -1;
  }
  return null;
}
