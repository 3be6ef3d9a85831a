"""A clock in one zone, and JupyterLab's own sanitiser."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from tests.support.node import node, node_modules
from tests.support.services import CACHE

_SCRIPT = """
import { readFileSync } from "node:fs";
import { Sanitizer } from "./sanitizer.mjs";
const cards = JSON.parse(readFileSync(0, "utf8"));
const sanitizer = new Sanitizer();
process.stdout.write(JSON.stringify(cards.map((card) => sanitizer.sanitize(card))));
"""


@pytest.fixture(autouse=True)
def _one_zone(monkeypatch):
    """Cards show local times; the tests are written for one zone."""
    if not hasattr(time, "tzset"):
        pytest.skip("The zone of a process can't be set here.")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="session")
def sanitize():
    """Sanitises many cards at once, as JupyterLab does in a notebook the reader did not run."""
    # below the repository, so that node finds what the sanitiser itself imports
    folder = CACHE / "jupyterlab-sanitizer"
    folder.mkdir(parents=True, exist_ok=True)
    library = node_modules() / "@jupyterlab" / "apputils" / "lib" / "sanitizer.js"
    # the file is an ES module in a package that does not say so; node goes by the suffix
    (folder / "sanitizer.mjs").write_text(library.read_text(encoding="utf-8"), encoding="utf-8")
    script = folder / "sanitize.mjs"
    script.write_text(_SCRIPT)

    def run(cards):
        done = subprocess.run(
            [node(), str(script)],
            input=json.dumps(cards),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=True,
        )
        return json.loads(done.stdout)

    return run
