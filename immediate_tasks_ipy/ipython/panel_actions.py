"""What the panel's buttons do in a shell."""

from __future__ import annotations

import signal
import threading

from immediate_tasks_ipy.task_history import Entry, Output
from immediate_tasks_ipy.task_history.actions import cancel, is_resolvable, rerun_origin, resolve
from immediate_tasks_ipy.task_history.origin import current_origin
from immediate_tasks_ipy.tasks.exceptions import TaskNotCancellable

from .capture import move_to
from .runner import Runner


class ShellActions:
    """The panel's actions, safe on whichever thread the panel is heard."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def rerun(self, entry: Entry) -> str:
        """Start the task again in the background; says which function runs."""
        task, anew = resolve(entry)
        origin = rerun_origin(entry, resolved_anew=anew)
        origin.output, origin.output_moved = Output(), True
        token = current_origin.set(origin)
        try:
            with move_to(origin.output):
                result = entry.result
                entry.backend.submit(
                    task, tuple(result.args), dict(result.kwargs), loop=self._runner.kernel_loop
                )
        finally:
            current_origin.reset(token)
        if anew or not is_resolvable(task.func):
            return f"{task.name} is running again"
        return f"{task.name} is running again, as it was: its name was not found"

    def cancel(self, entry: Entry) -> str:
        """Cancel a task; a synchronous one in the foreground gets the stop button's signal."""
        try:
            cancel(entry.result)
        except TaskNotCancellable:
            if entry.result.is_finished or not self._interrupt_main_thread(entry):
                raise
        return f"{entry.result.task.name} cancelled"

    def clear(self) -> int:
        return self._runner.history.clear()

    def copy_text(self, entry: Entry) -> str:
        """The magic that enqueues this task: a line, or the whole cell."""
        if not is_resolvable(entry.result.task.func):
            source = entry.origin.source if entry.origin is not None else None
            if source:
                return source
        from immediate_tasks_ipy.display.values import call_text

        return f"%enqueue {call_text(entry, limit=100_000)}"

    @property
    def _foreground(self) -> Entry | None:
        followed = self._runner.foreground
        return followed.entry if followed is not None else None

    def _interrupt_main_thread(self, entry: Entry) -> bool:
        main = threading.main_thread()
        can_signal = hasattr(signal, "pthread_kill") and threading.current_thread() is not main
        if not can_signal or self._foreground is not entry:
            return False
        if main.ident is not None:
            signal.pthread_kill(main.ident, signal.SIGINT)
        return True
