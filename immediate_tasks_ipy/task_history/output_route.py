"""Where the output of a context goes: to a task as well, or to a task alone.

The mark is a context variable, so it follows asyncio tasks, `asyncio.to_thread`
and threads started in a copied context. A plain `threading.Thread` has none
before Python 3.14: what it writes goes to the cell.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, Protocol, Self


class Writable(Protocol):
    """Keeps text: an `Output`, or a submission."""

    def write(self, text: str, /) -> None: ...


#: MIME types named of one display; a bundle rarely has more than three.
NAMED_TYPES = 5


class Route:
    """Marks a context while it is entered: what is written there belongs to `output`.

    A route is entered once. Leaving it in another context than it was entered
    in does nothing: the mark ends with its context.
    """

    __slots__ = ("_outer", "_token", "cleared", "output")

    def __init__(self, output: Writable) -> None:
        self.output = output
        #: True once the cell's output was cleared, and with it whatever showed the task.
        self.cleared = False
        self._outer: Route | None = None
        self._token: Token[Route | None] | None = None

    def __enter__(self) -> Self:
        self._outer = current_route.get()
        self._token = current_route.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            with contextlib.suppress(RuntimeError, ValueError):
                current_route.reset(self._token)

    def write(self, write: Callable[..., Any], stream: Any, text: str) -> Any:
        """Take the text that `write(stream, text)` would have written."""
        raise NotImplementedError

    def publish(self, publish: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Take the display that `publish(*args, **kwargs)` would have shown."""
        raise NotImplementedError

    def clear(self, clear: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Take the call that would have cleared the cell's output."""
        raise NotImplementedError

    def buffer(self, stream: Any) -> Any:
        """The binary stream under a text stream."""
        raise NotImplementedError


#: Where the output of this context goes; None lets it pass.
current_route: ContextVar[Route | None] = ContextVar("current_route", default=None)


class tee_to(Route):  # noqa: N801 # reads as a verb: `with tee_to(output):`
    """Let output go where it would, and keep a copy: a single task in the foreground."""

    __slots__ = ()

    def write(self, write: Callable[..., Any], stream: Any, text: str) -> Any:
        count = self._outside(write, stream, text)
        if isinstance(text, str):
            self.output.write(str.__str__(text))
        return count

    def publish(self, publish: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        published = self._outside(publish, *args, **kwargs)
        self.output.write(display_text(_bundle(args, kwargs)))
        return published

    def clear(self, clear: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.cleared = True
        return self._outside(clear, *args, **kwargs)

    def buffer(self, stream: Any) -> Any:
        return stream.buffer if self._outer is None else self._outer.buffer(stream)

    def _outside(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call as if this route were not entered, so that nothing below copies a second time."""
        token = current_route.set(self._outer)
        try:
            return function(*args, **kwargs)
        finally:
            current_route.reset(token)


class redirect_to(Route):  # noqa: N801 # reads as a verb: `with redirect_to(output):`
    """Keep output away from the cell: tasks of a batch, concurrent ones, background ones.

    Clearing the output does nothing there: the cell's output is not the task's.
    """

    __slots__ = ()

    def write(self, _write: Callable[..., Any], _stream: Any, text: str) -> int:
        if not isinstance(text, str):
            msg = f"write() argument must be str, not {type(text).__name__}"
            raise TypeError(msg)
        text = str.__str__(text)
        self.output.write(text)
        return len(text)

    def publish(self, publish: Callable[..., Any], *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        bundle = _bundle(args, kwargs)
        if not isinstance(bundle, dict):
            msg = f"data must be a dict, got: {bundle!r}"
            raise TypeError(msg)
        self.output.write(display_text(bundle))

    def clear(self, *_: Any, **__: Any) -> None:
        pass

    def buffer(self, stream: Any) -> Any:
        stream.buffer  # noqa: B018 # AttributeError where there is none
        return _RedirectedBytes(self.output, getattr(stream, "encoding", None) or "utf-8")


class pass_through:  # noqa: N801 # reads as a verb: `with pass_through():`
    """Let output pass whatever the context: for what shows a task from within one."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = current_route.set(None)

    def __exit__(self, *_: object) -> None:
        current_route.reset(self._token)


def routed(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A display publisher's `publish` or `clear_output`, by `name`, that asks the route first."""
    take = {"publish": "publish", "clear_output": "clear"}[name]

    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        route = current_route.get()
        if route is None:
            return method(*args, **kwargs)
        return getattr(route, take)(wrapper, *args, **kwargs)

    return wrapper


def display_text(bundle: Any) -> str:
    """A display as text: its rich MIME types by name, then its plain text; never raises."""
    try:
        plain = bundle.get("text/plain")
        text = plain if isinstance(plain, str) else ""
        rich = [str(mime) for mime in bundle if mime != "text/plain"]
        if not rich:
            return f"{text}\n" if text else ""
        more = f", and {len(rich) - NAMED_TYPES} more" if len(rich) > NAMED_TYPES else ""
        name = f"[{', '.join(rich[:NAMED_TYPES])}{more}]"
        gap = "\n" if "\n" in text else " "
        return f"{name}{gap}{text}\n" if text else f"{name}\n"
    except Exception:
        return "[a display]\n"


def _bundle(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs.get("data")


class _RedirectedBytes(io.RawIOBase):
    """Bytes written to `sys.stdout.buffer` by a task whose output is redirected."""

    def __init__(self, output: Writable, encoding: str) -> None:
        super().__init__()
        self._output = output
        self._encoding = encoding

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        content = bytes(data)
        self._output.write(content.decode(self._encoding, "replace"))
        return len(content)


def _forget() -> None:
    current_route.set(None)


# Nothing reads a forked child's copy of the output: what it prints passes.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
