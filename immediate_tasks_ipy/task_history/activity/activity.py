"""All that one task asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .dry_run_report import DryRunReport
from .query import Query


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was handed to a mailer."""

    subject: str
    recipients: tuple[str, ...]


@dataclass(slots=True)
class Activity:
    """All that one task did there; bounded by its writer."""

    #: In the order in which each was first asked.
    queries: list[Query] = field(default_factory=list)
    query_count: int = 0
    #: In all queries.
    seconds: float = 0.0
    mails: list[Mail] = field(default_factory=list)
    mail_count: int = 0
    #: Set for a task that ran in a transaction that was rolled back.
    dry_run: DryRunReport | None = None
    #: Did the user ask to see the statements?
    is_detailed: bool = False

    @property
    def slow_first(self) -> list[Query]:
        return sorted(self.queries, key=lambda query: -query.seconds)

    @property
    def duplicates(self) -> int:
        """How many queries repeat another one's statement, on the same database."""
        counts: Counter[tuple[str, str]] = Counter()
        for query in list(self.queries):
            counts[query.alias, query.sql] += query.count
        return sum(count - 1 for count in counts.values())

    @property
    def advice(self) -> list[Query]:
        """The queries that have one, most frequent first."""
        found = [query for query in list(self.queries) if query.advice]
        return sorted(found, key=lambda query: -query.count)
