"""Keeping what Dask has to say of our connection out of the notebook's cells."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


class ConnectionFilter(logging.Filter):
    """Drops what a connection's own thread logs: what matters of it is said on the cards.

    The log of a Client that the user has made is left alone.
    """

    def __init__(self, client: Any) -> None:
        super().__init__()
        self._thread: int | None = None
        client.loop.add_callback(self._remember_thread)

    def _remember_thread(self) -> None:
        import threading

        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        return self._thread is None or record.thread != self._thread

    def add(self) -> None:
        """Apply to what Dask's loggers write from now on."""
        for filtered in _filtered():
            filtered.addFilter(self)

    def remove(self) -> None:
        """Apply no longer."""
        for filtered in _filtered():
            filtered.removeFilter(self)


def _filtered() -> list[logging.Filterer]:
    """The handlers that Dask has given its loggers, and the logger of the loop below it."""
    handlers = [h for name in _LOGGERS for h in logging.getLogger(name).handlers]
    return [logging.getLogger("asyncio"), *handlers]


_LOGGERS = ("distributed", "distributed.client", "bokeh", "tornado", "tornado.application")


@contextmanager
def without_warnings() -> Iterator[None]:
    """Silence two warnings: the table of versions that differ, and that of large graphs.

    Which versions matter is checked by us; and what is large is sent once.
    """
    mismatch = import_module("distributed.versions").VersionMismatchWarning
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mismatch)
        warnings.filterwarnings("ignore", message="Sending large graph")
        yield
