"""What travels to the workers, and what runs there, each by itself."""

from __future__ import annotations

import ast
import inspect
import sys
from importlib import import_module
from pathlib import Path

import pytest

from immediate_tasks_ipy.tasks.backends.dask import plugin
from immediate_tasks_ipy.tasks.backends.dask.source_package import SourcePackage, make_importable
from immediate_tasks_ipy.tasks.backends.dask.worker import attachment
from immediate_tasks_ipy.tasks.backends.dask.worker.chunk import Chunk, withdraw
from immediate_tasks_ipy.tasks.backends.dask.worker.live_output import REPORT_LIMIT, LiveOutput
from immediate_tasks_ipy.tasks.backends.remote.worker import runner
from immediate_tasks_ipy.tasks.backends.remote.worker.functions import LatestFunctions

SHIPPED = {module.__name__ for module in plugin.SHIPPED}


@pytest.mark.parametrize("module", plugin.SHIPPED, ids=lambda module: module.__name__)
def test_what_is_shipped_imports_what_is_shipped_and_the_standard_library_only(module):
    package = module.__name__ if hasattr(module, "__path__") else module.__name__.rpartition(".")[0]
    tree = ast.parse(inspect.getsource(module))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    lazy = {
        node
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and node.level
    }
    for node in ast.walk(tree):
        if node in lazy:
            continue  # only in the notebook's process
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            assert ".".join([*above, node.module]) in SHIPPED, ast.unparse(node)
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        else:
            continue
        assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize("module", [runner, attachment])
def test_all_of_the_workers_packages_is_shipped(module):
    folder = Path(inspect.getfile(module)).parent
    package = module.__name__.rpartition(".")[0]
    files = {f"{package}.{path.stem}".removesuffix(".__init__") for path in folder.glob("*.py")}
    assert files <= SHIPPED


@pytest.fixture
def imported():
    """Make packages importable from sources, and forget them again."""
    before, finders = set(sys.modules), list(sys.meta_path)
    yield make_importable
    sys.meta_path[:] = finders
    for name in set(sys.modules) - before:
        if name.startswith("_made_of_text"):
            del sys.modules[name]


def test_modules_made_of_text_import_one_another_relatively(imported):
    sources = {
        "numbers.base": "one = 1",
        "deep": "",
        "deep.er.top": "from ...numbers.base import one\nfrom .beside import two\nsum = one + two",
        "deep.er.beside": "two = 2",
    }
    imported("_made_of_text", sources)
    imported("_made_of_text", {"numbers.base": "another version, never looked at"})
    from _made_of_text.deep.er import top

    assert top.sum == 3
    assert top.__package__ == "_made_of_text.deep.er"
    assert sum(isinstance(finder, SourcePackage) for finder in sys.meta_path) == 1
    with pytest.raises(ModuleNotFoundError, match="_made_of_text"):
        import_module("_made_of_text.nothing")


def test_frames_of_modules_made_of_text_are_known_to_be_none_of_the_users(imported):
    imported("_made_of_text_too", {"failing": "def fail():\n    1 / 0"})
    from _made_of_text_too import failing

    assert failing.fail.__code__.co_filename == "<immediate_tasks_ipy _made_of_text_too.failing>"


class Host:
    name = "tcp://somewhere"
    cure = "bring {module} to {backend}"


def test_a_worker_of_another_python_refuses_code_and_says_so():
    job = {"by_value": True, "python": (2, 7), "digest": None, "backend": "dask"}
    with pytest.raises(RuntimeError, match=r"runs Python 3\.\d+, the notebook 2\.7: .* import"):
        runner._load(job, b"", Host())


def test_a_module_that_a_functions_body_lacks_is_noted_with_worker_and_cure():
    error = ModuleNotFoundError("No module named 'absent'", name="absent")
    runner._note_missing(error, {"backend": "dask"}, Host())
    sentence = "The worker at tcp://somewhere has no module 'absent', which the task needs: "
    assert error.__notes__ == [sentence + "bring absent to dask."]
    there = ModuleNotFoundError("No module named 'asyncio.absent'", name="asyncio.absent")
    runner._note_missing(there, {"backend": "dask"}, Host())
    assert not hasattr(there, "__notes__")


def test_of_the_functions_used_last_a_few_are_kept():
    made = []
    functions = LatestFunctions(2)
    for digest in ("a", "b", "a", "c", "a", "b"):
        functions.use(digest, lambda digest=digest: made.append(digest))
    assert made == ["a", "b", "c", "b"]


def test_output_is_reported_in_pieces_and_its_rest_at_the_end():
    reported, later = [], []
    output = LiveOutput(reported.append, lambda seconds, callback: later.append(callback))
    output.write("a" * REPORT_LIMIT)
    output.write("bc")
    assert (reported, len(later)) == ([], 1)
    later.pop()()
    assert (reported, len(later)) == (["a" * REPORT_LIMIT], 1)
    later.pop()()
    output.write("d")
    assert (reported[1:], len(later)) == (["bc"], 1)
    assert output.rest() == "d"
    later.pop()()
    output.write("late")
    assert (reported[1:], later) == (["bc"], [])


def test_a_task_of_a_chunk_is_begun_or_given_back_and_never_both():
    returned = []
    tasks = Chunk([(name, b"") for name in "abcd"], returned.append)
    assert tasks.take() == ("a", b"")
    withdraw(["b", "d"])
    tasks.give_back()
    assert returned == ["c"]
    assert tasks.take() is None


def test_a_withdrawn_task_does_not_begin():
    tasks = Chunk([(name, b"") for name in ("e", "f")], print)
    withdraw(["e"])
    assert tasks.take() == ("f", b"")
