"""The rooms of the house: who may import whom, what is imported only on use, how large files are.

A violation that is known stands in one of the sets below, with what becomes of it; it is to be
removed with its cause, and a test fails while a set names what is no violation any more.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions

import pytest

from tests.support.imports import (
    FOLDER,
    IMPORTS,
    MODULES,
    PACKAGE,
    STATIC,
    Import,
    imports_of,
    script_imports,
    tree_of,
)
from tests.support.services import ROOT

_TASKS = {"tasks", "tasks.backends"}
_BELOW_THE_BRIDGE = {f"django_bridge.{name}" for name in ("lens", "project", "synchronous")}
_BRIDGE = {"django_bridge", "django_bridge.catalogue", *_BELOW_THE_BRIDGE}
_BELOW_THE_SHELL = {*_TASKS, "task_history", "batches", "display"}

#: The rooms and their sub-rooms, each with those it may import beside itself: downward only.
#: A module belongs to the innermost room that its name begins with.
ROOMS: dict[str, set[str]] = {
    "tasks": set(),
    "tasks.backends": {"tasks"},
    "tasks.backends.remote": {*_TASKS, "tasks.backends.remote.worker"},
    "tasks.backends.processes": {
        *_TASKS, "tasks.backends.remote", "tasks.backends.remote.worker",
    },
    "tasks.backends.dask": {
        *_TASKS, "tasks.backends.remote", "tasks.backends.remote.worker",
        "tasks.backends.dask.worker",
    },
    # They travel to workers as source, with the modules of `tasks` that they need.
    "tasks.backends.remote.worker": {"tasks"},
    "tasks.backends.dask.worker": {"tasks", "tasks.backends.remote.worker"},
    "task_history": _TASKS,
    "batches": {*_TASKS, "task_history"},
    "display": {*_TASKS, "task_history", "batches"},
    "panel": {*_TASKS, "task_history", "batches", "display"},
    "django_bridge": {*_TASKS, "task_history", *_BELOW_THE_BRIDGE},
    "django_bridge.lens": {*_TASKS, "task_history"},
    "django_bridge.project": {*_TASKS, "task_history"},
    "django_bridge.synchronous": set(),
    "django_bridge.catalogue": {*_TASKS, "task_history", "django_bridge", *_BELOW_THE_BRIDGE},
    "ipython.planning": {*_BELOW_THE_SHELL, *_BRIDGE},
    "ipython.presentation": {*_BELOW_THE_SHELL, "panel"},
    "ipython.config": {"tasks", "ipython.planning"},
    "ipython.execution": {
        *_BELOW_THE_SHELL, "panel", *_BRIDGE,
        "ipython.planning", "ipython.presentation", "ipython.config",
    },
    "ipython.magics": {
        *_BELOW_THE_SHELL, "panel", *_BRIDGE,
        "ipython.planning", "ipython.presentation", "ipython.config", "ipython.execution",
    },
    "ipython": {
        *_BELOW_THE_SHELL, "panel", *_BRIDGE,
        "ipython.planning", "ipython.presentation", "ipython.config", "ipython.execution",
        "ipython.magics",
    },
    # For code without magics, in whichever shell.
    "api": {
        *_BELOW_THE_SHELL, "panel",
        "ipython", "ipython.planning", "ipython.presentation", "ipython.config",
        "ipython.execution",
    },
    "testing": _TASKS,
    "doctor": _TASKS,
}  # fmt: skip

#: The same for the panel's scripts, in folders below `panel/static`.
SCRIPT_ROOMS: dict[str, set[str]] = {
    "model": set(),
    "dom": {"model"},
    "components": {"model", "dom"},
}

#: Rooms that are planned and not there yet.
TO_COME: set[str] = set()

#: Imports that go upward, each with its reason.
UPWARD = {
    ("panel", "api.panel"): "`immediate_tasks_ipy.panel()` has the name of a room",
    ("tasks.handler", "tasks.backends.foreign"): "a setting may name any framework's backend",
}

#: Django's own seam: `Task` names its backend, a backend its tasks, and the handler both. Their
#: modules import one another for type checkers only.
SEAM = {"tasks.base", "tasks.backends.base", "tasks.handler"}

#: Other imports for type checkers that close a circle.
CIRCULAR: dict[tuple[str, str], str] = {}

#: What each room may import from elsewhere while it is itself imported.
LIBRARIES = {
    "django_bridge": {"django", "asgiref", "django_tasks", "django_tasks_db", "django_tasks_rq"},
    "panel": {"anywidget", "ipywidgets", "traitlets"},
    "ipython": {"IPython", "traitlets"},
    "testing": {"pytest"},
    "api": {"IPython"},
}

#: Heavy libraries, and the one place that imports each.
DOORS = {
    "django": "django_bridge",
    "asgiref": "django_bridge",
    "django_tasks": "django_bridge",
    "distributed": "tasks.backends.dask",
    "dask": "tasks.backends.dask",
    "cloudpickle": "tasks.backends",
    "loky": "tasks.backends.processes",
    "anywidget": "panel",
    "ipywidgets": "panel",
}

#: Libraries that one module imports, whichever it is.
ONE_DOOR = {"pandas"}

MOST_FILES = 15
MOST_LINES = 300

#: Folders that hold more files than MOST_FILES.
CROWDED: dict[str, str] = {}

#: Files that are longer than MOST_LINES.
LONG = {
    "tasks/base.py": "its layout is Django's",
}


def below(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def short(module: str) -> str:
    """The name of a module without the package's."""
    return module.removeprefix(PACKAGE).lstrip(".")


