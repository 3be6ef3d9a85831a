"""A card that follows a task or a batch: shown late, updated seldom, final always."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from immediate_tasks_ipy.tasks.backends.event_loop import Timer, service_loop

from .screen import Picture, Screen

#: A task that ends within so many seconds is shown once, in its final state.
GRACE = 0.1
#: Seconds between two updates of a task that has been running for long.
SLOWEST = 1.0

Render = Callable[[datetime], "Picture | None"]


class LiveCard:
    """Shows what `render` returns: not before `GRACE`, then at most `rate` times a second.

    `render(now)` returns None as long as there is nothing to show. The card
    is drawn on the service loop, as an output of the cell it was made in;
    `finish` draws the final state on the thread that calls it. Every method may
    be called from any thread.
    """

    def __init__(
        self, screen: Screen, render: Render, *, mode: str, live: bool, rate: float
    ) -> None:
        self._screen = screen
        self._render = render
        #: Whether this card shows anything at all.
        self.is_visible = mode in {"card", "text"}
        self._mode = mode
        self._live = live and self.is_visible and screen.is_live
        self._interval = 1 / rate
        self._lock = threading.Lock()
        self._output = screen.new_output()
        self._shown = False
        self._finished = False
        self._followed = True
        self._is_late = False
        self._began = time.monotonic()
        self._timer: Timer | None = None

    @property
    def is_updatable(self) -> bool:
        """Whether it is shown where it can still change once its cell is done."""
        return self.is_visible and self._screen.is_kernel

    def begin(self, delay: float = GRACE) -> None:
        """Follow from now on; the card appears after `delay` seconds, if there is one to show."""
        if self._live:
            with suppress(RuntimeError):  # no thread and no loop: it is shown when it is final
                self._timer = service_loop.call_later(delay, self._tick)

    def _tick(self) -> None:
        """Draw the present state, and again later; on the service loop."""
        if self._finished or not self._screen.is_open:
            return
        self._draw()
        if self._followed:
            interval = max(self._interval, min(SLOWEST, (time.monotonic() - self._began) / 20))
            self._timer = service_loop.call_later(interval, self._tick)

    def _draw(self) -> None:
        with self._lock:
            if self._finished:
                return
            picture = self._render(datetime.now(UTC))
            if picture is None:
                return
            if self._screen.is_kernel:
                self._publish(picture)
            else:
                self._screen.status_line(picture.line())
                self._shown = True

    def finish(self, *, printed: bool = True) -> None:
        """Draw the final state, once.

        With `printed` False a terminal only loses its status line: the shell
        is about to print the value itself.
        """
        with self._lock:
            if self._finished:
                return
            self._finished = True
            if self._timer is not None:
                self._timer.cancel()
            if not self._screen.is_kernel and self._shown:
                self._screen.erase_status_line()
            picture = self._render(datetime.now(UTC))
            if picture is None or not self.is_visible:
                return
            if self._screen.is_kernel or printed:
                self._publish(picture)

    def detach(self, *, printed: bool = True, followed: bool = True) -> None:
        """The cell is done before the task: show where it stands, and go on from there.

        With `followed` False its further course is unknown: the card stays as it
        is now. A terminal can't change what it has printed: it gets one line,
        unless the shell prints the value itself (`printed` False).
        """
        with self._lock:
            picture = self._render(datetime.now(UTC))
            if picture is None or self._finished or not self.is_visible:
                return
            if self._screen.is_kernel:
                self._followed = followed
                self._publish(picture)
                self._is_late = True
                return
            self._finished = True
            if self._shown:
                self._screen.erase_status_line()
            if printed:
                self._publish(picture)

    def finish_later(self) -> None:
        """Draw the final state on the service loop, for a task that has ended on any thread."""
        if self._screen.is_open:
            self._is_late = True
            try:
                service_loop.call_soon(self.finish)
            except RuntimeError:  # no thread and no loop
                self.finish()

    def reset_display(self) -> None:
        """The cell's output was cleared, and the card with it: it will be shown as a new output."""
        with self._lock:
            self._shown = False
            self._output = self._screen.new_output()

    def _publish(self, picture: Picture) -> None:
        update = self._shown and self._screen.is_kernel
        self._screen.show(
            picture,
            self._mode,
            self._output,
            update=update,
            is_last=self._finished and self._is_late,
        )
        self._shown = True
