"""`python -m immediate_tasks_ipy`: install and remove kernels of Django projects."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__
from .project_kernel import KernelError, install, uninstall


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    main = argparse.ArgumentParser(
        prog="python -m immediate_tasks_ipy", description="Kernels for Django projects."
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
    adding.add_argument("--name", help="the kernel's name; django-<project> unless given")
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

    removing = commands.add_parser("uninstall-kernel", help="remove a kernel installed that way")
    removing.add_argument("name", help="the kernel's name, as `jupyter kernelspec list` shows it")
    removing.set_defaults(run=_uninstall)
    return main


def _install(options: argparse.Namespace) -> str:
    place = install(
        options.django_settings,
        options.project,
        name=options.name,
        display_name=options.display_name,
        prefix=options.prefix,
    )
    return f"Installed the kernel {place.name!r} in {place}"


def _uninstall(options: argparse.Namespace) -> str:
    return f"Removed the kernel {options.name!r} from {uninstall(options.name)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        print(options.run(options))
    except KernelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