def room_of(module: str) -> str:
    """The innermost room of a module; empty for those of the package itself."""
    return max((room for room in ROOMS if below(short(module), room)), key=len, default="")


def stated(imports: list[Import]) -> list[str]:
    return sorted({str(found) for found in imports})


# -- rooms ------------------------------------------------------------------


def test_every_room_is_known_and_there():
    folders = {short(module) for module, path in MODULES.items() if path.name == "__init__.py"}
    scripts = {
        path.name for path in STATIC.iterdir() if path.suffix == "" and path.name != "styles"
    }

    assert {name.split(".")[0] for name in folders - {""}} <= set(ROOMS)
    assert {name for name in folders if below(name, "ipython")} <= set(ROOMS)
    assert scripts <= set(SCRIPT_ROOMS)
    there = {room for room in ROOMS if f"{PACKAGE}.{room}" in MODULES} | scripts
    assert {*ROOMS, *SCRIPT_ROOMS} - there <= TO_COME


def test_rooms_import_downward_only():
    upward = [
        found
        for found in IMPORTS
        if found.own and room_of(found.module) and found.target != PACKAGE
        and room_of(found.target) not in {room := room_of(found.module), *ROOMS[room]}
        and (short(found.module), short(found.target)) not in UPWARD
    ]  # fmt: skip

    assert stated(upward) == []


def test_scripts_import_downward_only():
    upward = [
        (script, target)
        for script, target in script_imports()
        if (room := script.split("/")[0]) in SCRIPT_ROOMS
        and target.split("/")[0] not in {room, *SCRIPT_ROOMS[room]}
    ]

    assert upward == []


def test_rooms_but_the_shells_own_need_nothing_of_the_package_itself():
    of_the_whole = [
        found for found in IMPORTS
        if found.target == PACKAGE and room_of(found.module)
        and not below(short(found.module), "ipython")
    ]  # fmt: skip

    assert stated(of_the_whole) == []


def test_nobody_but_the_shell_imports_the_bridge_and_that_on_use():
    early = [
        found
        for found in IMPORTS
        if below(short(found.target), "django_bridge")
        and not below(short(found.module), "django_bridge")
        and not (below(short(found.module), "ipython") and found.lazy)
    ]

    assert stated(early) == []


def test_modules_import_one_another_in_no_circle():
    graph = {
        module: {
            found.target for found in imports_of(module)
            if found.own and not found.lazy and not found.typing
            and found.target not in {module, PACKAGE}
        }
        for module in MODULES
    }  # fmt: skip
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"{' <- '.join(error.args[1])}", pytrace=False)


