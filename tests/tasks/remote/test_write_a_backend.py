"""The backend in docs/write_a_backend.md, held to the contract."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.testing import BackendContract
from tests.support.services import ROOT

PAGE = (ROOT / "docs" / "write_a_backend.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseTaskBackend]:
    """The backend of the page, from a module as a user would have it."""
    folder: Path = tmp_path_factory.mktemp("documented")
    (folder / "futures_backend.py").write_text(BLOCKS[0], "utf-8")
    sys.path.insert(0, str(folder))
    module = importlib.import_module("futures_backend")
    backend = module.FuturesBackend("futures", {})
    yield backend
    backend.close()
    sys.path.remove(str(folder))
    del sys.modules["futures_backend"]


class TestDocumentedBackend(BackendContract):
    flags = frozenset(
        {
            "supports_async_task",
            "supports_get_result",
            "supports_cancel",
            "supports_retries",
            "finishes_tasks",
            "is_remote",
        }
    )

    def make_backend(self) -> BaseTaskBackend:
        module = importlib.import_module("futures_backend")
        backend: BaseTaskBackend = module.FuturesBackend("futures", {})
        return backend

    @pytest.fixture
    def backend(self, documented: BaseTaskBackend) -> Iterator[BaseTaskBackend]:
        with self.registered(documented):
            yield documented


def test_the_page_says_how_to_run_the_contract() -> None:
    namespace: dict[str, object] = {}
    source = BLOCKS[1].replace("from futures_backend import FuturesBackend", "FuturesBackend = 0")
    exec(source, namespace)
    documented: type[BackendContract] = namespace["TestFuturesBackend"]  # type: ignore[assignment]
    assert issubclass(documented, BackendContract)
    assert documented.flags == TestDocumentedBackend.flags
