"""What a task would have done."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class DryRunReport:
    """What a run that was rolled back would have done."""

    #: Statements and rows by database, verb and table: `("default", "INSERT", "shop_invoice")`.
    written: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    #: Rows that the database itself counted, triggers included: inserted, updated, deleted.
    counted: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    #: Callbacks that a commit would have run.
    on_commit: list[str] = field(default_factory=list)
    #: Tasks that it would have enqueued, as calls.
    enqueued: list[str] = field(default_factory=list)
    #: What a commit would have raised.
    broken: list[str] = field(default_factory=list)
    #: What is not undone, or differs from a real run; a sentence each, in order.
    warnings: dict[str, None] = field(default_factory=dict)
