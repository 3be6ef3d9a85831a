"""The history that this process keeps: the shell's, or one made when it is first asked for."""

from __future__ import annotations

import threading

from .history import TaskHistory

_lock = threading.Lock()
_current: TaskHistory | None = None


def current_history() -> TaskHistory:
    """The history that `wait`, `cancel`, `rerun` and the magics use.

    Where there is none yet (no shell, or the extension was unloaded), one is
    made and connected to the signals. Callable from any thread.
    """
    global _current
    with _lock:
        if _current is None:
            _current = TaskHistory()
            _current.connect()
        return _current


def set_current_history(history: TaskHistory | None) -> None:
    """Make `history` the one in use; None forgets it, and disconnects it.

    A history that is replaced is disconnected, so that no task is recorded
    twice; whoever wants its entries takes `current_history()` instead.
    """
    global _current
    with _lock:
        if _current is not None and _current is not history:
            _current.disconnect()
        _current = history
