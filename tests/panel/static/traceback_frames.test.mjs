import assert from "node:assert/strict";
import test from "node:test";

import { groupFrames } from "../../../immediate_tasks_ipy/panel/static/model/text/traceback_frames.js";

test("adjacent library frames are one group", () => {
  const frame = (label, library) => ({ label, library });
  const [own, first, second, other] = [frame("Cell [7]", false), frame("a.py", true), frame("b.py", true), frame("Cell [8]", false)];
  assert.deepEqual(groupFrames([own, first, second, other, first]), [own, [first, second], other, [first]]);
});
