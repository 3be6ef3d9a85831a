"""`python -m immediate_tasks_ipy`: look at an installation; kernels of Django projects."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__
from .project_kernel import KernelError, install, uninstall

if TYPE_CHECKING:
    from .doctor import Finding


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    main = argparse.ArgumentParser(
        prog="python -m immediate_tasks_ipy",
        description="Look at an installation; install kernels for Django projects.",
    )
    main.add_argument("--version", action="version", version=__version__)
    commands = main.add_subparsers(title="commands", metavar="COMMAND", required=True)

    adding = commands.add_parser(
        "install-kernel",
        help="install a kernel that sets a Django project up and loads the extension",
        description="Install a kernel that sets DJANGO_SETTINGS_MODULE and the path, calls "
        "django.setup() and loads the extension.",
    )
    adding.add_argument(
        "--django-settings",
        required=True,
        metavar="MODULE",
        help="dotted path of the project's settings, such as mysite.settings",
    )
    adding.add_argument(
        "--project",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the directory with manage.py; this one unless given",
    )
    adding.add_argument(
        "--name", help="the kernel's name; django-<project>[-<settings>] unless given"
    )
    adding.add_argument(
        "--replace", action="store_true", help="replace a kernel of that name for other settings"
    )
    adding.add_argument("--display-name", metavar="TEXT", help="what the launcher shows")
    place = adding.add_mutually_exclusive_group()
    place.add_argument(
        "--user",
        action="store_const",
        const=None,
        dest="prefix",
        help="for this user, in every environment (the default)",
    )
    place.add_argument(
        "--sys-prefix",
        action="store_const",
        const=sys.prefix,
        dest="prefix",
        help="for this virtual environment's Jupyter alone",
    )
    adding.set_defaults(run=_install)

    looking = commands.add_parser(
        "doctor",
        help="say what is installed where, what is missing, and which backends answer",
        description="Say what is installed in the kernel's and in JupyterLab's environment, what "
        "is missing, which backends answer, and what to do. Run it with the kernel's Python. The "
        "exit status is 1 if something will not work.",
    )
    looking.add_argument(
        "--run",
        action="store_true",
        dest="run_all",
        help="start every backend and run a task on it",
    )
    looking.add_argument(
        "--django-settings",
        default=os.environ.get("DJANGO_SETTINGS_MODULE"),
        metavar="MODULE",
        help="settings of the project whose backends are looked at; DJANGO_SETTINGS_MODULE "
        "unless given",
    )
    looking.add_argument(
        "--project", default=".", metavar="DIR", help="the directory with manage.py"
    )
    looking.set_defaults(run=_examine)

    removing = commands.add_parser("uninstall-kernel", help="remove a kernel installed that way")
    removing.add_argument("name", help="the kernel's name, as `jupyter kernelspec list` shows it")
    removing.set_defaults(run=_uninstall)
    return main


def _examine(options: argparse.Namespace) -> int:
    from .doctor import Level, examine, report

    levels = []

    def noted() -> Iterator[Finding]:
        for finding in examine(
            settings=options.django_settings, project=options.project, run_all=options.run_all
        ):
            levels.append(finding.level)
            yield finding

    for line in report(noted()):
        print(line, flush=True)
    return int(Level.PROBLEM in levels)


def _install(options: argparse.Namespace) -> int:
    place = install(
        options.django_settings,
        options.project,
        name=options.name,
        display_name=options.display_name,
        prefix=options.prefix,
        replace=options.replace,
    )
    print(f"Installed the kernel {place.name!r} in {place}")
    return 0


def _uninstall(options: argparse.Namespace) -> int:
    print(f"Removed the kernel {options.name!r} from {uninstall(options.name)}")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KernelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
