"""What the doctor has found: a fact, how much it matters, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters. The value is the word in front of its line."""

    #: As it should be.
    OK = "ok"
    #: Something optional is not there.
    NOTE = "note"
    #: Something will not work.
    PROBLEM = "PROBLEM"


@dataclass(frozen=True)
class Finding:
    """One line of the report, under the heading of its section."""

    section: str
    level: Level
    text: str
    #: What to do about it, a sentence; empty where there is nothing to do.
    cure: str = ""
