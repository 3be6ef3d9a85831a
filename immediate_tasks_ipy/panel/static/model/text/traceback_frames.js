// Tracebacks as data: attempts, exceptions, frames, and groups of library frames.

/**
 * @typedef {object} Frame
 * @property {string} label
 * @property {number} line
 * @property {string} function
 * @property {boolean} library
 * @property {number} repeated
 * @property {[number, string, boolean][]} source line number, text, whether it raised
 */
/** @typedef {{ joinedBy: string, exception: string, message: string, frames: Frame[] }} Segment */
/** @typedef {{ exception: string, segments: Segment[] }} Attempt */

/**
 * Frames in order, with adjacent library frames collected into one group.
 *
 * @param {Frame[]} frames
 * @returns {(Frame | Frame[])[]}
 */
export function groupFrames(frames) {
  /** @type {(Frame | Frame[])[]} */
  const groups = [];
  for (const frame of frames) {
    const last = groups.at(-1);
    if (!frame.library) groups.push(frame);
    else if (Array.isArray(last)) last.push(frame);
    else groups.push([frame]);
  }
  return groups;
}
