"""The examination, section by section, and its report as text."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from immediate_tasks_ipy.tasks import task_backends

from .backends import django_backends, own_backends
from .environments import Environment, environment_of, interpreter_of, lab_script
from .findings import Finding, Level

KERNEL = "This Python, the kernel's"
LAB = "JupyterLab's Python"
KERNELS = "Kernels"
WIDTH = 96


def examine(
    *, settings: str | None = None, project: str = ".", run_all: bool = False
) -> Iterator[Finding]:
    """Look at everything, and yield what is found as it is found.

    `settings` is the dotted path of a Django project's settings and `project` its directory;
    with `run_all`, every backend is started and given a task.
    """
    here = Environment.here()
    yield from kernel_environment(here)
    yield from lab_environment(here)
    yield from kernels(here)
    yield from own_backends(task_backends, run_all=run_all)
    yield from django_backends(here, settings, project)


def kernel_environment(here: Environment) -> Iterator[Finding]:
    """What a kernel of this interpreter has."""
    yield Finding(KERNEL, Level.OK, f"Python {here.python_version}, {here.python}")
    own = here.versions.get("immediate_tasks_ipy", "from its source folder")
    names = ("ipython", "anywidget", "ipywidgets")
    found = [f"{name} {here.versions[name]}" for name in names if name in here.versions]
    yield Finding(KERNEL, Level.OK, ", ".join([f"immediate_tasks_ipy {own}", *found]))
    for name in (name for name in names if name not in here.versions):
        cure = f"{here.install(name)}, then restart the kernel."
        yield Finding(KERNEL, Level.PROBLEM, f"{name} is missing.", cure)
    if "ipykernel" in here.versions:
        text = f"ipykernel {here.versions['ipykernel']}: notebooks can use this Python."
        yield Finding(KERNEL, Level.OK, text)
    else:
        text = "ipykernel is missing: a terminal's IPython works, notebooks can't use this Python."
        yield Finding(KERNEL, Level.NOTE, text, here.install("immediate_tasks_ipy[lab]"))
    if "pandas" not in here.versions:
        text = "pandas is missing: `to_frame()` needs it, nothing else does."
        yield Finding(KERNEL, Level.NOTE, text, here.install("pandas"))


def lab_environment(here: Environment) -> Iterator[Finding]:
    """What the JupyterLab has that `jupyter lab` starts, which may be another environment's."""
    script = lab_script()
    if script is None:
        cure = (
            f"Fine for VS Code, Colab and terminals. Else: "
            f"{here.install('immediate_tasks_ipy[lab]')}"
        )
        yield Finding(LAB, Level.NOTE, "No `jupyter lab` is on the PATH.", cure)
        return
    try:
        python = interpreter_of(script)
        if python is None:
            text = f"{script} does not say which Python runs it, so it is not looked at."
            cure = "For the panel, that Python needs anywidget: pip install anywidget."
            yield Finding(LAB, Level.NOTE, text, cure)
            return
        lab = here if _is(python, here) else environment_of(python)
    except (OSError, RuntimeError) as error:
        yield Finding(LAB, Level.PROBLEM, f"{script} can't be asked.", str(error))
        return
    where = "the same as the kernel's" if lab is here else f"another one: {lab.python}"
    version = lab.versions.get("jupyterlab", "?")
    yield Finding(LAB, Level.OK, f"JupyterLab {version}; its Python is {where}.")
    missing = lab.missing_widgets
    if missing:
        text = (
            f"JupyterLab has no front end of {' and '.join(missing)}: cards work, but `%tasks` "
            'shows no panel ("Error displaying widget").'
        )
        cure = f"{lab.install(*missing)}, then restart JupyterLab and reload the page."
        yield Finding(LAB, Level.PROBLEM, text, cure)
    else:
        yield Finding(LAB, Level.OK, "It has the front end of the panel (anywidget).")
    if lab is not here and "immediate_tasks_ipy" not in lab.versions:
        text = "The kernel `Python 3 (tasks)` is not offered there."
        cure = (
            "Offer this Python as a kernel: "
            f"{here.python} -m ipykernel install --user --name tasks, and begin with "
            "`%load_ext immediate_tasks_ipy`."
        )
        yield Finding(LAB, Level.NOTE, text, cure)


def kernels(here: Environment) -> Iterator[Finding]:
    """The kernels that load the extension: this package's own, and those of Django projects."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager
    except ImportError:
        return
    for name, found in sorted(KernelSpecManager().get_all_specs().items()):
        spec = found["spec"]
        if "--ext=immediate_tasks_ipy" not in spec["argv"]:
            continue
        python = shutil.which(spec["argv"][0])
        if python is None:
            text = f"{name}: its Python is gone: {spec['argv'][0]}"
            cure = f"Remove it: jupyter kernelspec remove {name}. Install it again with a Python."
            yield Finding(KERNELS, Level.PROBLEM, text, cure)
            continue
        project = spec.get("metadata", {}).get("immediate_tasks_ipy")
        about = f", for {project['settings']} in {project['project']}" if project else ""
        if project and not Path(project["project"]).is_dir():
            text = f"{name}: the project's directory is gone: {project['project']}"
            cure = f"{here.python} -m immediate_tasks_ipy uninstall-kernel {name}"
            yield Finding(KERNELS, Level.PROBLEM, text, cure)
            continue
        yield Finding(KERNELS, Level.OK, f"{name}: {spec['display_name']}{about}")


def report(findings: Iterable[Finding]) -> Iterator[str]:
    """The lines of the report, and at its end what there is to do."""
    problems = []
    for section, group in groupby(findings, key=lambda finding: finding.section):
        yield f"{section}:"
        for finding in group:
            yield from _lines(finding)
            if finding.level == Level.PROBLEM:
                problems.append(finding)
        yield ""
    if not problems:
        yield "Nothing is wrong. In a notebook: %load_ext immediate_tasks_ipy"
        return
    yield f"To mend ({len(problems)}):"
    for number, finding in enumerate(problems, 1):
        yield f"  {number}. {finding.text} {finding.cure}".rstrip()


def _lines(finding: Finding) -> Iterator[str]:
    head = f"  {finding.level:7}  "
    indent = " " * len(head)
    for text, first in ((finding.text, head), (finding.cure, indent)):
        # Commands are copied, so nothing is broken in the middle of a word.
        yield from textwrap.wrap(
            text,
            WIDTH,
            initial_indent=first,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _is(python: Path, here: Environment) -> bool:
    """Whether an interpreter is this one; two environments may link to one program."""
    return python.parent.resolve() == Path(here.python).parent.resolve()
