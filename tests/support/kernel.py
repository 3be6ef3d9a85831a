"""A real kernel in a process of its own, spoken to as a front end speaks to it."""

from __future__ import annotations

import os
import queue
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_client.manager import KernelManager

from tests.support.services import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLORS = re.compile(r"\x1b\[[0-9;]*m")

Message = dict[str, Any]


@dataclass
class Reply:
    """What one execute request gave: the reply and, in order, its messages on IOPub."""

    message_id: str
    messages: list[Message] = field(default_factory=list)
    content: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.content.get("status") == "ok"

    def of_type(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the contents of the messages of these types."""
        return [m["content"] for m in self.messages if m["msg_type"] in kinds]

    def stream(self, name: str = "stdout") -> str:
        """Return what was written to a stream."""
        return "".join(c["text"] for c in self.of_type("stream") if c["name"] == name)

    @property
    def error(self) -> str:
        """The traceback as text, without colours; empty where nothing was raised."""
        lines = [line for content in self.of_type("error") for line in content["traceback"]]
        return COLORS.sub("", "\n".join(lines))

    @property
    def refusal(self) -> str:
        """What went wrong, in whichever way: a UsageError is written, not raised."""
        return self.error + COLORS.sub("", self.stream("stderr"))

    @property
    def outputs(self) -> list[dict[str, str]]:
        """The MIME bundles a front end shows at the end, updates in place followed."""
        shown: list[dict[str, str]] = []
        places: dict[str, int] = {}
        for message in self.messages:
            content, kind = message["content"], message["msg_type"]
            name = content.get("transient", {}).get("display_id")
            if kind in {"display_data", "execute_result"}:
                places[name] = len(shown)
                shown.append(content["data"])
            elif kind == "update_display_data" and name in places:
                shown[places[name]] = content["data"]
            elif kind == "clear_output":
                shown.clear()
        return shown

    @property
    def html(self) -> str:
        """The HTML of all outputs as they stand at the end."""
        return "\n".join(data.get("text/html", "") for data in self.outputs)

    @property
    def text(self) -> str:
        """The plain text of all outputs as they stand at the end."""
        return "\n".join(data.get("text/plain", "") for data in self.outputs)


class Kernel:
    """A kernel of the interpreter `python`, with a client connected to it."""

    def __init__(
        self,
        python: Path,
        *arguments: str,
        home: Path,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.python = python
        self.manager = KernelManager(shutdown_wait_time=2)
        self.manager.kernel_spec_manager.ensure_native_kernel = True
        self.manager.kernel_spec.argv = [
            str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}", *arguments,
        ]  # fmt: skip
        self._environment = (
            os.environ
            | (environment or {})
            | {
                "IPYTHONDIR": str(home / "ipython"),
                "JUPYTER_CONFIG_DIR": str(home / "config"),
            }
        )
        self._home = home
        self._replies: dict[str, Reply] = {}
        self._listeners: list[Callable[[Message], object]] = []
        self.boot()

    def boot(self) -> None:
        """Start the kernel process and connect to it."""
        self.manager.start_kernel(env=self._environment, cwd=str(self._home))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def close(self) -> None:
        """Shut the kernel down and let go of it."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)
        self.manager.context.destroy(linger=0)

    def start(self, code: str, *, stdin: bool = False, hidden: bool = False) -> Reply:
        """Send a cell and return at once; its reply fills as messages are waited for.

        With `hidden`, as front ends look at variables between two cells.
        """
        message_id = self.client.execute(
            code, silent=hidden, allow_stdin=stdin, store_history=not hidden
        )
        self._replies[message_id] = reply = Reply(message_id)
        return reply

    def run(self, code: str) -> Reply:
        """Run a cell to its end."""
        reply = self.start(code)
        self.finish(reply)
        return reply

    def finish(self, reply: Reply) -> None:
        """Wait until a cell that was started is done and its messages have arrived."""
        self.wait_for(lambda: reply.content and "idle" in _states(reply))

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Take messages in until `condition()` holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self.manager.is_alive(), "The kernel died."
            assert time.monotonic() < deadline, self.describe()
            self._take_in()

    def _take_in(self) -> None:
        for channel in (self.client.iopub_channel, self.client.shell_channel):
            while True:
                wait = 0.02 if channel is self.client.iopub_channel else 0
                try:
                    message = channel.get_msg(timeout=wait)
                except queue.Empty:
                    break
                self._sort_in(message)

    def _sort_in(self, message: Message) -> None:
        for listener in self._listeners:
            listener(message)
        reply = self._replies.get(message["parent_header"].get("msg_id", ""))
        if reply is None:
            return
        if message["msg_type"] == "execute_reply":
            reply.content = message["content"]
        else:
            reply.messages.append(message)

    def listen(self, listener: Callable[[Message], object]) -> None:
        """Hand every message that is taken in to `listener`, whichever cell it belongs to."""
        self._listeners.append(listener)

    def interrupt(self) -> None:
        """Press the stop button."""
        self.manager.interrupt_kernel()

    def value(self, expression: str) -> str:
        """Return the repr of an expression in the kernel, past the display machinery."""
        reply = self.run(f"print(repr(({expression})), end='')")
        assert reply.ok, reply.error
        return reply.stream()

    def describe(self) -> str:
        """Return the messages so far, for the message of a failing test."""
        return "\n".join(
            f"{message['msg_type']}: {message['content']}"
            for reply in self._replies.values()
            for message in reply.messages
        )[-8000:]


def _states(reply: Reply) -> list[str]:
    return [content["execution_state"] for content in reply.of_type("status")]
