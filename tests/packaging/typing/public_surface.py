"""The types that a user sees; checked by mypy and by pyright, never run.

An `ignore` stands where an error is expected: both complain about one too many.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

from immediate_tasks_ipy import (
    TaskResults,
    background,
    cancel,
    card,
    each,
    history,
    panel,
    rerun,
    wait,
)
from immediate_tasks_ipy.tasks import (
    Task,
    TaskContext,
    TaskError,
    TaskResult,
    TaskResultStatus,
    default_task_backend,
    task,
    task_backends,
)
from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend


@task
def add(a: int, b: int = 0) -> int:
    return a + b


@task
async def fetch(url: str, *, timeout: float = 1.0) -> dict[str, str]:
    return {url: str(timeout)}


@task(priority=5, queue_name="mail")
def send(address: str) -> None: ...


@task(priority=5)
async def asend(address: str) -> bool:
    return True


@task(takes_context=True)
def attempt(context: TaskContext, name: str) -> int:
    return context.attempt


@task(takes_context=True)
async def aattempt(context: TaskContext, name: str) -> int:
    return context.attempt


# enqueue takes the function's arguments, and its result has the type of the function's value.
assert_type(add.enqueue(1, b=2), TaskResult[int])
assert_type(add.enqueue(1).return_value, int | None)
assert_type(fetch.enqueue("x", timeout=2.0), TaskResult[dict[str, str]])
assert_type(send.enqueue("x"), TaskResult[None])
assert_type(asend.enqueue("x"), TaskResult[bool])
add.enqueue("1")  # type: ignore[arg-type]
add.enqueue()  # type: ignore[call-arg]
add.enqueue(1, c=2)  # type: ignore[call-arg]
fetch.enqueue("x", 2.0)  # type: ignore[call-arg]
send.enqueue(1)  # type: ignore[arg-type]

# The context is the backend's to give.
assert_type(attempt.enqueue("x"), TaskResult[int])
assert_type(aattempt.enqueue("x"), TaskResult[int])
attempt.enqueue(1)  # type: ignore[arg-type]


@task(takes_context=True)  # type: ignore[arg-type]
def without_context(name: str) -> int:
    return 1


async def awaiting() -> None:
    assert_type(await add.aenqueue(1), TaskResult[int])
    assert_type(await fetch.aenqueue("x"), TaskResult[dict[str, str]])
    assert_type(await fetch.acall("x"), dict[str, str])
    assert_type(await add.aget_result("id"), TaskResult[int])
    await add.aenqueue("1")  # type: ignore[arg-type]


# Called directly, a task gives the bare value; it is no function itself.
assert_type(add.call(1), int)
assert_type(fetch.call("x"), dict[str, str])
add(1)  # type: ignore[operator]

# Options.
changed = add.using(priority=3, run_after=datetime.now().astimezone())
assert_type(changed.enqueue(1), TaskResult[int])
add.using(priority="high")  # type: ignore[arg-type]
add.priority = 3  # type: ignore[misc]
assert_type(add.name, str)
assert_type(add.module_path, str)
assert_type(add.get_backend(), BaseTaskBackend)

# Results.
result = add.enqueue(1)
assert_type(result.status, TaskResultStatus)
assert_type(result.status.label, str)
assert_type(result.errors, list[TaskError])
assert_type(result.errors[0].exception_class, type[BaseException])
assert_type(result.finished_at, datetime | None)
assert_type(result.args, list[Any])
assert_type(result.attempts, int)
result.status = TaskResultStatus.READY  # type: ignore[misc]

# Backends.
assert_type(task_backends["default"], BaseTaskBackend)
assert_type(default_task_backend, BaseTaskBackend)
assert_type(task_backends["default"].submit(add, (1,), {}), TaskResult[int])


def takes_any_task(one: Task[..., Any]) -> None: ...


takes_any_task(add)
takes_any_task(fetch)


# What a notebook has beside the framework.
async def waiting() -> None:
    assert_type(await wait(add.enqueue(1), timeout=3.0), list[TaskResult[int]])
    assert_type(await wait(*history.failed), list[TaskResult[Any]])
    await wait(add.enqueue(1), timeout="soon")  # type: ignore[arg-type]


assert_type(rerun(add.enqueue(1)), TaskResult[int])
cancel(add.enqueue(1))
cancel(add.enqueue(1), error=TimeoutError("too late"))
cancel(add.enqueue(1), error="too late")  # type: ignore[arg-type]

assert_type(history.results, list[TaskResult[Any]])
assert_type(history.failed, list[TaskResult[Any]])
assert_type(history.exception(result), BaseException | None)
assert_type(history.runs(result), list[TaskResult[Any]])
assert_type(history.children(result), list[TaskResult[Any]])
assert_type(history.clear(), int)
assert_type(len(history), int)

results = TaskResults([add.enqueue(1)])
assert_type(results[0], TaskResult[Any])
assert_type(results[:1], TaskResults)
assert_type(results.failed, TaskResults)
assert_type(results.successful, TaskResults)
assert_type(results.return_values, list[Any])
assert_type(results.rerun_failed(concurrency=3), TaskResults)


async def rerunning() -> None:
    assert_type(await results.arerun_failed(), TaskResults)


# -- without magics ---------------------------------------------------------


def plain(a: int, *, b: str = "") -> float:
    return a / 2


async def aplain(a: int) -> float:
    return a / 2


async def from_a_script() -> None:
    assert_type(await each(plain, [1, 2], concurrency=2), TaskResults)
    assert_type(background(plain, 1, b="x"), TaskResult[float])
    assert_type(background(aplain, 1), TaskResult[float])
    assert_type(background(add, 1, b=2), TaskResult[int])
    assert_type(card(background(aplain, 1)).html, str)
    panel().close()
