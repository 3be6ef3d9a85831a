// A JSON value as an expandable tree, whose branches are fetched page by page.

import { h, setAttribute, setText } from "../../dom/elements.js";
import { countText, plural } from "../../model/text/format.js";

/**
 * @typedef {object} TreeNode
 * @property {string} label
 * @property {"object" | "array" | "string" | "number" | "bool" | "null" | "block"} type
 * @property {string} text preview of the value
 * @property {number} [size] number of children
 * @property {TreeNode[]} [children] the first page, if it was sent along
 * @property {string} [note] what normalisation to JSON changed
 */
/** @typedef {(path: number[], offset: number) => Promise<{ children: TreeNode[], size: number }>} FetchPage */

const INDENT = 14;

export class Tree {
  /**
   * @param {string} name
   * @param {TreeNode} root
   * @param {FetchPage} fetchPage
   * @param {boolean} hideRoot show the root's children as the first level
   */
  constructor(name, root, fetchPage, hideRoot) {
    this.fetchPage = fetchPage;
    this.element = h("div", { role: "tree", class: "itipy-tree", "aria-label": name });
    if (hideRoot) {
      const top = new Branch(this, null, root, [], 0);
      top.addChildren(root.children ?? []);
      this.element.append(...top.items());
      top.group = this.element;
    } else {
      const top = new Branch(this, null, root, [], 1);
      this.element.append(top.item, top.group);
      if (root.children) top.open(root.children);
    }
    this.element.querySelector("[role=treeitem]")?.setAttribute("tabindex", "0");
  }

  /** The items that are not in a collapsed branch, from top to bottom. */
  get visibleItems() {
    const items = [
      .../** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("[role=treeitem]")),
    ];
    return items.filter((item) => !item.closest("[hidden]"));
  }

  /** @param {HTMLElement} item */
  focus(item) {
    for (const other of this.element.querySelectorAll("[role=treeitem][tabindex='0']")) {
      other.setAttribute("tabindex", "-1");
    }
    item.setAttribute("tabindex", "0");
    item.focus();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean} whether the key was handled
   */
  keydown(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.getAttribute("role") !== "treeitem" || !this.element.contains(target)) return false;
    const items = this.visibleItems;
    const at = items.indexOf(target);
    const branch = BRANCHES.get(target);
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp": {
        const next = items[at + (event.key === "ArrowDown" ? 1 : -1)];
        if (next) this.focus(next);
        return true;
      }
      case "Home":
      case "End": {
        const edge = items.at(event.key === "Home" ? 0 : -1);
        if (edge) this.focus(edge);
        return true;
      }
      case "ArrowRight":
        if (branch?.isOpen && items[at + 1]) this.focus(/** @type {HTMLElement} */ (items[at + 1]));
        else branch?.toggle(true);
        return true;
      case "ArrowLeft":
        if (branch?.isOpen) branch.toggle(false);
        else if (branch?.parent && branch.parent.item.isConnected) this.focus(branch.parent.item);
        return true;
      case "Enter":
      case " ":
        target.click();
        return true;
      default:
        return false;
    }
  }
}

/** The branch of each item. @type {WeakMap<Element, Branch>} */
const BRANCHES = new WeakMap();

/** An item of the tree, and the group of its children. */
class Branch {
  /**
   * @param {Tree} tree
   * @param {Branch | null} parent
   * @param {TreeNode} node
   * @param {number[]} path
   * @param {number} level
   */
  constructor(tree, parent, node, path, level) {
    this.tree = tree;
    this.parent = parent;
    this.node = node;
    this.path = path;
    this.level = level;
    this.isOpen = false;
    this.loaded = 0;
    this.size = node.size ?? 0;
    /** @type {HTMLElement[]} */
    this.children = [];
    this.marker = h("span", { class: "itipy-tw", "aria-hidden": true }, this.size > 0 ? "▸" : "");
    this.value = h("span", { class: node.type === "block" ? "itipy-block" : "itipy-v" }, node.text);
    this.item = h(
      "div",
      {
        role: "treeitem",
        class: "itipy-ti",
        "aria-level": Math.max(1, level),
        "aria-expanded": this.size > 0 ? false : null,
        tabindex: -1,
        style: `padding-left:${Math.max(0, level - 1) * INDENT}px`,
        onclick: () => {
          tree.focus(this.item);
          this.toggle();
        },
      },
      this.marker,
      node.label ? h("span", { class: "itipy-k" }, `${node.label}: `) : null,
      this.value,
      this.size > 0 ? h("span", { class: "itipy-cnt" }, sizeText(node)) : null,
      node.note ? h("span", { class: "itipy-note", title: node.note }, node.note) : null,
    );
    /** @type {HTMLElement} */
    this.group = h("div", { role: "group", hidden: true });
    BRANCHES.set(this.item, this);
  }

  /** @param {boolean} [on] */
  toggle(on = !this.isOpen) {
    if (this.size === 0 || on === this.isOpen) return;
    if (!on) this.close();
    else if (this.loaded > 0) this.show();
    else void this.loadMore();
  }

  /** @param {TreeNode[]} children the next page */
  open(children) {
    this.addChildren(children);
    this.group.replaceChildren(...this.items());
    this.show();
  }

  show() {
    this.isOpen = true;
    this.group.hidden = false;
    setAttribute(this.item, "aria-expanded", true);
    setText(this.marker, "▾");
    if (this.node.type !== "string") setText(this.value, this.node.type === "object" ? "{}" : "[]");
  }

  close() {
    this.isOpen = false;
    this.group.hidden = true;
    setAttribute(this.item, "aria-expanded", false);
    setText(this.marker, "▸");
    setText(this.value, this.node.text);
  }

  /** Fetch the next page of children. */
  async loadMore() {
    setText(this.marker, "…");
    try {
      const { children } = await this.tree.fetchPage(this.path, this.loaded);
      const before = this.loaded;
      this.open(children);
      const next = this.children[before * 2];
      if (before > 0 && next) this.tree.focus(next);
    } catch (error) {
      setText(this.marker, "▸");
      this.group.replaceChildren(
        h("p", { class: "itipy-none" }, String(error instanceof Error ? error.message : error)),
      );
      this.group.hidden = false;
    }
  }

  /** @param {TreeNode[]} children the next page */
  addChildren(children) {
    for (const child of children) {
      const branch = new Branch(this.tree, this, child, [...this.path, this.loaded], this.level + 1);
      this.children.push(branch.item, branch.group);
      this.loaded++;
    }
  }

  /** The children's elements, followed by an item that fetches the next page, if there is one. */
  items() {
    const remaining = this.size - this.loaded;
    if (remaining <= 0) return this.children;
    const more = h(
      "div",
      {
        role: "treeitem",
        class: "itipy-ti itipy-moreitems",
        "aria-level": this.level + 1,
        tabindex: -1,
        style: `padding-left:${this.level * INDENT}px`,
        onclick: () => void this.loadMore(),
      },
      h("span", { class: "itipy-tw", "aria-hidden": true }),
      `Show more, ${countText(remaining)} left`,
    );
    return [...this.children, more];
  }
}

/** @param {TreeNode} node */
function sizeText(node) {
  const size = node.size ?? 0;
  if (node.type === "string") return plural(size, "block");
  return plural(size, node.type === "object" ? "key" : "item");
}
