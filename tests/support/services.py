"""What the tests need from the machine, and what happens where it is missing.

A missing service skips its tests with the reason on a developer's machine, and
fails them where `CI=true`, so that a green run means that everything ran.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import sysconfig
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Virtual environments and other things that are slow to make, kept between runs.
CACHE = ROOT / ".cache"

#: What the processes of this test run share; the first of them makes it and removes it.
RUN_FOLDER = Path(os.environ.get("TEST_RUN_FOLDER") or tempfile.mkdtemp(prefix="test-run-"))
if "TEST_RUN_FOLDER" not in os.environ:
    os.environ["TEST_RUN_FOLDER"] = str(RUN_FOLDER)
    atexit.register(shutil.rmtree, RUN_FOLDER, ignore_errors=True)

#: Seconds after which a condition that never held fails its test: long, so that a slow machine
#: fails none.
PATIENCE = 120

#: What a run leaves to look at: screenshots, converted notebooks.
ARTIFACTS = ROOT / "artifacts"


def on_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}


def require(condition: object, reason: str) -> None:
    """Go on only where `condition` holds: else skip, or fail under `CI=true`."""
    if condition:
        return
    if on_ci():
        pytest.fail(f"{reason} (CI=true: a missing service fails)", pytrace=False)
    pytest.skip(reason)


def chromium() -> str:
    """Return the path of the system's Chromium or Chrome, or `$CHROMIUM`."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    require(path, "No Chromium: install it (`apt-get install chromium`) or set $CHROMIUM.")
    return str(path)


def redis_server() -> str:
    """Return the path of `redis-server`."""
    path = shutil.which("redis-server")
    require(path, "No redis-server: install it (`apt-get install redis-server`).")
    return str(path)


def script(name: str) -> str:
    """Return the path of a command that this interpreter's environment installs."""
    path = shutil.which(name, path=sysconfig.get_path("scripts"))
    require(path, f'No {name!r} in this environment: `pip install -e ".[test]"` brings it.')
    return str(path)


def free_port() -> int:
    """Return a port of the loopback address that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
