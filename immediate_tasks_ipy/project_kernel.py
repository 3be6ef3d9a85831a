"""Kernelspecs for Django projects: a kernel with the project set up and the extension loaded."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpecManager

#: Marks the kernelspecs this module wrote: no others are replaced or removed.
MARK = "immediate_tasks_ipy"

_CHECK = """\
import sys
try:
    from immediate_tasks_ipy.django_bridge import BridgeError, setup
    setup(sys.argv[1], sys.argv[2])
except ImportError as error:
    sys.exit(str(error))
except BridgeError as error:
    sys.exit(str(error))
"""


class KernelError(Exception):
    """A kernelspec can't be installed or removed; the message says why and what to do."""


def install(
    settings: str,
    project: Path,
    *,
    name: str | None = None,
    display_name: str | None = None,
    prefix: str | None = None,
) -> Path:
    """Install a kernelspec for the Django project in `project`; return its directory.

    `settings` is the dotted path of its settings; `name` is by default
    `django-` and the first part of that path. It goes to the user's kernels, or
    below `prefix`. Raises KernelError where the settings can't be imported or
    the name belongs to a kernel from elsewhere.
    """
    project = project.resolve()
    _check_settings(settings, project)
    title = settings.partition(".")[0]
    name = name or f"django-{title}".lower().replace("_", "-")
    if not re.fullmatch(r"[a-z0-9._-]+", name):
        msg = f"{name!r} can't name a kernel: use lowercase letters, digits, '-', '_' and '.'."
        raise KernelError(msg)
    manager = _manager()
    _require_ours(manager, name, absent_is_fine=True)
    spec = {
        "argv": [
            sys.executable,
            "-m",
            "ipykernel_launcher",
            "-f",
            "{connection_file}",
            "--ext=immediate_tasks_ipy",
            "--IPKernelApp.exec_lines=__import__('django').setup()",
        ],
        "display_name": display_name or f"{title} (Django tasks)",
        "language": "python",
        "env": {"DJANGO_SETTINGS_MODULE": settings, "PYTHONPATH": str(project)},
        "metadata": {"debugger": True, MARK: {"settings": settings, "project": str(project)}},
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Path(folder, "kernel.json").write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
        place = manager.install_kernel_spec(folder, name, user=prefix is None, prefix=prefix)
    return Path(place)


def uninstall(name: str) -> Path:
    """Remove a kernelspec that `install` made; return the directory it had.

    Raises KernelError where there is none of that name, or it came from elsewhere.
    """
    manager = _manager()
    _require_ours(manager, name, absent_is_fine=False)
    return Path(manager.remove_kernel_spec(name))


def _manager() -> KernelSpecManager:
    try:
        from jupyter_client.kernelspec import KernelSpecManager
    except ImportError as error:
        raise KernelError("Jupyter is not installed here: `pip install ipykernel`.") from error
    return KernelSpecManager()


def _require_ours(manager: KernelSpecManager, name: str, *, absent_is_fine: bool) -> None:
    specs: dict[str, Any] = manager.get_all_specs()
    if name not in specs:
        if absent_is_fine:
            return
        ours = sorted(key for key, found in specs.items() if MARK in found["spec"]["metadata"])
        known = f"there are {', '.join(ours)}" if ours else "none is installed"
        msg = f"There is no project's kernel named {name!r}: {known}."
        raise KernelError(msg)
    if MARK not in specs[name]["spec"]["metadata"]:
        msg = (
            f"The kernel {name!r} in {specs[name]['resource_dir']} was installed by something else "
            "and is left alone: choose another --name."
        )
        raise KernelError(msg)


def _check_settings(settings: str, project: Path) -> None:
    """Set the project up in another process; raise KernelError with what it answered."""
    if not project.is_dir():
        msg = f"There is no directory {str(project)!r}: give the one with manage.py as --project."
        raise KernelError(msg)
    done = subprocess.run(  # noqa: S603 - this interpreter, with the user's own settings
        [sys.executable, "-c", _CHECK, settings, str(project)],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise KernelError(lines[-1] if lines else f"{settings!r} ended with {done.returncode}.")
