"""Virtual environments of the test run, kept under `.cache/` between runs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from uv import find_uv_bin

from tests.support.services import CACHE, ROOT

try:
    import fcntl
except ImportError:  # Windows, where one process runs the tests
    fcntl = None

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` against the other processes of this run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        if fcntl is not None:
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


def uv(*arguments: str | Path) -> str:
    """Run uv, which makes environments in seconds; return what it wrote."""
    return checked([find_uv_bin(), *arguments])


def create(folder: Path, python: str | Path = sys.executable) -> Path:
    """Make an empty virtual environment, of this Python or another; return its interpreter."""
    uv("venv", "-q", "--python", python, folder)
    return folder / "bin" / "python"


#: Prints the version of a released CPython, and nothing for any other.
_VERSION = """\
import json, sys
if sys.implementation.name == "cpython" and sys.version_info.releaselevel == "final":
    print(json.dumps(sys.version_info[:3]))
"""


def newest_python(least: tuple[int, int], below: tuple[int, int]) -> Path | None:
    """Return the newest Python of this machine from `least` on and before `below`, if any.

    Looked for on the path, and where uv and pyenv keep theirs: pyenv's command for a version
    that is not the current one does not run.
    """
    names = [f"python3.{minor}" for minor in range(least[1], below[1])]
    kept = (
        Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions"),
        Path(os.environ.get("UV_PYTHON_INSTALL_DIR", Path.home() / ".local/share/uv/python")),
    )
    paths = [Path(found) for found in map(shutil.which, names) if found]
    paths += [path for folder in kept for name in names for path in folder.glob(f"*/bin/{name}")]
    versions = {path: version for path in paths if (version := _version_of(path))}
    return max(versions, key=versions.__getitem__, default=None)


def _version_of(python: Path) -> tuple[int, ...]:
    """Return the version of a CPython, or an empty tuple for what is none or does not run."""
    try:
        text = checked([python, "-c", _VERSION])
    except (OSError, RuntimeError):
        return ()
    return tuple(json.loads(text or "[]"))


def install(python: Path, *arguments: str | Path) -> None:
    """Install packages for an interpreter, by the arguments of `pip install`."""
    uv("pip", "install", "-q", "--python", python, *arguments)


def environment(
    name: str, *requirements: str, package: bool = True, python: str | Path = sys.executable
) -> Path:
    """Return the Python of a virtual environment with `requirements`.

    It is made once for these requirements, and again when they or the package's
    own change. With `package`, this package is installed in it, editable.
    """
    base = python
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    key = json.dumps(
        [_version_of(Path(base)), requirements, [str(ROOT), project] if package else ""]
    )
    folder = CACHE / "environments" / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    finished = folder / "finished"
    with locked(folder.parent / f"{name}.lock"):
        if not finished.exists():
            for outdated in folder.parent.glob(f"{name}-*/"):
                shutil.rmtree(outdated)
            create(folder, base)
            own = ["-e", ROOT] if package else []
            install(python, *own, *requirements)
            finished.touch()
    return python
