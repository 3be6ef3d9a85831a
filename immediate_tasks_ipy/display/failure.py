"""A failed task's traceback as HTML: the user's own lines in front, libraries folded."""

from __future__ import annotations

from typing import Any

from .markup import COLOURS, block, code, escape, fold, paragraph
from .outcome import error_headline
from .plain_text import head, visible
from .tracebacks import Frame, Segment, frames

#: The user's own frames that are shown with their source: the outermost, and the innermost.
OUTER, INNER = 1, 2
#: Library frames that are listed, exceptions of a chain, and earlier attempts that are shown.
LISTED, CHAIN, ATTEMPTS = 12, 3, 3
#: Characters of a message below its first line, and of one line of source.
MESSAGE, LINE = 1000, 120

_RED = COLOURS["FAILED"]
_FAILING = (
    '<strong style="display:inline-block;width:100%;box-sizing:border-box;'
    f'background:rgba(224,67,67,0.18);border-left:3px solid {_RED};padding:0 8px 0 5px">'
)
_NAMELESS = ("<module>", "")


def failure(errors: list[Any], see: str, *, cut_headline: bool) -> list[str]:
    """The traceback of the last error, the exceptions before it, earlier attempts: a part each.

    `see` is the command that shows the whole; `cut_headline` is true where the
    summary above had no room for the first line of the message.
    """
    if not errors:
        return []
    parts = []
    chain = frames(errors[-1].traceback)
    message = chain[-1].message if cut_headline else chain[-1].rest
    if message.strip():
        parts.append(block(_cut(message, MESSAGE, see), wrap=True))
    parts += _segment(chain[-1], see)
    parts += [_earlier(chain[i], chain[i + 1].joined_by) for i in range(len(chain) - 2, -1, -1)][
        :CHAIN
    ]
    if len(chain) > CHAIN + 1:
        parts.append(paragraph(f"…{len(chain) - CHAIN - 1:,} earlier exceptions: {code(see)}"))
    if len(errors) > 1:
        parts.append(_attempts(errors))
    return [part for part in parts if part]


def shown_frames(segment: Segment) -> tuple[list[Frame], list[Frame]]:
    """The user's frames to show with source, and all the others, each in call order."""
    own = [frame for frame in segment.frames if not frame.library]
    front = own if len(own) <= OUTER + INNER else own[:OUTER] + own[-INNER:]
    chosen = {id(frame) for frame in front}
    return front, [frame for frame in segment.frames if id(frame) not in chosen]


def place(frame: Frame) -> str:
    """`Cell [7], line 4, in fetch`; the function left out where there is none."""
    return f"{frame.label}, line {frame.line}" + _within(frame)


def _within(frame: Frame) -> str:
    named = frame.function not in _NAMELESS and not frame.function.startswith("<cell line")
    return f", in {frame.function}" if named else ""


def folded_title(folded: list[Frame]) -> str:
    """`3 library frames: http/client.py, ...`."""
    library = sum(frame.library for frame in folded)
    own = len(folded) - library
    counts = []
    if own:
        counts.append(f"{own:,} more frame{'s' * (own != 1)} of yours")
    if library:
        counts.append(f"{library:,} library frame{'s' * (library != 1)}")
    names = list(dict.fromkeys(frame.label for frame in folded))
    listed = ", ".join(name[-LINE // 2 :] for name in names[:4])
    return f"{' and '.join(counts)}: {listed}{', …' * (len(names) > 4)}"  # noqa: PLR2004


def _segment(segment: Segment, see: str) -> list[str]:
    front, folded = shown_frames(segment)
    parts = [_frame(frame) for frame in front]
    if folded:
        lines = []
        for frame in folded[:LISTED]:
            lines.append(escape(place(frame)[: 2 * LINE]))
            lines += [f"    {escape(line.text[:LINE])}" for line in frame.source if line.failing]
        if len(folded) > LISTED:
            lines.append(f"…{len(folded) - LISTED:,} more: {escape(see)}")
        inner = block("\n".join(lines), faint=True)
        parts.append(fold(escape(folded_title(folded)), inner))
    return parts


def _frame(frame: Frame) -> str:
    within = _within(frame)[5:]
    place_text = f"<b>{escape(frame.label[:LINE])}, line {frame.line}</b>"
    if within:
        place_text += f", in {code(within[:LINE])}"
    if frame.repeated:
        place_text += f", and {frame.repeated:,} times more"
    title = paragraph(place_text)
    if not frame.source:
        return title
    width = max(len(str(line.number)) for line in frame.source)
    lines = []
    for line in frame.source:
        text = escape(line.text[:LINE]) + ("…" if len(line.text) > LINE else "")
        if line.failing:
            lines.append(f"{_FAILING}▶ {line.number:>{width}}  {text}</strong>")
        else:
            lines.append(f'<span style="padding:0 8px">  {line.number:>{width}}  {text}</span>')
    return title + "\n" + block("\n".join(lines), inset=0)


def _earlier(segment: Segment, joined_by: str) -> str:
    """An exception that came first: named, with the user's innermost frame."""
    relation = "Caused by" if joined_by == "cause" else "While handling"
    text = segment.headline[: 2 * LINE] + ("…" if len(segment.headline) > 2 * LINE else "")
    front, _ = shown_frames(segment)
    inner = paragraph(f"{relation} {code(text)}")
    return inner + ("\n" + _frame(front[-1]) if front else "")


def _attempts(errors: list[Any]) -> str:
    first = max(0, len(errors) - 1 - ATTEMPTS)
    lines = [
        f"{number}: {escape(error_headline(error))}"
        for number, error in enumerate(errors[first:-1], first + 1)
    ]
    earlier = len(errors) - 1
    return fold(
        f"{earlier:,} earlier attempt{'s' * (earlier != 1)} failed",
        block("\n".join(lines), wrap=True, faint=True),
    )


def _cut(text: str, limit: int, see: str) -> str:
    text = text.strip("\n")
    if len(text) <= limit:
        return escape(text)
    more = f"…{len(text) - limit:,} more characters: {see}"
    return f"{escape(head(visible(text), limit))}\n{escape(more)}"
