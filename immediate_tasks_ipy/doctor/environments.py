"""The environments that matter: the kernel's, which is this one, and JupyterLab's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import probe

#: Seconds that another environment's interpreter has to answer.
PATIENCE = 60.0
#: The extension of the panel's widget library, and that of all widgets.
WIDGETS = {
    "anywidget": "anywidget",
    "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets",
}


@dataclass(frozen=True)
class Environment:
    """What `probe` says of one environment."""

    python: str
    python_version: str
    versions: dict[str, str]
    extensions: tuple[str, ...]

    @classmethod
    def here(cls) -> Environment:
        """The environment that this process runs in."""
        return cls.of(probe.probe())

    @classmethod
    def of(cls, answer: dict[str, object]) -> Environment:
        """The environment that a probe's answer describes."""
        extensions = answer.pop("extensions")
        assert isinstance(extensions, list)  # noqa: S101 - the probe's own shape, for mypy
        return cls(**answer, extensions=tuple(extensions))  # type: ignore[arg-type]

    @property
    def missing_widgets(self) -> list[str]:
        """The packages whose extensions the panel needs, and that JupyterLab does not find here."""
        return [package for name, package in WIDGETS.items() if name not in self.extensions]

    def install(self, *requirements: str) -> str:
        """The command that installs something here, quoted for any shell."""
        quoted = " ".join(
            f'"{name}"' if "[" in name or ">" in name else name for name in requirements
        )
        return f"{self.python} -m pip install {quoted}"


def lab_script() -> Path | None:
    """The `jupyter-lab` that would be started: beside this interpreter, or on the PATH."""
    beside = shutil.which("jupyter-lab", path=str(Path(sys.executable).parent))
    found = shutil.which("jupyter-lab") or beside
    return Path(found) if found else None


def interpreter_of(script: Path) -> Path | None:
    """The Python that runs an installed script: named in its first lines, or beside it.

    None if that can't be known. Raises OSError for a script that can't be read.
    """
    head = script.read_bytes()[:500].decode("utf-8", "replace")
    if pyenv := re.search(r'^exec "([^"]*pyenv)" exec ', head, re.MULTILINE):
        return _interpreter_by_pyenv(pyenv[1], script)
    if by_path := re.match(r"#!\s*/\S*/env (python[\d.]*)\s", head):
        named = shutil.which(by_path[1])
        return Path(named) if named else None
    if head.startswith("#!"):
        # A long path stands in the second line, after `exec`, in quotes.
        found = re.search(r"((?:/[^/'\"\n]+)+/python[\d.]*)(?=['\"\s])", head)
        return Path(found[1]) if found else None
    beside = script.parent / ("python.exe" if os.name == "nt" else "python")
    return beside if beside.exists() else None


def _interpreter_by_pyenv(pyenv: str, shim: Path) -> Path | None:
    """The Python that pyenv would run a command with, whose shim says nothing of it."""
    try:
        done = subprocess.run(  # noqa: S603 - the program that the shim itself runs
            [pyenv, "which", shim.name],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = Path(done.stdout.strip())
    return interpreter_of(found) if done.returncode == 0 and found != shim else None


def environment_of(python: Path) -> Environment:
    """Ask an interpreter for its environment. Raises RuntimeError with what it answered instead."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(  # noqa: S603 - an interpreter that the user starts every day
            [str(python), probe.__file__],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env=clean,
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            msg = f"{python} does not answer: {reason}"
            raise RuntimeError(msg)
        return Environment.of(json.loads(done.stdout))
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        msg = f"{python} does not answer: {error}."
        raise RuntimeError(msg) from error
