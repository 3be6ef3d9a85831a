"""What the panel's benchmark runs in the page."""

from __future__ import annotations

#: Counts the frames of the kernel's WebSocket that carry rows; before any script of the page.
COUNT_MESSAGES = """
window.received = [];
const Socket = window.WebSocket;
window.WebSocket = class extends Socket {
  constructor(...args) {
    super(...args);
    this.addEventListener('message', ({ data }) => {
      const size = data.byteLength ?? data.size ?? data.length;
      const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
      const content = text.match(/"op": ?"(rows|snapshot|beat|answer)"/);
      if (!content) return;
      const at = text.match(/"base": ?([0-9.]+)/);
      const sent = at ? Number(at[1]) : 0;
      window.received.push({ op: content[1], size, at: performance.now(), sent });
    });
  }
};
"""

#: Notes each message of rows until the frame in which it is drawn, frames, and long tasks.
OBSERVE = """
() => {
  window.longTasks = [];
  window.frames_ = [];
  window.drawn = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.longTasks.push(entry.duration);
  }).observe({ entryTypes: ['longtask'] });
  let last = performance.now();
  const panel = document.querySelector('.itipy-panel');
  let waiting = [];
  window.flushed = (base) => waiting.push(base);
  new MutationObserver(() => {
    const now = performance.timeOrigin + performance.now();
    for (const { op, sent } of window.received.splice(0)) {
      window.all.push({ op, sent });
      if (op === 'rows') window.drawn.push(now - sent);
    }
  }).observe(panel, { subtree: true, childList: true, characterData: true, attributes: true });
  window.all = [];
  const frame = (now) => {
    window.frames_.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
"""

SCROLL = """
async (seconds) => {
  const lists = [...document.querySelectorAll('.itipy-grid, .itipy-scroll')];
  const list = lists.find((each) => each.clientHeight > 0);
  window.frames_.length = 0;
  window.longTasks.length = 0;
  const began = performance.now();
  let direction = 1;
  while (performance.now() - began < seconds * 1000) {
    await new Promise(requestAnimationFrame);
    list.scrollTop += direction * 700;
    if (list.scrollTop + list.clientHeight >= list.scrollHeight - 1) direction = -1;
    if (list.scrollTop === 0) direction = 1;
  }
  return {
    frames: window.frames_.slice(2),
    longTasks: window.longTasks.slice(),
    rows: list.querySelectorAll('[aria-selected]').length,
  };
}
"""

#: Types a text into the search box; the milliseconds from each key to the frame that shows it.
TYPE = """
async (text) => {
  const search = document.querySelector('.itipy-search input');
  const took = [];
  window.longTasks.length = 0;
  for (let length = 1; length <= text.length; length++) {
    const began = performance.now();
    search.value = text.slice(0, length);
    search.dispatchEvent(new InputEvent('input', { bubbles: true }));
    await new Promise(requestAnimationFrame);
    await new Promise((done) => setTimeout(done));
    took.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 120));
  }
  const longTasks = window.longTasks.slice();
  search.value = '';
  search.dispatchEvent(new InputEvent('input', { bubbles: true }));
  return { took, longTasks };
}
"""

#: As many plain elements as a table draws, in a page that does nothing but scroll them: what the
#: browser can do on this machine at this moment.
PLAIN = """
async (seconds) => {
  const list = document.createElement('div');
  list.style.cssText = 'height:400px;overflow:auto;position:relative;font:12px sans-serif';
  const body = document.createElement('div');
  body.style.cssText = 'position:relative;height:2800000px';
  const rows = Array.from({ length: 21 }, () => {
    const row = document.createElement('div');
    row.style.cssText = 'position:absolute;left:0;right:0;height:28px;display:flex;gap:8px';
    for (let cell = 0; cell < 7; cell++) row.append(document.createElement('span'));
    return row;
  });
  body.append(...rows);
  list.append(body);
  document.body.replaceChildren(list);
  const frames = [];
  const began = performance.now();
  let last = began;
  while (performance.now() - began < seconds * 1000) {
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
    list.scrollTop += 700;
    const first = Math.floor(list.scrollTop / 28);
    rows.forEach((row, offset) => {
      row.style.top = `${(first + offset) * 28}px`;
      for (const cell of row.children) cell.textContent = `cell ${first + offset}`;
    });
  }
  return frames.slice(2);
}
"""
