"""The files that travel to workers as text need nothing but the standard library."""

from __future__ import annotations

import ast
import inspect
import sys
from types import ModuleType

import pytest

from immediate_tasks_ipy.tasks import jsonable, output


def bare(module):
    """Return a second module, made from the text alone, outside of any package."""
    copy = ModuleType("shipped")
    exec(compile(inspect.getsource(module), "shipped.py", "exec"), copy.__dict__)
    return copy


@pytest.mark.parametrize("module", [jsonable, output])
def test_they_import_the_standard_library_only(module):
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module.split(".")[0] in sys.stdlib_module_names
        elif isinstance(node, ast.Import):
            assert all(name.name.split(".")[0] in sys.stdlib_module_names for name in node.names)


def test_the_text_of_jsonable_normalizes():
    normal, changes = bare(jsonable).normalize_with_changes({"a": (1, 2)}, "args")
    assert (normal, [tuple(change) for change in changes]) == (
        {"a": [1, 2]},
        [(("args", "a"), "tuple", "list", 1)],
    )


def test_the_text_of_output_bounds():
    shipped = bare(output).Output(limit=4)
    shipped.write("abcdef")
    assert shipped.text == "ab\n… 2 characters were not kept …\nef"
