"""The recorder of this process: the shell's, or one made when it is first asked for."""

from __future__ import annotations

from immediate_tasks_ipy.tasks.faults.locks import new_lock

from .history import TaskHistory
from .recorder import Recorder

_lock = new_lock()
_current: Recorder | None = None


def current_recorder() -> Recorder:
    """The recorder that `wait`, `cancel`, `rerun` and the magics use.

    Where there is none yet (no shell, or the extension was unloaded), one is
    made and connected to the signals. Callable from any thread.
    """
    global _current
    with _lock:
        if _current is None:
            _current = Recorder()
            _current.connect()
        return _current


def set_current_recorder(recorder: Recorder | None) -> None:
    """Make `recorder` the one in use; None forgets it, and disconnects it.

    A recorder that is replaced is disconnected, so that no task is recorded
    twice; to keep its entries, take `current_recorder()` instead.
    """
    global _current
    with _lock:
        if _current is not None and _current is not recorder:
            _current.disconnect()
        _current = recorder


def current_history() -> TaskHistory:
    """What users see of the current recorder."""
    return TaskHistory(current_recorder())
