"""The text of an exception, as `traceback.format_exception` has it, with a memo of its frames.

The fast path. Most of the time goes into the lines of a frame: its source is looked up, parsed,
and the failing part underlined. They are the same each time for one instruction of one code
object, as long as the file is. So they are kept by code object and instruction, with the entry
of `linecache` that they were made from, and made again when that is another one.

Whatever is out of the ordinary goes the plain way: causes, contexts, notes, groups, syntax
errors, names that Python would suggest others for, recursion. A property test holds that both
give the same text.
"""

from __future__ import annotations

import linecache
import sys
from traceback import format_exception, format_tb
from types import CodeType, TracebackType

#: Frames that are kept.
LIMIT = 1024
#: As many equal lines in a row as are printed before they are counted.
_REPEATED = 3

#: By the identity of a code object and an instruction: the code object, the entry of its file in
#: linecache, the text.
_memo: dict[tuple[int, int], tuple[CodeType, object, str]] = {}

#: Their text depends on more than class and message.
_PLAIN = (SyntaxError, NameError, AttributeError, ImportError, BaseExceptionGroup)


def exception_text(error: BaseException) -> str:
    """The text of an exception and its traceback. Raises what the exception's own methods raise."""
    text = _fast_text(error)
    return "".join(format_exception(error)) if text is None else text


def _fast_text(error: BaseException) -> str | None:
    """The text; None where only the plain way is sure to give it."""
    kind = type(error)
    if (
        issubclass(kind, _PLAIN)
        or error.__cause__ is not None
        or (error.__context__ is not None and not error.__suppress_context__)
        or hasattr(error, "__notes__")
        or hasattr(sys, "tracebacklimit")
    ):
        return None
    message = _message(error)
    if message is None:
        return None
    if error.__traceback__ is None:
        return message
    frames = _frames(error.__traceback__)
    return None if frames is None else f"Traceback (most recent call last):\n{frames}{message}"


def _message(error: BaseException) -> str | None:
    """The last line: class and message."""
    kind = type(error)
    module, name = kind.__module__, kind.__qualname__
    try:
        text = str(error)
    except Exception:
        return None
    if type(module) is not str or type(name) is not str:
        return None
    if module not in {"__main__", "builtins"}:
        name = f"{module}.{name}"
    return f"{name}: {text}\n" if text else f"{name}\n"


def _frames(traceback: TracebackType) -> str | None:
    """The lines of the frames; None where some are repeated so often that they are counted."""
    texts: list[str] = []
    checked: set[str] = set()
    last: object = None
    repeated = 0
    trace: TracebackType | None = traceback
    while trace is not None:
        code = trace.tb_frame.f_code
        name = code.co_filename
        place = (name, trace.tb_lineno, code.co_name)
        repeated = repeated + 1 if place == last else 1
        last = place
        if repeated > _REPEATED:
            return None
        if name not in checked:
            checked.add(name)
            linecache.checkcache(name)
        texts.append(_frame_text(trace, code, linecache.cache.get(name)))
        trace = trace.tb_next
    return "".join(texts)


def _frame_text(trace: TracebackType, code: CodeType, source: object) -> str:
    """The lines of one frame; `source` is the entry of its file in linecache."""
    key = (id(code), trace.tb_lasti)
    kept = _memo.get(key)
    if kept is not None and source is not None and kept[0] is code and kept[1] is source:
        return kept[2]
    alone = TracebackType(None, trace.tb_frame, trace.tb_lasti, trace.tb_lineno)
    text = "".join(format_tb(alone))
    source = linecache.cache.get(code.co_filename)
    if source is not None:
        if len(_memo) >= LIMIT:
            _memo.clear()
        _memo[key] = (code, source, text)
    return text
