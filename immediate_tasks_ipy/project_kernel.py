"""Kernelspecs for Django projects: a kernel with the project set up and the extension loaded."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpecManager

#: Marks the kernelspecs this module wrote: no others are replaced or removed.
MARK = "immediate_tasks_ipy"
#: Set in the kernels that `install` makes: the project's directory.
PROJECT = "IMMEDIATE_TASKS_PROJECT"
#: What a launcher shows beside the name of a kernel.
LOGO = Path(__file__).with_name("logo")
_HERE = __name__.rpartition(".")[2]
#: Packages of settings that say nothing about the project.
_NAMELESS = frozenset({"app", "backend", "conf", "config", "core", "project", "settings", "src"})

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
    replace: bool = False,
) -> Path:
    """Install a kernelspec for the Django project in `project`; return its directory.

    `settings` is the dotted path of its settings; `name` is by default that of
    `kernel_name`. It goes to the user's kernels, or below `prefix`. Raises
    KernelError where the settings can't be imported, the name belongs to a
    kernel from elsewhere, or, unless `replace`, to one for other settings.
    """
    project = project.resolve()
    _check_settings(settings, project)
    name = name or kernel_name(settings, project)
    title = name.removeprefix("django-")
    if not re.fullmatch(r"[a-z0-9._-]+", name):
        msg = f"{name!r} can't name a kernel: use lowercase letters, digits, '-', '_' and '.'."
        raise KernelError(msg)
    manager = _manager()
    _require_ours(manager, name, absent_is_fine=True)
    identity = {"settings": settings, "project": str(project)}
    if not replace:
        _require_same(manager, name, identity)
    spec = {
        "argv": [
            sys.executable,
            "-m",
            "ipykernel_launcher",
            "-f",
            "{connection_file}",
            "--ext=immediate_tasks_ipy",
            f"--IPKernelApp.exec_lines=__import__('{__name__}').{_HERE}.start()",
        ],
        "display_name": display_name or f"{title} (Django tasks)",
        "language": "python",
        "env": {
            "DJANGO_SETTINGS_MODULE": settings,
            # `start` puts it before the user's own PYTHONPATH, which a kernelspec would replace;
            # the kernel says in its first cell what it is connected to.
            PROJECT: str(project),
        },
        "metadata": {"debugger": True, MARK: identity},
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        Path(folder, "kernel.json").write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
        for picture in LOGO.iterdir():
            shutil.copyfile(picture, Path(folder, picture.name))
        place = manager.install_kernel_spec(folder, name, user=prefix is None, prefix=prefix)
    return Path(place)


def kernel_name(settings: str, project: Path) -> str:
    """`django-shop` for `shop.settings`, `django-shop-prod` for `shop.settings.prod`.

    Where the settings' package has a name that says nothing, that of the project's directory
    stands for it.
    """
    package, *rest = settings.split(".")
    if package in _NAMELESS:
        package = project.name
    parts = [part for part in rest if part != "settings"]
    return re.sub(r"[^a-z0-9.-]+", "-", "-".join(["django", package, *parts]).lower())


def uninstall(name: str) -> Path:
    """Remove a kernelspec that `install` made; return the directory it had.

    Raises KernelError where there is none of that name, or it came from elsewhere.
    """
    manager = _manager()
    _require_ours(manager, name, absent_is_fine=False)
    return Path(manager.remove_kernel_spec(name))


def start() -> None:
    """Set the project of this kernel up: its kernelspec has it called when the kernel starts.

    The project's directory comes before the directories of the user's own PYTHONPATH, in this
    process and in those that it starts.
    """
    project = os.environ[PROJECT]
    os.environ["PYTHONPATH"] = _before_own_path(project)
    # The notebook's own directory, '', stays first.
    sys.path.insert(1 if sys.path[:1] == [""] else 0, project)
    import_module("django").setup()


def _before_own_path(folder: str) -> str:
    """PYTHONPATH as it is, with `folder` in front."""
    return os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))


def _manager() -> KernelSpecManager:
    try:
        from jupyter_client.kernelspec import KernelSpecManager
    except ImportError as error:
        msg = 'Jupyter is not installed here: `pip install "immediate_tasks_ipy[lab]"`.'
        raise KernelError(msg) from error
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


def _require_same(manager: KernelSpecManager, name: str, identity: dict[str, str]) -> None:
    """Raise KernelError if the kernel of that name is for other settings, or another project."""
    specs: dict[str, Any] = manager.get_all_specs()
    if name not in specs:
        return
    other = specs[name]["spec"]["metadata"][MARK]
    if other != identity:
        msg = (
            f"The kernel {name!r} is for {other['settings']} in {other['project']}: choose another "
            "--name, or give --replace."
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
        env=os.environ | {"PYTHONPATH": _before_own_path(str(project))},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise KernelError(lines[-1] if lines else f"{settings!r} ended with {done.returncode}.")
