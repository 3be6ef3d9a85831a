"""What is shown of a failed task's traceback, and in which order: decided here, drawn elsewhere.

The exception that ended the task comes first, then what led to it. The user's own frames are
open, with their source; those of libraries are folded under a title. A card, a text and the panel
draw the same view.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .tracebacks import Frame, Segment, error_headline, frames

#: The user's own frames that are open: the outermost, and the innermost.
OUTER, INNER = 1, 2
#: Exceptions of a chain besides the last, and earlier attempts.
CHAIN, ATTEMPTS = 3, 3
#: Members of one exception group, and levels of groups within each other.
MEMBERS, GROUP_LEVELS = 8, 3
#: Characters of the names in the title of folded frames.
_NAMES = 60
#: What a view in full is limited to: more than any traceback that Python has cut itself.
_UNLIMITED = 10_000

_RELATIONS = {"cause": "Caused by", "context": "While handling"}


@dataclass(frozen=True, slots=True)
class ExceptionView:
    """One exception, with what is open and what is folded of its frames."""

    #: `Caused by` or `While handling`; empty for the exception that is shown first.
    relation: str
    segment: Segment
    #: In call order.
    open_frames: tuple[Frame, ...]
    folded_frames: tuple[Frame, ...]
    #: Of an exception group.
    members: tuple[MemberView, ...] = ()
    #: Members that are not shown.
    more_members: int = 0

    @property
    def headline(self) -> str:
        """Class and first line of the message."""
        return self.segment.headline

    @property
    def message(self) -> str:
        """The whole message."""
        return self.segment.message

    @property
    def rest(self) -> str:
        """The message after its first line."""
        return self.segment.rest

    @property
    def is_group(self) -> bool:
        """Whether there are members, shown or not."""
        return bool(self.members or self.more_members)

    @property
    def folded_title(self) -> str:
        """`3 library frames: http/client.py, ...`; empty where nothing is folded."""
        return folded_title(self.folded_frames) if self.folded_frames else ""

    @property
    def members_title(self) -> str:
        """`3 exceptions in the group:`."""
        count = self.more_members + sum(member.count for member in self.members)
        return f"{count:,} exception{'s' * (count != 1)} in the group:"


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member of an exception group, or several that are equal."""

    count: int
    #: The member itself, then the exceptions that led to it.
    exceptions: tuple[ExceptionView, ...]

    @property
    def headline(self) -> str:
        """Class and first line of the message, behind the count if there are several."""
        first = self.exceptions[0].headline or "no message"
        return first if self.count == 1 else f"{self.count:,} \N{MULTIPLICATION SIGN} {first}"


@dataclass(frozen=True, slots=True)
class TracebackView:
    """All that is shown of the errors of a task."""

    #: The exception that ended the task, then those that led to it.
    exceptions: tuple[ExceptionView, ...]
    #: Exceptions of the chain that are not shown.
    more_exceptions: int
    #: How many attempts failed before the last.
    earlier_attempts: int
    #: The latest of them: number and headline.
    attempts: tuple[tuple[int, str], ...]

    @classmethod
    def of(
        cls, errors: Sequence[Any], *, full: bool = False, chain_limit: int = CHAIN
    ) -> TracebackView:
        """The view of a result's errors; there is at least one.

        At most `chain_limit` exceptions that led to the last are shown. With `full`
        nothing is folded and nothing left out.
        """
        shown = _UNLIMITED if full else chain_limit + 1
        levels = _UNLIMITED if full else GROUP_LEVELS
        chain = frames(errors[-1].traceback or "")
        exceptions = _newest_first(chain, shown, levels, full=full)
        earlier = len(errors) - 1
        first = max(0, earlier - (_UNLIMITED if full else ATTEMPTS))
        attempts = tuple(
            (number, error_headline(error))
            for number, error in enumerate(errors[first:earlier], first + 1)
        )
        return cls(exceptions, max(0, len(chain) - shown), earlier, attempts)

    @property
    def attempts_title(self) -> str:
        """`2 earlier attempts failed`; empty where there was one attempt."""
        count = self.earlier_attempts
        return f"{count:,} earlier attempt{'s' * (count != 1)} failed" if count else ""


def _newest_first(
    chain: Sequence[Segment], shown: int, levels: int, *, full: bool
) -> tuple[ExceptionView, ...]:
    """Views of the last exceptions of a chain, each with how it led to the one before it."""
    views = []
    joined_by = ""
    for segment in list(chain)[: -shown - 1 : -1]:
        views.append(_view(segment, _RELATIONS.get(joined_by, ""), levels, full=full))
        joined_by = segment.joined_by
    return tuple(views)


def _view(segment: Segment, relation: str, levels: int, *, full: bool) -> ExceptionView:
    opened, folded = (segment.frames, ()) if full else _opened_and_folded(segment.frames)
    members, more = _members(segment, levels, full=full)
    return ExceptionView(relation, segment, opened, folded, members, more)


def _opened_and_folded(
    found: Sequence[Frame],
) -> tuple[tuple[Frame, ...], tuple[Frame, ...]]:
    """The user's own frames, outermost and innermost, and all the others."""
    own = [index for index, frame in enumerate(found) if not frame.library]
    chosen = set(own if len(own) <= OUTER + INNER else own[:OUTER] + own[-INNER:])
    return (
        tuple(frame for index, frame in enumerate(found) if index in chosen),
        tuple(frame for index, frame in enumerate(found) if index not in chosen),
    )


def _members(segment: Segment, levels: int, *, full: bool) -> tuple[tuple[MemberView, ...], int]:
    """The members of a group, equal ones as one, and how many are left out."""
    if not segment.members:
        return (), segment.unnamed_members
    if not levels:
        return (), len(segment.members) + segment.unnamed_members
    shown = _UNLIMITED if full else CHAIN + 1
    counts = Counter(
        _newest_first(chain, shown, levels - 1, full=full) for chain in segment.members
    )
    limit = _UNLIMITED if full else MEMBERS
    views = [MemberView(count, exceptions) for exceptions, count in counts.items()]
    left_out = sum(view.count for view in views[limit:])
    return tuple(views[:limit]), left_out + segment.unnamed_members


def folded_title(folded: Sequence[Frame]) -> str:
    """`3 library frames: http/client.py, ...`."""
    library = sum(frame.library for frame in folded)
    own = len(folded) - library
    counts = []
    if own:
        counts.append(f"{own:,} more frame{'s' * (own != 1)} of yours")
    if library:
        counts.append(f"{library:,} library frame{'s' * (library != 1)}")
    names = list(dict.fromkeys(frame.label for frame in folded))
    listed = ", ".join(name[-_NAMES:] for name in names[:4])
    return f"{' and '.join(counts)}: {listed}{', …' * (len(names) > 4)}"  # noqa: PLR2004
