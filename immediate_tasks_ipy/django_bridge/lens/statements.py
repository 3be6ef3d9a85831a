"""What a statement does, by how it begins."""

from __future__ import annotations

import re

_WRITES = re.compile(
    r"\s*(INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO"
    r"|TRUNCATE(?:\s+TABLE)?)\s+([\w.\"`]+)",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\s*(COMMIT|END\b|BEGIN|START\s+TRANSACTION|ROLLBACK(?!\s+TO)|VACUUM)", re.IGNORECASE
)
_READS = re.compile(
    r"[\s(]*(SELECT|WITH|VALUES|SHOW|EXPLAIN|SET|SAVEPOINT|RELEASE|ROLLBACK|BEGIN|START|COMMIT)\b",
    re.IGNORECASE,
)
_WRITES_WITHIN = re.compile(
    r"\b(INSERT|UPDATE|DELETE|MERGE|INTO|FOR\s+(?:NO\s+KEY\s+|KEY\s+)?SHARE)\b", re.IGNORECASE
)
_SCHEMA = re.compile(r"\s*(CREATE|ALTER|DROP|RENAME)\b", re.IGNORECASE)


def written_table(sql: str) -> tuple[str, str] | None:
    """Verb and table of a statement that writes rows, `("INSERT", "shop_invoice")`; else None."""
    match = _WRITES.match(sql)
    if match is None:
        return None
    return match[1].split()[0].upper(), match[2].replace('"', "").replace("`", "")


def rows_of(sql: str, counted: int) -> int:
    """How many rows a statement has written, where the driver has not counted them.

    SQLite does not for INSERT ... RETURNING.
    """
    if counted > 0:
        return counted
    head, _, values = sql.partition(" VALUES ")
    return values.count("), (") + 1 if values and head.lstrip().upper().startswith("INS") else 0


def ends_transaction(sql: str) -> bool:
    """Whether a statement begins or ends a transaction by itself."""
    return _ENDS.match(sql) is not None


def changes_schema(sql: str) -> bool:
    """Whether a statement creates, alters or drops something."""
    return _SCHEMA.match(sql) is not None


def may_write(sql: str) -> bool:
    """Whether a statement is other than one that reads; one that locks rows is.

    Of functions that a SELECT calls nothing is known.
    """
    return _READS.match(sql) is None or _WRITES_WITHIN.search(sql) is not None


def described(sql: str) -> str:
    """`INSERT shop_invoice`, or how a statement begins."""
    return " ".join(written_table(sql) or [" ".join(sql.split())[:60]])
