"""What one Python environment has of Jupyter, as JSON on standard output.

It is run as a script by the environment's own interpreter, which need not have this package:
nothing but the standard library may be imported at the top.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "immediate_tasks_ipy",
    "ipython",
    "ipykernel",
    "ipywidgets",
    "anywidget",
    "jupyterlab",
    "jupyterlab_widgets",
    "notebook",
    "Django",
    "django-tasks",
    "distributed",
    "loky",
    "cloudpickle",
    "pandas",
)


def probe() -> dict[str, object]:
    """The interpreter, the versions of packages, and the front-end extensions that Lab finds."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "python": sys.executable,
        "python_version": sys.version.split()[0],
        "versions": versions,
        "extensions": extensions(),
    }


def extensions() -> list[str]:
    """The names of JupyterLab's prebuilt extensions on this environment's Jupyter path."""
    try:
        from jupyter_core.paths import jupyter_path
    except ImportError:
        return []
    found = set()
    for folder in map(Path, jupyter_path("labextensions")):
        for manifest in folder.glob("**/package.json"):
            found.add(manifest.parent.relative_to(folder).as_posix())
    return sorted(found)


if __name__ == "__main__":
    print(json.dumps(probe()))  # noqa: T201
