"""Text that came from a task, made safe to print: bounded, and with nothing invisible in it."""

from __future__ import annotations

import re

#: Control characters, line separators, bidirectional overrides, lone surrogates: what a
#: terminal would obey, what a reader would not see, and what UTF-8 can't carry.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
#: Colours and cursor movements, as written by tqdm, rich and the like.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_QUOTED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_IN_QUOTES = re.compile(r'[\\"\n\t\r]')


def escaped(match: re.Match[str]) -> str:
    """A character as Python would write it in a string, by its code."""
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 (one byte)


def visible(text: str) -> str:
    """The text with every character that is unsafe to print written as an escape."""
    return _UNSAFE.sub(escaped, text)


def head(text: str, limit: int) -> str:
    """The first `limit` characters, cheaply even of a huge or subclassed string."""
    return str.__getitem__(text, slice(0, limit))


def tail(text: str, limit: int) -> str:
    """The last `limit` characters, cheaply even of a huge or subclassed string."""
    return str.__getitem__(text, slice(max(0, str.__len__(text) - limit), None))


def one_line(text: str, limit: int, keep: int = 0) -> str:
    """At most `limit` characters on one line; where it is cut, the last `keep` stay."""
    short = str.__len__(text) <= 4 * limit
    line = visible(" ".join(head(text, 4 * limit).split()))
    if short and len(line) <= limit:
        return line
    end = visible(" ".join(tail(text, keep).split()))[-keep:] if keep else ""
    return line[: max(1, limit - len(end) - 1)] + "…" + end


def quoted(text: str, limit: int) -> str:
    """A string in double quotes, at most about `limit` characters long."""
    limit = max(limit, 8)
    start = _IN_QUOTES.sub(lambda match: _QUOTED[match[0]], head(text, limit + 1))
    start = visible(start)
    if str.__len__(text) <= limit and len(start) + 2 <= limit:
        return f'"{start}"'
    return f'"{start[: limit - 3]}…"'


def written(text: str) -> str:
    """Terminal output as it looked in the end: no colours, overwritten lines gone."""
    text = _ANSI.sub("", text).replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return visible(text)


def clipped_lines(text: str, lines: int, characters: int) -> tuple[str, int]:
    """The end of an output, and how many characters before it were left out.

    The last `lines` lines are taken, and of these at most `characters`.
    """
    size = str.__len__(text)
    end = tail(text, characters)
    kept = end.rstrip("\n").rsplit("\n", lines)
    if len(kept) > lines:
        end = "\n".join(kept[1:])
    elif size > len(end) and "\n" in end.rstrip("\n"):
        end = end.partition("\n")[2]
    end = end.rstrip("\n")
    return written(end), max(0, len(text.rstrip("\n")) - len(end))
