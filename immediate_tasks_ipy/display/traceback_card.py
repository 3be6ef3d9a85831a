"""A failed task's traceback as HTML: the user's own lines in front, libraries folded."""

from __future__ import annotations

from .markup import COLOURS, block, code, disclosure, escape, nested, paragraph
from .traceback_view import ExceptionView, MemberView, TracebackView
from .tracebacks import Frame
from .values import head, visible

#: Folded frames that are listed.
LISTED = 12
#: Characters of a message below its first line, of a member's message, and of a line of source.
MESSAGE, MEMBER_MESSAGE, LINE = 1000, 300, 120

_RED = COLOURS["FAILED"]
_FAILING = (
    '<strong style="display:inline-block;width:100%;box-sizing:border-box;'
    f'background:rgba(224,67,67,0.18);border-left:3px solid {_RED};padding:0 8px 0 5px">'
)


def traceback_parts(view: TracebackView, see: str, *, cut_headline: bool) -> list[str]:
    """The last exception, those that led to it, earlier attempts: a part each.

    `see` is the command that shows the whole; `cut_headline` is true where the
    summary above had no room for the first line of the message.
    """
    last = view.exceptions[0]
    message = last.message if cut_headline else last.rest
    parts = [_message(message, MESSAGE, see), *map(_frame, last.open_frames), _folded(last, see)]
    if last.is_group:
        parts.append(paragraph(escape(last.members_title)))
        parts.append(_members(last, see))
    parts += [_earlier(exception, see) for exception in view.exceptions[1:]]
    if view.more_exceptions:
        parts.append(paragraph(f"…{view.more_exceptions:,} earlier exceptions: {code(see)}"))
    if view.attempts:
        lines = [f"{number}: {escape(headline)}" for number, headline in view.attempts]
        drawn = block("\n".join(lines), wrap=True, faint=True)
        parts.append(disclosure(view.attempts_title, drawn))
    return [part for part in parts if part]


def innermost_frames(view: TracebackView, count: int = 2) -> list[str]:
    """The user's innermost frames of the exception that ended the task, for a short account."""
    return [part for part in map(_frame, view.exceptions[0].open_frames[-count:]) if part]


def _message(text: str, limit: int, see: str) -> str:
    text = text.strip("\n")
    if not text.strip():
        return ""
    if len(text) <= limit:
        return block(escape(text), wrap=True)
    more = f"…{len(text) - limit:,} more characters: {see}"
    return block(f"{escape(head(visible(text), limit))}\n{escape(more)}", wrap=True)


def _frame(frame: Frame) -> str:
    name = frame.function_name
    title = f"<b>{escape(frame.label[:LINE])}, line {frame.line}</b>"
    if name:
        title += f", in {code(name[:LINE])}"
    drawn = paragraph(title + frame.repetition)
    if not frame.source:
        return drawn
    width = max(len(str(line.number)) for line in frame.source)
    lines = []
    for line in frame.source:
        text = escape(_line(line.text))
        if line.failing:
            lines.append(f"{_FAILING}▶ {line.number:>{width}}  {text}</strong>")
        else:
            lines.append(f'<span style="padding:0 8px">  {line.number:>{width}}  {text}</span>')
    return drawn + "\n" + block("\n".join(lines), inset=0)


def _folded(exception: ExceptionView, see: str) -> str:
    folded = exception.folded_frames
    if not folded:
        return ""
    lines = []
    for frame in folded[:LISTED]:
        lines.append(escape(frame.place[: 2 * LINE]))
        lines += [f"    {escape(line.text[:LINE])}" for line in frame.source if line.failing]
    if len(folded) > LISTED:
        lines.append(f"…{len(folded) - LISTED:,} more: {escape(see)}")
    return disclosure(escape(exception.folded_title), block("\n".join(lines), faint=True))


def _earlier(exception: ExceptionView, see: str) -> str:
    """An exception that came first: named, with the user's innermost frame."""
    name = code(_line(exception.headline, 2 * LINE))
    parts = [paragraph(f"{exception.relation} {name}"), *map(_frame, exception.open_frames[-1:])]
    if exception.is_group:
        parts.append(_members(exception, see))
    return "\n".join(parts)


def _members(exception: ExceptionView, see: str) -> str:
    """The members of a group, set in, each with the user's innermost frame."""
    items = [_member(member, see) for member in exception.members]
    if exception.more_members:
        items.append(paragraph(f"…{exception.more_members:,} more: {code(see)}"))
    return nested(items)


def _member(member: MemberView, see: str) -> str:
    exception, *earlier = member.exceptions
    parts = [
        paragraph(code(_line(member.headline, 2 * LINE), bold=True)),
        _message(exception.rest, MEMBER_MESSAGE, see),
        *(paragraph(escape(frame.place[: 2 * LINE])) for frame in exception.open_frames[:-1]),
        *map(_frame, exception.open_frames[-1:]),
        "" if exception.open_frames else _folded(exception, see),
    ]
    if exception.is_group:
        parts.append(_members(exception, see))
    parts += [_earlier(each, see) for each in earlier]
    return "\n".join(part for part in parts if part)


def _line(text: str, limit: int = LINE) -> str:
    return text[:limit] + ("…" if len(text) > limit else "")
