import assert from "node:assert/strict";
import test from "node:test";

import { Order } from "../../../immediate_tasks_ipy/panel/static/model/tasks/order.js";

test("ids are in order however they come and go", () => {
  let seed = 11;
  const random = (/** @type {number} */ below) => (seed = (seed * 48271) % 2147483647) % below;
  const there = new Set();
  const order = new Order((id) => there.has(id), (id) => id);
  let last = 1000;
  for (let round = 0; round < 200; round++) {
    for (let count = random(5); count > 0; count--) {
      const id = round % 7 === 3 ? 1000 - round * 5 - count : ++last;
      there.add(id);
      order.add(id);
    }
    const sorted = [...there].sort((a, b) => a - b);
    for (const id of round % 3 === 0 ? sorted.filter(() => random(9) === 0) : sorted.slice(0, random(3))) {
      there.delete(id);
      order.removed++;
    }
    if (random(2) === 0) assert.deepEqual(order.ids(), [...there].sort((a, b) => a - b));
  }
});
