"""The README's reference of magics, options and settings, made from what the code itself says.

`python -m tests.support.readme_reference` writes it into the README, between the two
markers; a test holds it equal.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from immediate_tasks_ipy.ipython.config import ImmediateTasks
from immediate_tasks_ipy.ipython.magics.enqueue import EnqueueMagics
from immediate_tasks_ipy.ipython.magics.tasks import TasksMagics

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN = "<!-- reference: begin -->"
END = "<!-- reference: end -->"


def reference() -> str:
    """The reference, as Markdown."""
    parts = [
        "`%%enqueue [options] [CALL]` above a cell, `%enqueue [options] CALL` on a line:",
        table(("option", "meaning"), options()),
        "`%tasks [subcommand]`:",
        table(("line", "meaning"), subcommands()),
        "`%config ImmediateTasks.NAME = VALUE`, or `c.ImmediateTasks.NAME` in `ipython_config.py`:",
        table(("setting", "default", "meaning"), settings()),
    ]
    return "\n\n".join(parts)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in lines
    )


def options() -> list[tuple[str, ...]]:
    rows = []
    for action in EnqueueMagics.enqueue.parser._actions:
        if not action.option_strings or action.dest == "help":
            continue
        value = action.metavar or "|".join(action.choices or ())
        names = ", ".join(f"`{name}`" for name in action.option_strings)
        rows.append((f"{names} `{value}`" if value else names, str(action.help)))
    return rows


def subcommands() -> list[tuple[str, ...]]:
    text = inspect.getdoc(TasksMagics.tasks) or ""
    found = re.findall(r"^ +(%tasks(?: \S+)*?) {2,}(.+)$", text, re.MULTILINE)
    return [(f"`{line}`", meaning) for line, meaning in found]


def settings() -> list[tuple[str, ...]]:
    traits: dict[str, Any] = ImmediateTasks.class_traits(config=True)
    own = [(name, trait) for name, trait in traits.items() if name in vars(ImmediateTasks)]
    return [(f"`{name}`", f"`{trait.default()!r}`", str(trait.help)) for name, trait in sorted(own)]


def with_reference(readme: str) -> str:
    """A README with the reference between its markers."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n\n{END}{after}"


if __name__ == "__main__":
    README.write_text(with_reference(README.read_text(encoding="utf-8")), encoding="utf-8")
