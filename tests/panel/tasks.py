"""Tasks for the panel's tests."""

from __future__ import annotations

from typing import Any

from immediate_tasks_ipy.tasks import task


@task
def add(a: int, b: int) -> int:
    return a + b


@task
def echo(value: Any) -> Any:
    return value


@task
def shaped(path: str, *, size: Any = None) -> dict[str, Any]:
    return {"rows": 1204, "shape": (1204, 6), "path": path, "size": size}


@task
def fail(message: str) -> None:
    raise ValueError(message)


@task
def refused() -> None:
    raise ValueError("again")


@task
def several() -> None:
    raise ExceptionGroup("several", [ValueError("one"), TypeError("two"), ValueError("one")])
