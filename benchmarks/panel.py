"""The panel in a real browser: messages, bytes, flush to DOM, frames and long tasks.

Needs JupyterLab and Chromium, as the tests in `tests/end_to_end/browser` do:

    python benchmarks/panel.py

What arrives is counted in the page, on the kernel's WebSocket; long tasks and
frames are those that the browser reports.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import sync_playwright

from benchmarks.panel_scripts import COUNT_MESSAGES, OBSERVE, PLAIN, SCROLL, TYPE
from tests.end_to_end.browser.conftest import FLAGS
from tests.support.jupyter_server import jupyter_server
from tests.support.notebook_page import Notebook
from tests.support.services import chromium

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
        "(count) => document.querySelector('.itipy-panel [role=treegrid]')"
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
    line(f"{name}: bytes a transition", f"{size / (count * TRANSITIONS):.1f}", "at most 32")
    if gaps:
        line(f"{name}: between two messages, median", f"{statistics.median(gaps):.0f} ms")


def observer_cost(notebook):
    """What an open panel adds to a task: processor time, the feed's thread included."""
    cost = printed(
        notebook,
        """
import statistics
history = immediate_tasks_ipy.task_history.current_recorder()
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
    line("a task with a panel open", f"{cost[1]:.2f} µs", "at most 2.6 more")


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
    line(f"flush to DOM, p95 of {len(drawn)}", f"{percentile(drawn, 0.95):.1f} ms", "at most 25")


def long_tasks(name, durations):
    longest = max(durations, default=0)
    line(f"{name}: long tasks", f"{len(durations)} (longest {longest:.0f} ms)", "none")


def typing(notebook, name):
    """From a key in the search box to the frame that shows it."""
    found = notebook.page.evaluate(TYPE, "noop(99")
    line(
        f"{name}: a key in the search to its paint, p95",
        f"{percentile(found['took'], 0.95):.0f} ms",
        "50",
    )
    long_tasks(f"{name}, typing", found["longTasks"])


def exporting(notebook, name):
    """From the click to the file; and what the kernel's processor had to do for it."""
    page = notebook.page
    before = process_time(notebook)
    page.get_by_role("button", name="More actions").click()
    began = time.perf_counter()
    with page.expect_download(timeout=120_000):
        page.get_by_role("menuitem", name="Export as JSON").click()
    line(f"{name}: JSON export", f"{time.perf_counter() - began:.1f} s", "5, with progress")
    spent = process_time(notebook) - before
    line(f"{name}: JSON export, the kernel's processor time", f"{spent:.1f} s")


def process_time(notebook):
    return printed(notebook, "print(json.dumps(time.process_time()))")


def plain_frames(page):
    """What the browser can do just now, with nothing of ours in it."""
    other = page.context.new_page()
    frames = other.evaluate(PLAIN, 4)
    other.close()
    rate = SECOND * len(frames) / sum(frames)
    line("a page of plain elements scrolled: frames a second", f"{rate:.0f}")


def reloading(notebook, count):
    """From the page that is there again until all rows are."""
    notebook.save()
    notebook.reload()
    began = time.perf_counter()
    wait_rows(notebook, count)
    line(
        f"{count:,} rows: from the reloaded page to all rows",
        f"{time.perf_counter() - began:.1f} s",
        "2",
    )


def scrolling(notebook, name):
    page = notebook.page
    found = page.evaluate(SCROLL, 4)
    frames = found["frames"]
    line(f"{name}: frames a second", f"{SECOND * len(frames) / sum(frames):.0f}", "58")
    line(f"{name}: frame, p95", f"{percentile(frames, 0.95):.1f} ms")
    long_tasks(name, found["longTasks"])
    line(f"{name}: rows in the DOM", str(found["rows"]), "about 40")


def fill(notebook, count):
    notebook.run(
        notebook.add(
            f"immediate_tasks_ipy.task_history.current_recorder().limit = {count}\n"
            f"for n in range({count} - len(immediate_tasks_ipy.history)): noop.enqueue(n)"
        )
    )
    wait_rows(notebook, count)


def many_rows(notebook, count):
    """Scroll and type in that many rows: at rest, while tasks run, in each view."""
    page = notebook.page
    fill(notebook, count)
    page.locator(".itipy-panel").scroll_into_view_if_needed()
    plain_frames(page)
    scrolling(notebook, f"{count:,} rows scrolled")
    typing(notebook, f"{count:,} rows")
    exporting(notebook, f"{count:,} rows")
    while_running(notebook, f"{count:,} rows scrolled under 10,000 tasks/s", scrolling)
    took = page.get_by_role("columnheader", name="Took").get_by_role("button")
    took.click()
    while_running(notebook, f"{count:,} rows by Took, under 10,000 tasks/s", scrolling)
    while_running(notebook, f"{count:,} rows by Took, under 10,000 tasks/s", typing)
    page.get_by_role("columnheader", name="Enqueued").get_by_role("button").click()
    page.get_by_role("button", name="Timeline").click()
    scrolling(notebook, f"{count:,} lanes scrolled")
    while_running(notebook, f"{count:,} lanes scrolled under 10,000 tasks/s", scrolling)
    typing(notebook, f"{count:,} lanes")
    zooming(notebook, f"{count:,} lanes")
    page.get_by_role("button", name="Table").click()


def while_running(notebook, name, measure):
    producing = notebook.add(
        "for _ in range(60):\n"
        "    for n in range(500): noop.enqueue(n)\n"
        "    await asyncio.sleep(0.05)"
    )
    plain_frames(notebook.page)
    notebook.start(producing)
    notebook.page.locator(".itipy-panel").scroll_into_view_if_needed()
    measure(notebook, name)
    notebook.wait_done(producing)


def processor(notebook, browser, count):
    """The longest tasks of the page's main thread by the processor time that they took.

    Unlike what the clock says of them, it depends little on what else the machine does.
    """
    page = notebook.page
    scroll = partial(page.evaluate, SCROLL, 4)
    write = partial(page.evaluate, TYPE, "noop(99")
    took = page.get_by_role("columnheader", name="Took").get_by_role("button")

    def show(name, measure, *, running=False):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "trace.json"
            browser.start_tracing(page=page, path=path, categories=["toplevel"])
            if running:
                while_running(notebook, name, lambda *_: measure())
            else:
                measure()
            browser.stop_tracing()
            events = json.loads(path.read_text())["traceEvents"]
        threads = {(e["pid"], e["tid"]): e["args"] for e in events if e["name"] == "thread_name"}
        times = [
            e.get("tdur", 0) / SECOND
            for e in events
            if e["ph"] == "X"
            and e["name"].endswith("RunTask")
            and threads.get((e["pid"], e["tid"]), {}).get("name") == "CrRendererMain"
        ]
        line(f"{name}: longest task, processor time", f"{max(times, default=0):.0f} ms", "50")

    show(f"{count:,} rows scrolled", scroll)
    show(f"{count:,} rows, typing", write)
    show(f"{count:,} rows under 10,000 tasks/s", scroll, running=True)
    took.click()
    show(f"{count:,} rows by Took, under 10,000 tasks/s", scroll, running=True)
    show(f"{count:,} rows by Took, under 10,000 tasks/s, typing", write, running=True)
    page.get_by_role("columnheader", name="Enqueued").get_by_role("button").click()
    page.get_by_role("button", name="Timeline").click()
    show(f"{count:,} lanes scrolled", scroll)
    show(f"{count:,} lanes, typing", write)
    show(f"{count:,} lanes under 10,000 tasks/s", scroll, running=True)
    page.get_by_role("button", name="Table").click()


def zooming(notebook, name):
    """Ten times in, ten times out, by the buttons."""
    page = notebook.page
    page.evaluate("() => { window.longTasks.length = window.frames_.length = 0; }")
    for button in ["Zoom in"] * 10 + ["Zoom out"] * 10:
        page.get_by_role("button", name=button).click()
    frames = page.evaluate("() => window.frames_.slice()")
    line(f"{name}, zooming: frame, p95", f"{percentile(frames, 0.95):.1f} ms")
    long_tasks(f"{name}, zooming", page.evaluate("() => window.longTasks.slice()"))


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
        processor(notebook, browser, MANY)
        reloading(notebook, MANY)
        browser.close()


if __name__ == "__main__":
    main()
