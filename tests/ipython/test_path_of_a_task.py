"""How many files a reader has to open to follow one task from its line to its card."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

import immediate_tasks_ipy
from tests.support.shells import Publisher

PACKAGE = Path(immediate_tasks_ipy.__file__).parent

#: The most files that `%enqueue add(2, 3)` may enter; of these four guard it against interrupts,
#: two look for what belongs to the task beside its outcome: attempts, child tasks, progress.
MOST_FILES = 39

#: The extension's hooks around every cell are no part of the way.
HOOKS = {"_before_cell", "_after_cell"}

#: Where the line is first seen: the cell's transformation, or else the magic.
ENTRANCES = {"ipython/planning/await_transformer.py", "ipython/magics/enqueue.py"}


@contextmanager
def entered_files():
    """Yield the files of the package whose functions run from the line to the card, in order."""
    files = {}
    state = {"active": False, "done": False, "hook": None}

    def profile(frame, event, _argument):
        if event == "return" and frame is state["hook"]:
            state["hook"] = None
        if event != "call" or state["hook"] or state["done"]:
            return
        code = frame.f_code
        if code is Publisher.publish.__code__:
            state["done"] = state["active"]
            return
        if not code.co_filename.startswith(str(PACKAGE)) or code.co_name == "<module>":
            return
        if code.co_name in HOOKS:
            state["hook"] = frame
            return
        name = Path(code.co_filename).relative_to(PACKAGE).as_posix()
        if name.startswith("django_bridge/") or name == "ipython/execution/synchronous_cells.py":
            # Asked only where the project has imported Django, as other tests of this process may.
            return
        state["active"] = state["active"] or name in ENTRANCES
        if state["active"]:
            files.setdefault(name, code.co_name)

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield files
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert state["done"], "No card was shown."


@pytest.fixture
def warm(notebook):
    notebook.run("from immediate_tasks_ipy.tasks import task\n@task\ndef add(a, b): return a + b")
    notebook.run("%enqueue add(2, 3)")
    return notebook


async def test_the_way_of_a_task_from_line_to_card_leads_through_few_files(warm):
    await warm.arun("%enqueue add(2, 3)")
    with entered_files() as files:
        ran = await warm.arun("%enqueue add(2, 3)")

    assert "SUCCESSFUL" in ran.text
    listing = "\n".join(f"{name} ({function})" for name, function in files.items())
    assert len(files) <= MOST_FILES, f"{len(files)} files:\n{listing}"
