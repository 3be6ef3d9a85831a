"""Files of the project that were edited after this process had imported them."""

from __future__ import annotations

import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

#: Seconds for which it is taken to hold that nothing has changed.
FRESH = 1.0
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
#: Seconds by which two readings of one file's time may differ.
_SAME = 1e-3
#: Files that a sentence names.
NAMED = 3

_lock = threading.Lock()
#: By module: its spec, which a reload replaces, and its file's time in nanoseconds.
_imported: dict[str, tuple[Any, int]] = {}
_seen = 0
_unchanged_at = -FRESH
#: By module, the time in seconds of the file that something else has reloaded it from.
_reloaded: Callable[[], Mapping[str, float]] = dict
#: The first of these times: what stood there when that began to look, and reloaded nothing.
_first_looks: dict[str, float] = {}


def note_imports() -> None:
    """Note the files of modules that were imported since; cheap where there are none."""
    global _seen
    _note_first_looks(_reloaded())
    if len(sys.modules) == _seen:
        return
    _seen = len(sys.modules)
    with _lock:
        for name, module in list(sys.modules.items()):
            if name not in _imported and (file := _file_of(module)) is not None:
                _imported[name] = (module.__spec__, _time(file))


def ask_for_reloads(reloaded: Callable[[], Mapping[str, float]]) -> None:
    """Have `reloaded()` say which modules something like autoreload has brought up to date."""
    global _reloaded
    _reloaded = reloaded


def changed_since_import(module_name: str) -> str | None:
    """A sentence about the project's files that were edited and not reloaded; None if none was.

    For a task of that module: one of the notebook itself is always as it was last run.
    """
    global _unchanged_at
    now = time.monotonic()
    if module_name not in _imported or now - _unchanged_at < FRESH:
        return None
    changed = []
    reloaded = _reloaded()
    _note_first_looks(reloaded)
    with _lock:
        for name, (spec, then) in list(_imported.items()):
            module = sys.modules.get(name)
            file = _file_of(module)
            if file is None or module is None:
                del _imported[name]
            elif module.__spec__ is not spec or (
                _is_time(reloaded.get(name), file) and reloaded[name] != _first_looks[name]
            ):
                _imported[name] = (module.__spec__, _time(file))
            elif _time(file) not in {then, 0}:
                changed.append((name, Path(file)))
    if not changed:
        _unchanged_at = now
    return _sentence(changed)


def _note_first_looks(reloaded: Mapping[str, float]) -> None:
    if not reloaded:
        return
    with _lock:
        for name in _imported:
            if name in reloaded:
                _first_looks.setdefault(name, reloaded[name])


def _sentence(changed: list[tuple[str, Path]]) -> str | None:
    if not changed:
        return None
    names = ", ".join("/".join(path.parts[-2:]) for _, path in changed[:NAMED])
    if len(changed) > NAMED:
        names += f" and {len(changed) - NAMED} more"
    have = "has" if len(changed) == 1 else "have"
    return (
        f"{names} {have} changed since imported: %tasks rerun reloads nothing; "
        f"importlib.reload({changed[0][0]}) or %autoreload 2 does."
    )


def _file_of(module: Any) -> str | None:
    """The file of a module of the user's; None for libraries and what has no source file."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return None
    if getattr(module, "__spec__", None) is None or "-packages" in file:
        return None
    if file.startswith(_LIBRARIES) or "immediate_tasks_ipy" in file:
        return None
    return file


def _is_time(seconds: float | None, file: str) -> bool:
    return seconds is not None and abs(seconds - _time(file) / 1e9) < _SAME


def _time(file: str) -> int:
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return 0
