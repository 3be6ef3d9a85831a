"""What every test may ask for; services are in `services.py`, their fixtures in each folder."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

from tests.node import node, node_modules

# IPython reads and writes its folder (profiles, the history database) as soon as a shell is made.
os.environ["IPYTHONDIR"] = tempfile.mkdtemp(prefix="ipython-")
# A run in a shell's background ignores SIGINT, and so would every process that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The encoding of what child processes print, whatever the machine's locale says.
os.environ.setdefault("PYTHONIOENCODING", "utf-8")


@pytest.fixture(scope="session", name="node")
def node_fixture() -> str:
    """Return the path of node."""
    return node()


@pytest.fixture(scope="session", name="node_modules")
def node_modules_fixture() -> Path:
    """Return the repository's `node_modules`, with what `package.json` names in it."""
    return node_modules()
