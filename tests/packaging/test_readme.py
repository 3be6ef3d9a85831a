"""The README says what is so."""

from __future__ import annotations

import re
import shlex
import tomllib

from tests.support.readme_reference import README, with_reference
from tests.support.services import ROOT

TEXT = README.read_text("utf-8")


def test_the_reference_is_what_the_parsers_say():
    assert with_reference(TEXT) == TEXT, "Run `python -m tests.support.readme_reference`."


def test_the_commands_need_only_python_and_name_extras_there_are():
    commands = [line for line in TEXT.splitlines() if line.startswith("python3 -m venv")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command)
        steps = [step for step in words if step.startswith((".venv/bin/", "python3"))]
        assert steps[0] == "python3"
        assert all(step.startswith(".venv/bin/") for step in steps[1:])
        assert re.findall(r"\.\[(\w+)\]", command)[0] in project["optional-dependencies"]


def test_what_it_links_to_is_there():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_extras_are_quoted_wherever_a_command_is_printed():
    files = [README, *ROOT.glob("docs/**/*.md"), *ROOT.glob("notebooks/*.ipynb")]
    files += ROOT.glob("immediate_tasks_ipy/**/*.py")

    # A shell that expands [dask] as a pattern, as zsh does, finds no such file.
    bare = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in files
        for found in re.findall(r"pip install [\w<>=., -]*\w\[\w+", path.read_text("utf-8"))
    ]

    assert bare == []
