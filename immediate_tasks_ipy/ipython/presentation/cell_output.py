"""One output of one cell, which stays that cell's however late it changes."""

from __future__ import annotations

import contextvars
import uuid
from typing import Any


class CellOutput:
    """A display in the cell that runs when this is made; may change from any thread.

    Front ends find the cell that a message belongs to by its parent header, and
    some (VS Code) drop a late one that names another request: a change must not
    carry the header of whatever the kernel runs meanwhile.
    """

    def __init__(self, publisher: Any) -> None:
        self._publisher = publisher
        # ipykernel 7 has the parent header in a context variable, ipykernel 6 one for all threads.
        self._context = contextvars.copy_context()
        self._header = getattr(publisher, "parent_header", None)
        self._display_id = uuid.uuid4().hex

    def publish(self, data: dict[str, str], *, update: bool) -> None:
        """Show a MIME bundle, or put it in the place of the one that is shown."""
        self._context.copy().run(self._publish, data, update=update)

    def repeat(self, data: dict[str, str]) -> None:
        """Update once more, as an output of the cell that runs now.

        For clients that run a whole notebook (nbclient): they listen to the running cell alone.
        """
        self._publish_as_current(data, update=True)

    def _publish(self, data: dict[str, str], *, update: bool) -> None:
        publisher = self._publisher
        if self._current_header() == self._header or not hasattr(publisher, "pub_socket"):
            self._publish_as_current(data, update=update)
            return
        kind = "update_display_data" if update else "display_data"
        content = {"data": data, "metadata": {}, "transient": self._transient}
        message = publisher.session.msg(kind, content, parent=self._header)
        publisher.session.send(publisher.pub_socket, message, ident=publisher.topic)

    def _publish_as_current(self, data: dict[str, str], *, update: bool) -> None:
        self._publisher.publish(data, {}, transient=self._transient, update=update)

    def _current_header(self) -> Any:
        return getattr(self._publisher, "parent_header", None)

    @property
    def _transient(self) -> dict[str, str]:
        return {"display_id": self._display_id}
