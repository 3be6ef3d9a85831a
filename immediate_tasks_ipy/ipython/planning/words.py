"""Words of a magic's line: as in a shell, but brackets hold together what Python would."""

from __future__ import annotations

import io
import re
import shlex
import tokenize
from typing import NamedTuple

from IPython.core.error import UsageError

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"' + r"|'(?:\\.|[^'\\])*'", re.DOTALL)


class Word(NamedTuple):
    """One word of a line."""

    #: Without the quotes around it, or around parts of it.
    value: str
    #: Where the line goes on.
    end: int


def read_word(line: str, start: int) -> Word | None:
    """The word that begins at `start` or after white space there; None at the end of the line.

    White space ends a word, except in quotes, which are taken off, and in
    brackets, in which everything stays as it is. Raises UsageError for a quote
    or a bracket that is not closed.
    """
    position = start + len(line[start:]) - len(line[start:].lstrip())
    begin = position
    parts: list[str] = []
    open_brackets: list[str] = []
    while position < len(line):
        character = line[position]
        if character.isspace() and not open_brackets:
            break
        if character in "'\"":
            quoted = _QUOTED.match(line, position)
            if quoted is None:
                msg = f"A quote is not closed in {line[begin:].strip()!r}."
                raise UsageError(msg)
            parts.append(quoted[0] if open_brackets else shlex.split(quoted[0])[0])
            position = quoted.end()
            continue
        if character in _PAIRS:
            open_brackets.append(_PAIRS[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
        parts.append(character)
        position += 1
    if open_brackets:
        msg = (
            f"A bracket is not closed in {line[begin:].strip()!r}: {open_brackets[-1]} is missing."
        )
        raise UsageError(msg)
    return Word("".join(parts), position) if position > begin else None


def without_comment(written: str) -> str:
    """What is written before a `#` that Python would take for a comment, stripped."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(written).readline):
            if token.type == tokenize.COMMENT and token.start[0] == 1:
                return written[: token.start[1]].strip()
    except (tokenize.TokenError, SyntaxError):
        # No Python: the parser of the call says so.
        pass
    return written.strip()
