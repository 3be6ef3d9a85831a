"""The script and the style sheet, as they are joined from their source files."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from immediate_tasks_ipy.panel import assets
from immediate_tasks_ipy.panel.assets import STATIC, ScriptError, imports, module_order

#: Every source file, by its path in `static/`.
SCRIPTS = {path.relative_to(STATIC).as_posix(): path for path in sorted(STATIC.rglob("*.js"))}

#: The folders, each with those it may import. Downward only.
ROOMS = {
    "model": {"model"},
    "dom": {"model", "dom"},
    "components": {"model", "dom", "components"},
    "panel.js": {"model", "dom", "components"},
}

#: `import("./file.js")` in a comment names a type.
TYPE_IMPORT = re.compile(r'import\("(\.{1,2}/[^"]+)"\)')
#: A function, class or variable at the top level of a file.
TOP_LEVEL = re.compile(
    r"^(?:export )?(?:async )?(?:function\*?|class|const|let|var) (\w+)", re.MULTILINE
)


def room(name: str) -> str:
    return name.split("/", maxsplit=1)[0]


def resolved(name: str, path: str) -> str:
    return (STATIC / name).parent.joinpath(path).resolve().relative_to(STATIC.resolve()).as_posix()


@pytest.fixture
def static(tmp_path):
    """Write source files, and return their folder."""

    def write(**sources: str) -> Path:
        for name, source in sources.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            path.with_suffix(".js").write_text(source, "utf-8")
        return tmp_path

    return write


def test_every_source_file_is_served():
    assert set(module_order()) == set(SCRIPTS)
    styles = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.css")}
    assert set(assets.STYLES) == styles


def test_each_module_follows_those_it_imports():
    order = module_order()
    for name in order:
        for target in imports(name):
            assert order.index(target) < order.index(name), (name, target)
    assert order[-1] == assets.ENTRY


def test_the_order_is_derived_from_imports_across_folders(static):
    folder = static(
        panel='import { b } from "./top/b.js";\n',
        top__b='import {\n  a,\n  c,\n} from "../base/a.js";\nimport { d } from "./d.js";\n',
        top__d='import { c } from "../base/a.js";\n',
        base__a="export const a = 1;\n",
    )

    assert module_order(folder) == ("base/a.js", "top/d.js", "top/b.js", "panel.js")


def test_a_cycle_is_an_error_that_names_it(static):
    folder = static(
        panel='import { a } from "./a.js";\n',
        a='import { b } from "./b.js";\n',
        b='import { a } from "./a.js";\n',
    )

    with pytest.raises(ScriptError, match=r"cycle: (a\.js -> b\.js -> a|b\.js -> a\.js -> b)\.js"):
        module_order(folder)


def test_a_missing_file_is_an_error_that_names_both(static):
    folder = static(panel='import { a } from "./model/a.js";\n')

    with pytest.raises(ScriptError, match=r"panel\.js imports 'model/a\.js', which does not exist"):
        module_order(folder)


@pytest.mark.parametrize(
    "line",
    [
        'import { a as b } from "./a.js";',
        'import * as a from "./a.js";',
        'import a from "./a.js";',
        'import "./a.js";',
        'import { a } from "elsewhere";',
    ],
)
def test_an_import_that_can_not_be_joined_is_an_error(static, line):
    folder = static(panel=f"{line}\n", a="export const a = 1;\n")

    with pytest.raises(ScriptError, match=r"panel\.js: this form of import"):
        module_order(folder)


def test_the_script_is_one_module_with_one_export():
    script = assets.script()

    assert not re.search(r"^import ", script, re.MULTILINE)
    assert re.findall(r"^export .*", script, re.MULTILINE) == [
        "export default { initialize, render };"
    ]


def test_no_two_modules_define_the_same_name():
    definitions = defaultdict(list)
    for name, path in SCRIPTS.items():
        for defined in TOP_LEVEL.findall(path.read_text("utf-8")):
            definitions[defined].append(name)

    assert {name: files for name, files in definitions.items() if len(files) > 1} == {}


def test_the_script_parses_as_one_module(node, tmp_path):
    path = tmp_path / "panel.mjs"
    path.write_text(assets.script(), "utf-8")

    subprocess.run([node, "--check", path], check=True)


def test_folders_import_downward_only_types_included():
    upward = [
        f"{name} imports {target}"
        for name, path in SCRIPTS.items()
        for target in [
            *imports(name),
            *(resolved(name, found) for found in TYPE_IMPORT.findall(path.read_text("utf-8"))),
        ]
        if room(target) not in ROOMS[room(name)]
    ]

    assert upward == []


def test_the_model_needs_no_document():
    for name, path in SCRIPTS.items():
        if room(name) == "model":
            assert not re.search(r"\b(document|window|navigator)\.", path.read_text("utf-8")), name


def test_source_files_and_folders_are_small():
    for path in [*SCRIPTS.values(), *map(STATIC.joinpath, assets.STYLES)]:
        assert len(path.read_text("utf-8").splitlines()) <= 300, path
    for folder in {path.parent for path in STATIC.rglob("*.*")}:
        assert len(list(folder.glob("*.*"))) <= 15, folder


def test_no_script_makes_markup_from_text():
    for path in SCRIPTS.values():
        source = path.read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", source)


def test_nothing_is_fetched_from_elsewhere():
    for text in (assets.script(), assets.style()):
        addresses = set(re.findall(r"https?://[^\s\"')]+", text))
        assert addresses <= {"http://www.w3.org/2000/svg"}
        assert "@import" not in text