def test_type_checkers_see_one_circle_and_that_is_djangos():
    graph = {
        module: {
            found.target for found in imports_of(module)
            if found.own and (found.typing or not found.lazy)
            and found.target not in {module, PACKAGE}
        }
        for module in MODULES
    }  # fmt: skip
    seam = {f"{PACKAGE}.{name}" for name in SEAM}
    known = {(f"{PACKAGE}.{module}", f"{PACKAGE}.{target}") for module, target in CIRCULAR}
    without = {
        module: {t for t in targets if not {module, t} <= seam and (module, t) not in known}
        for module, targets in graph.items()
    }
    try:
        TopologicalSorter(without).prepare()
    except CycleError as error:
        pytest.fail(f"{' <- '.join(error.args[1])}", pytrace=False)
    mended = {(short(m), short(t)) for m, t in known if t not in graph.get(m, ())}
    assert mended == set(), "Strike them from CIRCULAR."


# -- libraries --------------------------------------------------------------


def test_a_room_imports_its_own_libraries_only():
    foreign = [
        found
        for found in IMPORTS
        if not found.own and not found.lazy and (room := room_of(found.module))
        and not below(room, "tasks.backends.dask")
        and found.library not in sys.stdlib_module_names
        and found.library not in LIBRARIES.get(room.split(".")[0], ())
    ]  # fmt: skip

    assert stated(foreign) == []


def test_the_task_framework_imports_the_standard_library_only_even_on_use():
    outside = ("tasks.backends.dask", "tasks.backends.remote", "tasks.backends.processes")
    foreign = [
        found
        for found in IMPORTS
        if below(short(found.module), "tasks") and not found.own
        and not any(below(short(found.module), engine) for engine in outside)
        and found.library not in sys.stdlib_module_names
    ]  # fmt: skip

    assert stated(foreign) == []


@pytest.mark.parametrize("library", DOORS)
def test_a_heavy_library_has_one_door(library):
    elsewhere = [
        found
        for found in IMPORTS
        if found.library == library and not below(short(found.module), DOORS[library])
    ]

    assert stated(elsewhere) == []


@pytest.mark.parametrize("library", ONE_DOOR)
def test_a_library_is_imported_by_one_module(library):
    assert len({found.module for found in IMPORTS if found.library == library}) <= 1


def test_what_is_imported_is_declared():
    libraries = {found.library for found in IMPORTS if not found.own} - sys.stdlib_module_names
    distributions = packages_distributions()
    text = (ROOT / "pyproject.toml").read_text("utf-8").lower()
    comes_with = {"asgiref": "django", "dask": "distributed", "jupyter_client": "ipykernel"}
    comes_with |= {"jupyter_core": "ipykernel"}
    comes_with |= {"tblib": "distributed", "django_rq": "django-tasks-rq"}

    def is_declared(library: str) -> bool:
        names = [comes_with.get(library, library), *distributions.get(library, [])]
        return any(f'"{name.lower().replace("_", "-")}' in text for name in names)

    assert [library for library in sorted(libraries) if not is_declared(library)] == []


@pytest.mark.parametrize("module", [PACKAGE, f"{PACKAGE}.tasks", f"{PACKAGE}.ipython"])
def test_importing_loads_nothing_heavy(module):
    heavy = sorted({*DOORS, *ONE_DOOR, "numpy", "ipykernel", "pytest"})
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


# -- sizes, and what is asked of a backend ----------------------------------

SOURCES = [path for path in FOLDER.rglob("*") if path.suffix in {".py", ".js", ".css"}]


def test_no_folder_holds_more_files_than_one_can_keep_in_mind():
    counts = Counter(path.parent.relative_to(FOLDER).as_posix() for path in SOURCES)

    assert {name for name, count in counts.items() if count > MOST_FILES} == set(CROWDED)


def test_no_file_is_longer_than_one_can_read_at_once():
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    long = {path.relative_to(FOLDER).as_posix() for path, n in lengths.items() if n > MOST_LINES}

    assert long == set(LONG)


def test_a_backend_is_probed_at_one_place():
    probes = [
        f"{module}:{node.lineno} {ast.unparse(node)}"
        for module in MODULES
        if short(module) != "tasks.backends.foreign" and not below(short(module), "testing")
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"getattr", "hasattr"}
        and ast.unparse(node.args[0]).removesuffix("()").endswith("backend")
    ]  # fmt: skip

    assert probes == []
