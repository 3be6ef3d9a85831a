"""The widget: where the feed and the browser meet."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from immediate_tasks_ipy.task_history import Recorder

from . import assets
from .actions import PanelActions
from .feed import Feed
from .long_replies import LongReplies
from .replies import Replies, refusal
from .requests import BadMessage, Export, Rerun, RerunFailed, Search, Stop, parse, request_name

logger = logging.getLogger(__name__)


class TaskPanel(anywidget.AnyWidget):
    """The live panel of a history; displayed twice, it is one panel with two views.

    Rows travel as custom messages, never as state: the one trait that holds rows,
    `snapshot`, is made when the state is read (a page that reloads, a notebook
    that is saved) and holds the newest 500.
    """

    _esm = assets.script()
    _css = assets.style()

    #: Which panel this is, for what its views share in the browser: the id of its comm.
    panel_id = traitlets.Unicode(read_only=True).tag(sync=True)
    #: The newest rows, as `rows.py` writes them.
    snapshot = traitlets.Dict().tag(sync=True)
    #: Seconds after which the end of a task raises a browser notification; 0 for never.
    notify_after = traitlets.Float(0.0, min=0.0).tag(sync=True)

    def __init__(self, recorder: Recorder, actions: PanelActions, **traits: Any) -> None:
        self._recorder = recorder
        self._feed = Feed(recorder, self.send)
        self._replies = Replies(recorder, self._feed, actions)
        self._long_replies = LongReplies(self.send)
        #: Called when the panel is about to be displayed.
        self.on_display: Callable[[], object] | None = None
        self.set_trait("panel_id", uuid.uuid4().hex)
        super().__init__(model_id=self.panel_id, **traits)
        self.on_msg(self._on_message)
        self._feed.start()

    def open(self) -> None:
        """Open the comm; messages arrive on the subshell of the browser where there is one.

        ipykernel 7.4 would move the replies to the main thread, where a running
        synchronous task keeps them waiting.
        """
        super().open()
        comm = self.comm
        if hasattr(comm, "_reply_subshell_for"):
            comm._reply_subshell_for = _same_subshell

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if self.on_display is not None:
            self.on_display()
        return super()._repr_mimebundle_(**kwargs)

    def __repr__(self) -> str:
        """What is left of the panel where no widget can be shown."""
        count = len(self._recorder)
        return f"<TaskPanel: {count:,} {'task' if count == 1 else 'tasks'}; %tasks opens it>"

    def close(self) -> None:
        """End the panel, its feed with it."""
        self._feed.stop()
        self._long_replies.close()
        super().close()

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """The state of the widget, with the rows as they are now."""
        state: dict[str, Any] = super().get_state(key=key, drop_defaults=drop_defaults)
        if key is None or key == "snapshot" or (not isinstance(key, str) and "snapshot" in key):
            state["snapshot"] = self._feed.saved_rows()
        return state

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Refuse what a page sends as state: all of it is the kernel's to write.

        `_esm` is state too: every open page would run what one page sent.
        """
        logger.warning("The task panel ignored state from the browser: %s", ", ".join(sync_data))

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Reply to a message of the browser. Thread-safe."""
        try:
            request = parse(content)
        except BadMessage as error:
            logger.warning("The task panel ignored a message: %s", error)
            name = request_name(content)
            if name is not None:
                self.send(refusal(name, f"The kernel did not understand the panel: {error}."))
            return
        replies = self._replies.handle(request)
        if isinstance(request, Export | Search | Rerun | RerunFailed):
            self._long_replies.start(request.request, replies)
            return
        if isinstance(request, Stop):
            self._long_replies.stop(request.target)
        for message in replies:
            if message is not None:
                self.send(message)


def _same_subshell(_data: Any, subshell: Any) -> Any:
    return subshell
