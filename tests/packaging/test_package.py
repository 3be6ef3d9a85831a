"""What is built, and what an installation of it does in an environment of its own."""

from __future__ import annotations

import email
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from importlib.metadata import version
from pathlib import Path

import pytest
from readme_renderer import markdown
from trove_classifiers import classifiers

import immediate_tasks_ipy
from tests.support.environments import checked, create, environment, install, uv
from tests.support.services import ROOT

STATIC = "immediate_tasks_ipy/panel/static"
KERNEL = "share/jupyter/kernels/immediate_tasks"
KERNELSPEC = {
    f"{KERNEL}/{name}"
    for name in ("kernel.json", "logo-svg.svg", "logo-64x64.png", "logo-32x32.png")
}

#: Start a kernel by its name, run a cell in it, print the plain text of the cell's outputs.
RUN_IN_KERNEL = """\
import sys
from jupyter_client.manager import start_new_kernel
name, code = sys.argv[1:]
manager, client = start_new_kernel(kernel_name=name, startup_timeout=180)
def show(message):
    content = message["content"]
    print(content.get("text") or content.get("data", {}).get("text/plain")
          or "\\n".join(content.get("traceback", [])))
try:
    client.execute_interactive(code, timeout=180, output_hook=show)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    checked([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    checked([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder], cwd=ROOT)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def bare_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of a new environment: the wheel and the oldest IPython, no extras."""
    python = create(tmp_path_factory.mktemp("bare") / "environment")
    install(python, wheel, "ipython==8.20.*")
    return python


@pytest.fixture(scope="module")
def jupyter_python(wheel: Path) -> Path:
    """Return the interpreter of an environment with ipykernel and the wheel."""
    python = environment("jupyter", "ipykernel", "ipywidgets", "anywidget", package=False)
    install(python, "--reinstall", "--no-deps", wheel)
    return python


def metadata_of(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_string(archive.read(name).decode())


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_module_script_style_and_the_marker_of_types(wheel):
    tracked = {
        str(path.relative_to(ROOT))
        for pattern in ("*.py", "*.js", "*.css", "py.typed", "*.svg", "*.png")
        for path in (ROOT / "immediate_tasks_ipy").rglob(pattern)
    }

    packed = {name for name in contents(wheel) if name.startswith("immediate_tasks_ipy/")}

    assert packed == tracked
    assert any(name.startswith(STATIC) and name.endswith(".css") for name in packed)
    assert any(name.startswith(STATIC) and name.endswith(".js") for name in packed)


def test_the_wheel_holds_its_license_and_one_kernelspec_and_nothing_else(wheel):
    outside = {name for name in contents(wheel) if not name.startswith("immediate_tasks_ipy/")}
    data = {name.partition(".data/data/")[2] for name in outside if ".data/data/" in name}

    assert data == KERNELSPEC
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in outside)
    assert all(".dist-info/" in name or ".data/data/" in name for name in outside)


