"""One statement of a task."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Times that one line of code asks the same before it is named an N+1.
MANY = 5
#: What writes many rows at once, by the first letters of what writes one.
_AT_ONCE = {"INSERT": "bulk_create", "UPDATE": "update() or bulk_update"}


@dataclass(slots=True)
class Query:
    """One statement that one line of the project asked, however often."""

    #: The alias of the database.
    alias: str
    sql: str
    #: File, line number and function of the project's code that asked; None if there is none.
    place: tuple[str, int, str] | None = None
    #: `Order.customer`, where an attribute was loaded that way.
    relation: str | None = None
    count: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    rows: int = 0
    #: How often it raised.
    failed: int = 0
    #: The parameters of the first few, as text.
    samples: list[str] = field(default_factory=list)

    @property
    def advice(self) -> str | None:
        """What is wrong with asking that often, by the relation where that is known."""
        if self.count < MANY or self.place is None:
            return None
        verb = self.sql.lstrip("( ")[:6].upper()
        if verb in _AT_ONCE:
            return f"{self.count} times from one line: {_AT_ONCE[verb]} does it at once"
        if verb != "SELECT":
            return None
        if self.relation:
            return (
                f"N+1: {self.relation} loaded {self.count} times: select_related or "
                "prefetch_related loads them at once"
            )
        same = len(self.samples) > 1 and len(set(self.samples)) == 1
        return f"N+1: asked {self.count} times" + (", with equal parameters" if same else "")
