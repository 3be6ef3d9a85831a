"""What every test may ask for; services are in `services.py`, their fixtures in each folder."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.node import node, node_modules
from tests.support.services import ROOT

# IPython reads and writes its folder (profiles, the history database) as soon as a shell is made.
os.environ["IPYTHONDIR"] = tempfile.mkdtemp(prefix="ipython-")
# nbval compares the first display of a card with the saved, final one: its kernels show each card
# once, however slow the machine. (All other kernels of the tests have folders of their own.)
PROFILE = Path(os.environ["IPYTHONDIR"], "profile_default")
PROFILE.mkdir()
(PROFILE / "ipython_kernel_config.py").write_text("c.ImmediateTasks.live = False\n")
# A run in a shell's background ignores SIGINT, and so would every process that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The encoding of what child processes print, whatever the machine's locale says.
os.environ.setdefault("PYTHONIOENCODING", "utf-8")

# No example is timed: a slow machine fails none. (Under CI this is hypothesis' own choice.)
settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")

#: Where a file takes long, however few its tests are: the workers begin with these, in this
#: order, so that what is left at the end of a parallel run are the quick ones.
SLOW = (
    "tests/end_to_end/browser",
    "tests/end_to_end/notebooks",
    "tests/end_to_end/kernels",
    "notebooks",
    "tests/end_to_end",
    "tests/packaging/test_normative_tasks.py",
    "tests/tasks/dask",
    "tests/django_bridge",
)
#: What comes last: its tests collect what a process beside the workers has found out.
LAST = "tests/packaging/test_quality.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(ROOT).as_posix()
        if path == LAST:
            return len(SLOW) + 1
        return next(
            (n for n, part in enumerate(SLOW) if f"{path}/".startswith(f"{part}/")), len(SLOW)
        )

    items.sort(key=place)


def pytest_collection_finish() -> None:
    # Modules and tests are here to stay: a collection of garbage need not look at them again.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", name="node")
def node_fixture() -> str:
    """Return the path of node."""
    return node()


@pytest.fixture(scope="session", name="node_modules")
def node_modules_fixture() -> Path:
    """Return the repository's `node_modules`, with what `package.json` names in it."""
    return node_modules()
