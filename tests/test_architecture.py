"""The rooms of the house: who may import whom, and what is imported only on use."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.services import ROOT

PACKAGE = "immediate_tasks_ipy"

#: The rooms, each with those it may import. Downward only.
ROOMS = {
    "tasks": set(),
    "task_history": {"tasks"},
    "django_bridge": {"tasks", "task_history"},
    "display": {"tasks", "task_history"},
    "panel": {"tasks", "task_history", "display"},
    "ipython": {"tasks", "task_history", "django_bridge", "display", "panel"},
}

#: What each room may import from elsewhere while it is itself imported.
LIBRARIES = {
    "tasks": set(),
    "task_history": set(),
    "django_bridge": {"django", "asgiref", "django_tasks", "django_tasks_db", "django_tasks_rq"},
    "display": set(),
    "panel": {"anywidget", "ipywidgets", "traitlets"},
    "ipython": {"IPython", "traitlets"},
}

#: Heavy libraries, and the one place that imports each.
DOORS = {
    "django": "django_bridge",
    "asgiref": "django_bridge",
    "django_tasks": "django_bridge",
    "distributed": "tasks.backends.dask",
    "dask": "tasks.backends.dask",
    "cloudpickle": "tasks.backends.dask",
    "anywidget": "panel",
    "ipywidgets": "panel",
}

#: Libraries that one module imports, whichever it is.
ONE_DOOR = {"pandas"}


@dataclass(frozen=True)
class Import:
    """An import statement: who imports what, and whether as soon as it is imported itself."""

    module: str
    line: int
    target: str
    lazy: bool

    @property
    def room(self) -> str:
        return room_of(self.module)

    @property
    def own(self) -> bool:
        return self.target.split(".")[0] == PACKAGE

    @property
    def library(self) -> str:
        return self.target.split(".")[0]

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def room_of(module: str) -> str:
    return [*module.split("."), ""][1]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted((ROOT / PACKAGE).rglob("*.py"))}


def imports_of(module: str) -> list[Import]:
    """Return every import of a module that is carried out; those for type checkers are not."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: list[Import] = []

    def targets(node: ast.Import | ast.ImportFrom) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*(above if node.level else []), *([node.module] if node.module else [])])
        names = [f"{base}.{alias.name}" for alias in node.names]
        return [name if name in MODULES else base for name in names]

    def visit(node: ast.AST, *, lazy: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.orelse:
                visit(child, lazy=lazy)
            return
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.extend(Import(module, node.lineno, name, lazy) for name in targets(node))
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            visit(child, lazy=lazy or inside)

    visit(ast.parse(path.read_text("utf-8")), lazy=False)
    return found


IMPORTS = [found for module in MODULES for found in imports_of(module)]


def stated(imports: list[Import]) -> list[str]:
    return sorted({str(found) for found in imports})


def test_every_room_is_known():
    rooms = {room_of(module) for module, path in MODULES.items() if path.parent.name != PACKAGE}

    assert rooms - {""} <= set(ROOMS)


def test_rooms_import_downward_only():
    upward = [
        found
        for found in IMPORTS
        if found.own and found.room in ROOMS
        and room_of(found.target) not in {found.room, *ROOMS[found.room]}
        and found.target != PACKAGE
    ]  # fmt: skip

    assert stated(upward) == []


def test_rooms_but_the_shells_own_need_nothing_of_the_package_itself():
    of_the_whole = [
        found for found in IMPORTS
        if found.target == PACKAGE and found.room in ROOMS and found.room != "ipython"
    ]  # fmt: skip

    assert stated(of_the_whole) == []


def test_nobody_but_the_shell_imports_the_bridge_and_that_on_use():
    early = [
        found
        for found in IMPORTS
        if room_of(found.target) == "django_bridge" and found.room != "django_bridge"
        and not (found.room == "ipython" and found.lazy)
    ]  # fmt: skip

    assert stated(early) == []


def test_a_room_imports_its_own_libraries_only():
    dask = f"{PACKAGE}.tasks.backends.dask"
    foreign = [
        found
        for found in IMPORTS
        if not found.own and not found.lazy and found.room in ROOMS
        and not found.module.startswith(dask)
        and found.library not in sys.stdlib_module_names
        and found.library not in LIBRARIES[found.room]
    ]  # fmt: skip

    assert stated(foreign) == []


def test_the_task_framework_imports_the_standard_library_only_even_on_use():
    dask = f"{PACKAGE}.tasks.backends.dask"
    foreign = [
        found
        for found in IMPORTS
        if found.room == "tasks" and not found.own and not found.module.startswith(dask)
        and found.library not in sys.stdlib_module_names
    ]  # fmt: skip

    assert stated(foreign) == []


@pytest.mark.parametrize("library", DOORS)
def test_a_heavy_library_has_one_door(library):
    door = f"{PACKAGE}.{DOORS[library]}"
    elsewhere = [
        found for found in IMPORTS if found.library == library and not found.module.startswith(door)
    ]

    assert stated(elsewhere) == []


@pytest.mark.parametrize("library", ONE_DOOR)
def test_a_library_is_imported_by_one_module(library):
    assert len({found.module for found in IMPORTS if found.library == library}) <= 1


def test_modules_import_one_another_in_no_circle():
    graph = {
        module: {
            found.target for found in imports_of(module)
            if found.own and not found.lazy and found.target not in {module, PACKAGE}
        }
        for module in MODULES
    }  # fmt: skip
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"{' <- '.join(error.args[1])}", pytrace=False)


def test_what_is_imported_is_declared():
    libraries = {found.library for found in IMPORTS if not found.own} - sys.stdlib_module_names
    distributions = packages_distributions()
    text = (ROOT / "pyproject.toml").read_text("utf-8").lower()
    comes_with = {"asgiref": "django", "dask": "distributed", "jupyter_client": "ipykernel"}
    comes_with["tblib"] = "distributed"

    def is_declared(library: str) -> bool:
        names = [comes_with.get(library, library), *distributions.get(library, [])]
        return any(f'"{name.lower().replace("_", "-")}' in text for name in names)

    assert [library for library in sorted(libraries) if not is_declared(library)] == []


@pytest.mark.parametrize(
    "module", [PACKAGE, *(f"{PACKAGE}.{room}" for room in ROOMS if room in {"tasks", "ipython"})]
)
def test_importing_loads_nothing_heavy(module):
    heavy = sorted({*DOORS, *ONE_DOOR, "numpy", "ipykernel"})
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
