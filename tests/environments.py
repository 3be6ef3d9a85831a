"""Virtual environments of the test run, kept under `.cache/` between runs."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.services import CACHE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` against the other processes of this run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def checked(command: Sequence[str | Path], **options: object) -> str:
    """Run a command to its end and return what it wrote; raise with it where it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    if done.returncode:
        message = f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}"
        raise RuntimeError(message)
    return str(done.stdout)


def environment(name: str, *requirements: str, package: bool = True) -> Path:
    """Return the Python of a virtual environment with `requirements`.

    It is made once for these requirements, and again when they or the package's
    own change. With `package`, this package is installed in it, editable.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    key = json.dumps([sys.version, requirements, project if package else ""])
    folder = CACHE / "environments" / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    finished = folder / "finished"
    with locked(folder.parent / f"{name}.lock"):
        if not finished.exists():
            for outdated in folder.parent.glob(f"{name}-*/"):
                shutil.rmtree(outdated)
            venv.create(folder, with_pip=True)
            own = ["-e", ROOT] if package else []
            checked([python, "-m", "pip", "install", "-q", *own, *requirements])
            finished.touch()
    return python
