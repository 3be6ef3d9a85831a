"""A card that follows its task: shown late, updated seldom, final always."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from .picture import Picture
from .refresher import Refreshed, Refresher
from .screen import Screen

#: A task that ends within so many seconds is shown once, in its final state.
GRACE = 0.1
#: Seconds between two pictures of a task that has been running for long.
SLOWEST = 1.0

Render = Callable[[datetime], "Picture | None"]


class LiveCard:
    """Shows what `render` draws: not before `GRACE`, then at most `rate` times a second.

    `render(now)` returns None as long as there is nothing to show. The card
    is drawn by the refresher's thread, in the context it was made in (where a
    kernel finds the cell that an output belongs to); `finish` draws the final
    state on the thread that calls it.
    """

    def __init__(
        self,
        screen: Screen,
        refresher: Refresher,
        render: Render,
        *,
        mode: str,
        live: bool,
        rate: float,
    ) -> None:
        self._screen = screen
        self._refresher = refresher
        self._render = render
        self._mode = mode
        self._live = live and mode in {"card", "text"} and screen.is_live
        self._interval = 1 / rate
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._display_id = screen.new_display_id()
        self._shown = False
        self._finished = False
        self._followed = True
        self._began = time.monotonic()

    def begin(self, delay: float = GRACE) -> None:
        """Start to follow; the first picture appears after `delay` seconds, if there is one."""
        if self._live:
            self._refresher.schedule(self, delay)

    def tick(self) -> float | None:
        """Draw the present state; called by the refresher."""
        try:
            self._context.run(self._draw)
        except Exception:
            return None
        if self._finished or not self._followed:
            return None
        return max(self._interval, min(SLOWEST, (time.monotonic() - self._began) / 20))

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
            if not self._screen.is_kernel and self._shown:
                self._screen.erase_status_line()
            picture = self._render(datetime.now(UTC))
            if picture is None or not self.is_visible:
                return
            if self._screen.is_kernel or printed:
                self._publish(picture)

    @property
    def is_visible(self) -> bool:
        """Whether this card shows anything at all."""
        return self._mode in {"card", "text"}

    def stay(self, *, printed: bool = True, followed: bool = True) -> None:
        """The cell is done before the task: show where it stands, and go on from there.

        With `followed` False nobody will tell how it goes on: the picture stands.

        A terminal can't change what it has printed: it gets one line, unless
        the shell prints the value itself (`printed` False).
        """
        with self._lock:
            picture = self._render(datetime.now(UTC))
            if picture is None or self._finished or not self.is_visible:
                return
            if self._screen.is_kernel:
                self._followed = followed
                self._publish(picture)
                # From now on as an output of whichever cell runs: nbclient listens to no other.
                self._context = contextvars.Context()
                return
            self._finished = True
            if self._shown:
                self._screen.erase_status_line()
            if printed:
                self._publish(picture)

    def finish_in_context(self) -> None:
        """`finish`, from a thread that knows no cell; never raises."""
        try:
            self._context.run(self.finish)
        except Exception:
            return

    @property
    def last_picture(self) -> Refreshed:
        """What to schedule to have the final state drawn by the refresher."""
        return _LastPicture(self)

    def show_anew(self) -> None:
        """The cell's output was cleared, and the card with it: the next picture is a new output."""
        with self._lock:
            self._shown = False
            self._display_id = self._screen.new_display_id()

    def _publish(self, picture: Picture) -> None:
        update = self._shown and self._screen.is_kernel
        self._screen.show(picture, self._mode, self._display_id, update=update)
        self._shown = True


class _LastPicture:
    """Draws a card's final state on the refresher's thread."""

    def __init__(self, card: LiveCard) -> None:
        self._card = card

    def tick(self) -> None:
        self._card.finish_in_context()