def test_the_sdist_builds_the_same_wheel_and_holds_the_tests(wheel, sdist, tmp_path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = next(tmp_path.iterdir())

    checked([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=folder)

    assert contents(next(tmp_path.glob("*.whl"))) == contents(wheel)
    for name in ("LICENSE", "README.md", "CHANGELOG.md", "tests/conftest.py", "pyproject.toml"):
        assert (folder / name).exists(), name


def test_an_index_accepts_what_is_built(wheel, sdist):
    checked([sys.executable, "-m", "twine", "check", "--strict", wheel, sdist])
    checked([sys.executable, "-m", "check_wheel_contents", wheel], cwd=ROOT)


def test_the_long_description_has_no_link_and_no_picture_of_the_repository(wheel):
    page = markdown.render(metadata_of(wheel).get_payload())

    assert page
    assert "Django-style tasks in a notebook" in page
    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    assert "](" not in page


def test_an_index_knows_every_classifier(wheel):
    assert set(metadata_of(wheel).get_all("Classifier")) <= classifiers


def test_the_version_stands_in_one_place(wheel):
    assert version("immediate_tasks_ipy") == immediate_tasks_ipy.__version__
    assert f"-{immediate_tasks_ipy.__version__}-" in wheel.name
    assert f"## {immediate_tasks_ipy.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize(
    "module", ["immediate_tasks_ipy", "immediate_tasks_ipy.tasks", "immediate_tasks_ipy.ipython"]
)
def test_importing_warns_of_nothing(bare_python, module):
    assert checked([bare_python, "-W", "error", "-c", f"import {module}"]) == ""


def test_without_extras_it_works_in_a_terminal(bare_python, tmp_path):
    installed = uv("pip", "list", "--format=freeze", "--python", bare_python)
    assert "ipykernel" not in installed
    (tmp_path / "session.ipy").write_text(
        "%load_ext immediate_tasks_ipy\n"
        "def add(a, b):\n    return a + b\n\n"
        "r = %enqueue add(2, 3)\n"
        "print('returned', r.return_value)\n"
    )

    text = checked(
        [bare_python, "-W", "error::DeprecationWarning:immediate_tasks_ipy",
         "-m", "IPython", "--colors=NoColor", "session.ipy"],
        cwd=tmp_path,
        env=os.environ | {"IPYTHONDIR": str(tmp_path)},
    )  # fmt: skip

    assert "SUCCESSFUL" in text
    assert "returned 5" in text


def test_without_extras_the_missing_ones_are_named(bare_python, tmp_path):
    (tmp_path / "session.ipy").write_text(
        "%load_ext immediate_tasks_ipy\ndef f(): pass\n"
        "get_ipython().run_cell('%enqueue --backend dask f()')\n"
    )

    text = checked(
        [bare_python, "-m", "IPython", "--colors=NoColor", "session.ipy"],
        cwd=tmp_path,
        env=os.environ | {"IPYTHONDIR": str(tmp_path)},
    )

    assert 'pip install "immediate_tasks_ipy[dask]"' in text


def test_the_kernelspec_is_listed_beside_the_users_own(jupyter_python):
    text = checked([jupyter_python, "-m", "jupyter_client.kernelspecapp", "list", "--json"])

    listed = json.loads(text[text.index("{") :])["kernelspecs"]
    assert {"python3", "immediate_tasks"} <= set(listed)
    assert "--ext=immediate_tasks_ipy" not in listed["python3"]["spec"]["argv"]


def run_in_kernel(python: Path, name: str, code: str, home: Path) -> str:
    return checked(
        [python, "-c", RUN_IN_KERNEL, name, code],
        cwd=home,
        env=os.environ | {"IPYTHONDIR": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")},
    )


def test_the_kernelspec_starts_a_kernel_with_the_extension_loaded(jupyter_python, tmp_path):
    text = run_in_kernel(jupyter_python, "immediate_tasks", "%%enqueue\n6 * 7", tmp_path)

    assert "SUCCESSFUL" in text


def test_the_users_own_kernel_is_as_it_was(jupyter_python, tmp_path):
    text = run_in_kernel(jupyter_python, "python3", "%%enqueue\n6 * 7", tmp_path)

    assert "UsageError" in text or "not found" in text


def test_the_opt_in_configuration_loads_the_extension_beside_others(jupyter_python, tmp_path):
    profile = tmp_path / "profile_default"
    profile.mkdir()
    snippet = (ROOT / "jupyter-config" / "ipython_kernel_config.py").read_text("utf-8")
    (profile / "ipython_kernel_config.py").write_text(snippet)
    (profile / "ipython_config.py").write_text(
        "c = get_config()\nc.InteractiveShellApp.extensions = ['storemagic']\n"
    )

    text = run_in_kernel(
        jupyter_python,
        "python3",
        "%store\nget_ipython().run_cell_magic('enqueue', '', '6 * 7')",
        tmp_path,
    )

    assert "SUCCESSFUL" in text
    assert "Stored variables" in text


def test_continuous_integration_runs_the_readmes_command():
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    command = next(line for line in lines if "pytest" in line and ".venv" in line)
    script = ROOT / ".ci" / "run"

    assert command in script.read_text("utf-8")
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
