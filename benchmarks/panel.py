"""The panel in a real browser: messages, bytes, flush to DOM, frames and long tasks.

Needs JupyterLab and Chromium, as the tests in `tests/browser` do:

    python benchmarks/panel.py

What arrives is counted in the page, on the kernel's WebSocket; long tasks and
frames are those that the browser reports.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.jupyter_server import jupyter_server
from tests.browser.notebook_page import Notebook
from tests.services import chromium

TASKS = 10_000
MANY = 100_000
#: READY, RUNNING, SUCCESSFUL.
TRANSITIONS = 3
#: In milliseconds.
SECOND = 1000

SETUP = """
%load_ext immediate_tasks_ipy
import asyncio, json, threading, time
import immediate_tasks_ipy
from immediate_tasks_ipy.tasks import task, default_task_backend

@task
def noop(n):
    return n

@task
async def nap(n):
    await asyncio.sleep(0.05)
    return n

def timed(run):
    began = time.perf_counter()
    run()
    return time.perf_counter() - began

async def many(count, at_once):
    free = asyncio.Semaphore(at_once)
    async def one(n):
        async with free:
            await nap.aenqueue(n)
    await asyncio.gather(*map(one, range(count)))
"""

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


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def line(name, value, goal=""):
    print(f"{name:<62}{value:>24}  {goal}", flush=True)


def printed(notebook, source):
    """Run a cell that prints JSON; return that."""
    index = notebook.add(source)
    return json.loads(notebook.run(index).locator("pre").first.inner_text())


def wait_rows(notebook, count):
    notebook.page.wait_for_function(
        "(count) => document.querySelector('.itipy-panel [role=grid]')"
        ".getAttribute('aria-rowcount') === String(count + 1)",
        arg=count,
        timeout=120_000,
    )
    if count:
        notebook.page.wait_for_function(
            "() => document.querySelector('.itipy-updated').textContent.startsWith('Updated')"
        )


def take_received(page):
    return page.evaluate("() => window.received.splice(0)")


def transport(notebook):
    """Messages and bytes while thousands of tasks run, at once and a few at a time."""
    few = TASKS // 4
    at_once = f"t = timed(lambda: [noop.enqueue(n) for n in range({TASKS})])"
    in_turn = f"began = time.perf_counter()\nawait many({few}, 32)\nt = time.perf_counter() - began"
    measure_transport(notebook, "sync no-ops", at_once, TASKS)
    measure_transport(notebook, "async, 32 at a time, 50 ms each", in_turn, few)


def measure_transport(notebook, name, source, count):
    page = notebook.page
    notebook.run(notebook.add("immediate_tasks_ipy.history.clear(); None"))
    wait_rows(notebook, 0)
    take_received(page)
    seconds = printed(notebook, f"{source}\nprint(json.dumps(t))")
    wait_rows(notebook, count)
    messages = [each for each in take_received(page) if each["op"] == "rows"]
    span = max(messages[-1]["sent"] - messages[0]["sent"], 1) / 1000
    size = sum(each["size"] for each in messages)
    gaps = [b["sent"] - a["sent"] for a, b in pairwise(messages)]
    busiest = max(
        sum(1 for other in messages if 0 <= other["sent"] - each["sent"] < SECOND)
        for each in messages
    )
    line(f"{name}: {count:,} tasks took", f"{seconds:.2f} s")
    line(f"{name}: messages of rows, in all", f"{len(messages)} in {span:.2f} s")
    line(f"{name}: messages in the busiest second", str(busiest), "at most 20")
    line(f"{name}: bytes a transition", f"{size / (count * TRANSITIONS):.1f}", "at most 64")
    if gaps:
        line(f"{name}: between two messages, median", f"{statistics.median(gaps):.0f} ms")


def observer_cost(notebook):
    """What an open panel adds to a task: processor time, the feed's thread included."""
    cost = printed(
        notebook,
        """
import statistics
history = immediate_tasks_ipy.history
observers, with_panel, without = history._observers, [], []
def round():
    began = time.process_time()
    for n in range(5000):
        noop.enqueue(n)
    return (time.process_time() - began) / 5000 * 1e6
for _ in range(7):
    history._observers = ()
    without.append(round())
    history._observers = observers
    with_panel.append(round())
    time.sleep(0.5)
print(json.dumps([statistics.median(without), statistics.median(with_panel)]))
""",
    )
    line("a task with the history, no panel", f"{cost[0]:.2f} µs")
    line("a task with a panel open", f"{cost[1]:.2f} µs", "at most 2 more")


def flush_to_dom(notebook):
    """From the kernel's flush to the change of the DOM, one task every 150 ms."""
    page = notebook.page
    notebook.run(notebook.add("immediate_tasks_ipy.history.clear(); None"))
    wait_rows(notebook, 0)
    page.evaluate(OBSERVE)
    take_received(page)
    notebook.run(
        notebook.add("for n in range(100):\n    noop.enqueue(n)\n    await asyncio.sleep(0.15)")
    )
    wait_rows(notebook, 100)
    drawn = page.evaluate("() => window.drawn")
    line("flush to DOM, median", f"{statistics.median(drawn):.1f} ms")
    line(f"flush to DOM, p95 of {len(drawn)}", f"{percentile(drawn, 0.95):.1f} ms", "at most 50")


def scrolling(notebook, name):
    page = notebook.page
    found = page.evaluate(SCROLL, 4)
    line(f"{name}: frame, median", f"{statistics.median(found['frames']):.1f} ms")
    line(f"{name}: frame, p95", f"{percentile(found['frames'], 0.95):.1f} ms")
    longest = max(found["longTasks"], default=0)
    goal = "none" if "10,000" in name else ""
    line(f"{name}: long tasks", f"{len(found['longTasks'])} (longest {longest:.0f} ms)", goal)
    line(f"{name}: rows in the DOM", str(found["rows"]), "about 40")


def fill(notebook, count):
    notebook.run(
        notebook.add(
            f"immediate_tasks_ipy.history.limit = {count}\n"
            f"for n in range({count} - len(immediate_tasks_ipy.history)): noop.enqueue(n)"
        )
    )
    wait_rows(notebook, count)


def many_rows(notebook, count):
    """Scroll through that many rows: at rest, while tasks run, and as lanes."""
    page = notebook.page
    fill(notebook, count)
    page.locator(".itipy-panel").scroll_into_view_if_needed()
    scrolling(notebook, f"{count:,} rows scrolled")
    producing = notebook.add(
        "for _ in range(60):\n"
        "    for n in range(500): noop.enqueue(n)\n"
        "    await asyncio.sleep(0.05)"
    )
    notebook.start(producing)
    page.locator(".itipy-panel").scroll_into_view_if_needed()
    scrolling(notebook, f"{count:,} rows scrolled under 10,000 tasks/s")
    notebook.wait_done(producing)
    page.get_by_role("button", name="Timeline").click()
    scrolling(notebook, f"{count:,} lanes scrolled")
    page.get_by_role("button", name="Table").click()


def main():
    with (
        tempfile.TemporaryDirectory() as home,
        jupyter_server(Path(home)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = browser.new_context(viewport={"width": 1500, "height": 1000}).new_page()
        page.add_init_script(COUNT_MESSAGES)
        notebook = Notebook(page, server, "lab", name="benchmark").open(SETUP, "%tasks")
        notebook.run(0)
        notebook.run(1)
        observer_cost(notebook)
        transport(notebook)
        flush_to_dom(notebook)
        for count in (TASKS, MANY):
            many_rows(notebook, count)
        browser.close()


if __name__ == "__main__":
    main()
