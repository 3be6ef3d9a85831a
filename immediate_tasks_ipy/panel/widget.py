"""The widget: where the feed and the browser meet."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import anywidget
import traitlets

from immediate_tasks_ipy.task_history import TaskHistory

from . import assets
from .actions import PanelActions
from .feed import Feed
from .messages import BadMessage, parse
from .replies import Replies

logger = logging.getLogger(__name__)


class TaskPanel(anywidget.AnyWidget):
    """The live panel of a history; displayed twice, it is one panel with two views.

    Rows travel as custom messages, never as state: the one trait that holds rows,
    `snapshot`, is made when somebody reads the state (a page that reloads, a
    notebook that is saved) and holds the newest 500.
    """

    _esm = assets.script()
    _css = assets.style()

    #: Which panel this is, for what its views share in the browser.
    panel_id = traitlets.Unicode(read_only=True).tag(sync=True)
    #: The newest rows, as `rows.py` writes them.
    snapshot = traitlets.Dict().tag(sync=True)
    #: Seconds after which the end of a task raises a browser notification; 0 for never.
    notify_after = traitlets.Float(0.0, min=0.0).tag(sync=True)

    def __init__(self, history: TaskHistory, actions: PanelActions, **traits: Any) -> None:
        self._history = history
        self._feed = Feed(history, self.send)
        self._replies = Replies(history, self._feed, actions)
        self.set_trait("panel_id", uuid.uuid4().hex)
        super().__init__(**traits)
        self.on_msg(self._heard)
        self._feed.start()

    def open(self) -> None:
        """Open the comm, and hear the browser on its own subshell where there is one.

        ipykernel 7.4 would move the answers to the main thread, where a running
        synchronous task keeps them waiting.
        """
        super().open()
        comm = self.comm
        if hasattr(comm, "_reply_subshell_for"):
            comm._reply_subshell_for = _same_subshell

    def __repr__(self) -> str:
        """What is left of the panel where no widget can be shown."""
        count = len(self._history)
        return f"<TaskPanel: {count:,} {'task' if count == 1 else 'tasks'}; %tasks opens it>"

    def close(self) -> None:
        """End the panel, its feed with it."""
        self._feed.stop()
        super().close()

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """The state of the widget, with the rows as they are now."""
        state: dict[str, Any] = super().get_state(key=key, drop_defaults=drop_defaults)
        if key is None or key == "snapshot" or (not isinstance(key, str) and "snapshot" in key):
            state["snapshot"] = self._feed.saved_rows()
        return state

    def _heard(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Answer a message of the browser; on any thread."""
        try:
            request = parse(content)
        except BadMessage as error:
            logger.warning("The task panel ignored a message: %s", error)
            return
        for message in self._replies.to(request):
            self.send(message)


def _same_subshell(_data: Any, subshell: Any) -> Any:
    return subshell
