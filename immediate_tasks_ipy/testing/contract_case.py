"""What the tests of the contract share: a backend, its tasks, its signals, and waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest

from immediate_tasks_ipy.tasks import exceptions, signals, task_backends
from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.base import DEFAULT_TASK_QUEUE_NAME

from . import functions

#: The ways to start a task.
WAYS = ("enqueue", "aenqueue", "submit")

_KINDS = {
    "failing": (functions.fail, functions.afail),
    "holding": (functions.hold, functions.ahold),
}

_Test = TypeVar("_Test", bound=Callable[..., None])

_SIGNALS = ("task_enqueued", "task_started", "task_finished")


class SignalLog:
    """The signals of a task's life as they arrive, on any thread."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        #: (signal's name, id of the result, its status then).
        self.reports: list[tuple[str, str, str]] = []
        self.receivers = {name: self._receiver(name) for name in _SIGNALS}

    def _receiver(self, name: str) -> Callable[..., None]:
        def receive(task_result: Any, **_: Any) -> None:
            with self._condition:
                self.reports.append((name, task_result.id, str(task_result.status)))
                self._condition.notify_all()

        return receive

    @property
    def enqueued(self) -> list[str]:
        """The ids of the results that were enqueued while this log is kept.

        Those of an earlier test may still start and finish meanwhile.
        """
        with self._condition:
            return [key for name, key, _ in self.reports if name == "task_enqueued"]

    def of(self, result: Any) -> list[tuple[str, str]]:
        """The signals of one result, as (name, status)."""
        with self._condition:
            return [(name, status) for name, key, status in self.reports if key == result.id]

    def wait_for(self, name: str, result: Any, timeout: float) -> bool:
        """Whether that signal of that result arrives within `timeout` seconds."""
        with self._condition:
            return self._condition.wait_for(
                lambda: any(r[:2] == (name, result.id) for r in self.reports), timeout
            )


def needs(*flags: str, without: str = "") -> Callable[[_Test], _Test]:
    """Keep a test to backends that have all of these flags, and not the flag `without`."""

    def mark(test: _Test) -> _Test:
        _needs[test.__name__] = frozenset(flags), without
        return test

    return mark


#: By the name of a test: the flags that it needs, and the one that it needs to be False.
_needs: dict[str, tuple[frozenset[str], str]] = {}


class ContractCase:
    """A test class for one backend. A subclass defines `make_backend` and `flags`.

    Tests that need other flags are left out of the subclass. For a backend of
    another framework it also says what that framework's `signals`, `InvalidTask`
    and `make_task` are.
    """

    #: The flags of the backend that are True, out of `backends.base.FLAGS`.
    flags: ClassVar[AbstractSet[str]] = frozenset()
    #: Seconds that a task of these tests may take to get somewhere before a test fails.
    patience = 60.0
    #: Has `task_enqueued`, `task_started`, `task_finished`.
    signals: Any = signals
    #: What the backend raises for a task that it can't run.
    InvalidTask: type[Exception] = exceptions.InvalidTask
    #: What it raises for the id of no result.
    TaskResultDoesNotExist: type[Exception] = exceptions.TaskResultDoesNotExist

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for test, (wanted, unwanted) in _needs.items():
            if "flags" in vars(cls) and not (wanted <= cls.flags and unwanted not in cls.flags):
                # pytest collects what can be called.
                setattr(cls, test, None)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test that asks for a `failing` or a `holding` function with each kind of it."""
        for name, (plain, awaited) in _KINDS.items():
            if name in metafunc.fixturenames:
                kinds = [plain, awaited] if "supports_async_task" in self.flags else [plain]
                metafunc.parametrize(name, kinds)

    def make_backend(self) -> BaseTaskBackend:
        """Return a new backend, which nobody else uses."""
        msg = f"{type(self).__name__} must define make_backend."
        raise NotImplementedError(msg)

    @pytest.fixture
    def backend(self) -> Iterator[BaseTaskBackend]:
        """The backend under test. Override it where one has to serve many tests."""
        backend = self.make_backend()
        with self.registered(backend):
            yield backend
        backend.close()

    @pytest.fixture
    def log(self) -> Iterator[SignalLog]:
        """What the framework's signals have reported."""
        log = SignalLog()
        for name, receiver in log.receivers.items():
            getattr(self.signals, name).connect(receiver, weak=False)
        yield log
        for name, receiver in log.receivers.items():
            getattr(self.signals, name).disconnect(receiver)

    @pytest.fixture
    def gate(self, tmp_path: Path) -> Iterator[Path]:
        """The path of a file that lets `hold` and `ahold` go on; it is there at the end."""
        path = tmp_path / "gate"
        yield path
        path.touch()

    def registered(self, backend: BaseTaskBackend) -> Any:
        """Return a context manager in which tasks of `backend.alias` find the backend."""
        return _Registered(backend)

    def make_task(self, backend: BaseTaskBackend, function: Any, **options: Any) -> Any:
        """Return a task of that function; `options` are those of `Task`."""
        queue = min(backend.queues, default=DEFAULT_TASK_QUEUE_NAME)
        fields = {"priority": 0, "backend": backend.alias, "queue_name": queue, **options}
        return backend.task_class(func=function, **fields)

    def start(
        self,
        backend: BaseTaskBackend,
        way: str,
        function: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Start a task in one of the `WAYS`; returns its result."""
        return self.start_task(backend, way, self.make_task(backend, function), args, kwargs)

    def start_task(
        self,
        backend: BaseTaskBackend,
        way: str,
        task: Any,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        if way == "aenqueue":
            return asyncio.run(backend.aenqueue(task, args, kwargs))
        start: Callable[..., Any] = getattr(backend, way)
        return start(task, args, kwargs)

    def finished(self, log: SignalLog, result: Any) -> Any:
        """Wait for `task_finished` of a result, and return the result."""
        assert log.wait_for("task_finished", result, self.patience), f"{result} has not finished"
        return result


class _Registered:
    def __init__(self, backend: BaseTaskBackend) -> None:
        self.backend = backend

    def __enter__(self) -> None:
        task_backends[self.backend.alias] = self.backend

    def __exit__(self, *_: object) -> None:
        del task_backends[self.backend.alias]
