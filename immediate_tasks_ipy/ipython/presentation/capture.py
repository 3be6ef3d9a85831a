"""The proxies that send what a task writes to its route.

`install` puts them before `sys.stdout`, `sys.stderr` and the shell's display
publisher, once; `uninstall` takes them away. Code that keeps a proxy (a
logging handler) can go on writing to it. What is written to a file descriptor
(by C extensions and subprocesses) is not seen.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from immediate_tasks_ipy.task_history.output_route import current_route, routed

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_STREAMS = ("stdout", "stderr")


class StreamProxy:
    """A text stream that hands what is written in a task's context to the task's route.

    In all else it is its target, to `isinstance` as well: ipykernel and others
    look for attributes and classes of their own streams.
    """

    _target: Any

    def __init__(self, target: Any) -> None:
        object.__setattr__(self, "_target", target)

    def write(self, text: str, /) -> Any:
        route = current_route.get()
        if route is None:
            return self._target.write(text)
        return route.write(StreamProxy.write, self, text)

    def writelines(self, lines: Iterable[str], /) -> None:
        if current_route.get() is None:
            self._target.writelines(lines)
            return
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> Any:
        route = current_route.get()
        return self._target.buffer if route is None else route.buffer(self._target)

    @property
    def __class__(self) -> Any:  # the class of its target, to `isinstance`
        return type(self._target)

    @__class__.setter
    def __class__(self, value: Any) -> None:
        self._target.__class__ = value

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def __setattr__(self, name: str, value: Any) -> None:
        # IPython replaces `write` while a cell runs, by one that calls what it replaced.
        if name in _OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self._target, name, value)

    def __delattr__(self, name: str) -> None:
        if name in _OWN:
            object.__delattr__(self, name)
        else:
            delattr(self._target, name)

    def __dir__(self) -> list[str]:
        return dir(self._target)

    def __repr__(self) -> str:
        return repr(self._target)

    def __iter__(self) -> Iterator[str]:
        return iter(self._target)

    def __next__(self) -> str:
        line: str = next(self._target)
        return line

    def __enter__(self) -> Any:
        self._target.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> Any:
        return self._target.__exit__(*exc_info)

    def __reduce__(self) -> tuple[Any, ...]:
        """The standard stream of whichever process unpickles it."""
        return getattr, (sys, "stderr" if sys.stderr is self else "stdout")


_OWN = frozenset({"_target", "write", "writelines"})


class _Capture:
    """What `install` put in place for one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._publisher = shell.display_pub
        self._publish = _Wrapped(self._publisher, "publish")
        self._clear_output = _Wrapped(self._publisher, "clear_output")
        self._app = getattr(getattr(shell, "pt_app", None), "app", None)
        if self._app is not None:
            # A prompt of prompt_toolkit replaces the streams for as long as it is shown.
            self._app.before_render += self._while_prompting

    def remove(self) -> None:
        self._publish.remove()
        self._clear_output.remove()
        if self._app is not None:
            self._app.before_render -= self._while_prompting

    @staticmethod
    def _while_prompting(_: object) -> None:
        for name in _STREAMS:
            _put_before(name)


class _Wrapped:
    """A method of the display publisher, replaced by one that asks the route first."""

    def __init__(self, owner: Any, name: str) -> None:
        self._owner, self._name = owner, name
        self._displaced = vars(owner).get(name)
        method: Callable[..., Any] = getattr(owner, name)
        self._wrapper = wrapper = routed(method, name)
        setattr(owner, name, wrapper)

    def remove(self) -> None:
        """Put the method back, unless someone has replaced the replacement."""
        if vars(self._owner).get(self._name) is not self._wrapper:
            return
        if self._displaced is None:
            delattr(self._owner, self._name)
        else:
            setattr(self._owner, self._name, self._displaced)


_capture: _Capture | None = None


def install(shell: InteractiveShell) -> None:
    """Put the proxies in place, or back in place where something has displaced them.

    Logging handlers that write to the streams write to the proxies then.
    Calling it again is cheap and changes nothing that is in place.
    """
    global _capture
    for name in _STREAMS:
        displaced = getattr(sys, name)
        if _put_before(name):
            _redirect_logging(displaced, getattr(sys, name))
    if _capture is not None and _capture.shell is not shell:
        _capture.remove()
        _capture = None
    if _capture is None:
        _capture = _Capture(shell)


def uninstall() -> None:
    """Take the proxies away; what others have put before them stays."""
    global _capture
    for name in _STREAMS:
        proxy = getattr(sys, name)
        if type(proxy) is StreamProxy:
            stream = _behind(proxy)
            setattr(sys, name, stream)
            _redirect_logging(proxy, stream)
    if _capture is not None:
        _capture.remove()
        _capture = None


def _put_before(name: str) -> bool:
    stream = getattr(sys, name)
    if stream is None or type(stream) is StreamProxy:
        return False
    setattr(sys, name, StreamProxy(stream))
    return True


def _behind(stream: Any) -> Any:
    while type(stream) is StreamProxy:
        stream = stream._target
    return stream


def _redirect_logging(old: Any, new: Any) -> None:
    loggers = [logging.root, *list(logging.root.manager.loggerDict.values())]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):
            if isinstance(handler, logging.StreamHandler) and vars(handler).get("stream") is old:
                handler.setStream(new)
