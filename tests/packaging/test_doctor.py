"""`python -m immediate_tasks_ipy doctor`: says what is missing, and what to do."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from immediate_tasks_ipy.__main__ import main
from immediate_tasks_ipy.doctor import Finding, Level, report
from immediate_tasks_ipy.doctor.backends import django_backends, own_backends
from immediate_tasks_ipy.doctor.environments import Environment, environment_of, interpreter_of
from immediate_tasks_ipy.tasks import task_backends

sections = sys.modules["immediate_tasks_ipy.doctor.report"]

HERE = Environment.here()
WIDGETS = ("anywidget", "@jupyter-widgets/jupyterlab-manager")


def environment(python="/lab/bin/python", *, without=(), extensions=WIDGETS, **versions):
    known = {"ipython": "9.1", "anywidget": "0.9", "ipywidgets": "8.1", "jupyterlab": "4.4"}
    known |= {"immediate_tasks_ipy": "1.0", "ipykernel": "7.0", "pandas": "3.0"} | versions
    kept = {name: version for name, version in known.items() if name not in without}
    return Environment(python, "3.13.1", kept, tuple(extensions))


def problems(findings):
    return [finding for finding in findings if finding.level == Level.PROBLEM]


@pytest.fixture
def lab(monkeypatch, tmp_path):
    """Return a function that puts a JupyterLab of another environment in the place of ours."""

    def put(other):
        script = tmp_path / "jupyter-lab"
        script.write_text("#!/lab/bin/python3.13\n")
        monkeypatch.setattr(sections, "lab_script", lambda: script)
        monkeypatch.setattr(sections, "environment_of", lambda python: other)

    return put


def test_nothing_is_wrong_with_what_the_tests_run_in():
    assert problems(sections.kernel_environment(HERE)) == []
    assert "ipython" in HERE.versions
    assert set(WIDGETS) <= set(HERE.extensions)


def test_another_interpreter_is_asked_without_this_package():
    other = environment_of(Path(sys.executable))

    assert replace(other, python=HERE.python) == HERE


def test_an_interpreter_that_does_not_answer_is_named(tmp_path):
    with pytest.raises(RuntimeError, match="python does not answer"):
        environment_of(tmp_path / "python")


@pytest.mark.parametrize(
    "head",
    [
        "#!/opt/lab/bin/python3.12\nimport sys\n",
        "#!/bin/sh\n'''exec' '/opt/lab/bin/python3.12' \"$0\" \"$@\"\n' '''\n",
        "#!/bin/sh\n'''exec' /opt/lab/bin/python3.12 \"$0\" \"$@\"\n' '''\n",
    ],
)
def test_the_interpreter_of_a_script_is_read_from_its_first_lines(tmp_path, head):
    (tmp_path / "jupyter-lab").write_text(head)

    assert interpreter_of(tmp_path / "jupyter-lab") == Path("/opt/lab/bin/python3.12")


def test_a_script_that_looks_for_its_interpreter_is_run_by_the_first_on_the_path(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    (tmp_path / "jupyter-lab").write_text("#!/usr/bin/env python3\n")

    found = interpreter_of(tmp_path / "jupyter-lab")

    assert found is not None
    assert found.parent == Path(sys.executable).parent


def executable(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_pyenv_is_asked_for_the_interpreter_of_its_commands(tmp_path):
    real = executable(tmp_path / "version" / "jupyter-lab", "#!/opt/lab/bin/python3.12\n")
    pyenv = executable(tmp_path / "bin" / "pyenv", f"#!/bin/sh\necho {real}\n")
    text = f'#!/usr/bin/env bash\nset -e\nexec "{pyenv}" exec "$program" "$@"\n'
    shim = executable(tmp_path / "shims" / "jupyter-lab", text)

    assert interpreter_of(shim) == Path("/opt/lab/bin/python3.12")


def test_a_lab_whose_python_is_not_known_is_not_started(tmp_path, monkeypatch):
    touched = tmp_path / "started"
    script = executable(tmp_path / "bin" / "jupyter-lab", f"#!/bin/sh\ntouch {touched}\n")
    monkeypatch.setattr(sections, "lab_script", lambda: script)

    (found,) = sections.lab_environment(HERE)

    assert found.level == Level.NOTE
    assert "does not say which Python" in found.text
    assert not touched.exists()


def test_a_lab_script_that_cannot_be_read_is_a_problem_and_no_traceback(tmp_path, monkeypatch):
    monkeypatch.setattr(sections, "lab_script", lambda: tmp_path)

    (found,) = sections.lab_environment(HERE)

    assert found.level == Level.PROBLEM


def test_an_interpreter_that_fails_is_quoted(tmp_path):
    python = executable(tmp_path / "bin" / "python", "#!/bin/sh\necho too old >&2\nexit 1\n")

    with pytest.raises(RuntimeError, match="python does not answer: too old"):
        environment_of(python)


def test_a_missing_widget_library_in_the_kernel_is_a_problem_with_its_command():
    (found,) = problems(sections.kernel_environment(environment(without=["anywidget"])))

    assert found.text == "anywidget is missing."
    assert found.cure == "/lab/bin/python -m pip install anywidget, then restart the kernel."


def test_a_missing_kernel_is_no_problem_for_a_terminal():
    findings = list(sections.kernel_environment(environment(without=["ipykernel"])))

    assert problems(findings) == []
    assert any('pip install "immediate_tasks_ipy[lab]"' in finding.cure for finding in findings)


def test_a_front_end_that_is_missing_in_labs_environment_is_installed_there(lab):
    lab(environment(extensions=["@jupyter-widgets/jupyterlab-manager"]))

    (found,) = problems(sections.lab_environment(HERE))

    assert "no front end of anywidget" in found.text
    assert found.cure.startswith("/lab/bin/python -m pip install anywidget,")


def test_a_lab_of_another_environment_is_told_how_to_get_this_kernel(lab):
    lab(environment(without=["immediate_tasks_ipy"]))

    findings = list(sections.lab_environment(HERE))

    assert problems(findings) == []
    assert any("ipykernel install --user" in finding.cure for finding in findings)


def test_no_lab_at_all_is_fine(monkeypatch):
    monkeypatch.setattr(sections, "lab_script", lambda: None)

    (found,) = sections.lab_environment(HERE)

    assert found.level == Level.NOTE


def test_kernels_whose_python_or_project_is_gone_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    identity = {"settings": "shop.settings", "project": str(tmp_path / "gone")}
    for name, python, metadata in (
        ("lost", "/no/such/python", {}),
        ("moved", sys.executable, {"immediate_tasks_ipy": identity}),
        ("other", "/no/such/python", {}),
    ):
        argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        argv += ["--ext=immediate_tasks_ipy"] if name != "other" else []
        spec = {"argv": argv, "display_name": name, "language": "python", "metadata": metadata}
        folder = tmp_path / "kernels" / name
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text(json.dumps(spec))

    texts = [finding.text for finding in problems(sections.kernels(HERE))]

    assert texts == [
        "lost: its Python is gone: /no/such/python",
        f"moved: the project's directory is gone: {identity['project']}",
    ]


def test_backends_that_do_not_load_or_do_not_answer_are_told_apart():
    task_backends.configure(
        {
            "default": {"BACKEND": "immediate_tasks_ipy.tasks.backends.immediate.ImmediateBackend"},
            "absent": {"BACKEND": "no.such.Backend"},
            "strange": {
                "BACKEND": "immediate_tasks_ipy.tasks.backends.immediate.ImmediateBackend",
                "QUEUES": ["elsewhere"],
            },
        }
    )
    try:
        findings = list(own_backends(["default", "absent", "strange"], run_all=True))
    finally:
        task_backends.configure(None)

    found = {finding.text.split(":")[0]: finding for finding in findings}
    assert found["default"].text.endswith("runs tasks.")
    assert found["absent"].level == Level.NOTE
    assert "no.such.Backend" in found["absent"].cure
    assert found["strange"].level == Level.PROBLEM
    assert "Queue 'default' is not valid" in found["strange"].cure


def test_a_django_without_tasks_needs_the_package():
    old = environment(Django="5.2.1")

    (found,) = django_backends(old, None, ".")

    assert found.cure.endswith('-m pip install "django-tasks>=0.12"')


def test_a_projects_settings_that_do_not_load_say_why(tmp_path):
    pytest.importorskip("django")

    *_, found = django_backends(HERE, "no_shop.settings", str(tmp_path))

    assert found.level == Level.PROBLEM
    assert "No module named 'no_shop'" in found.cure


def test_a_project_directory_that_is_not_there_is_named(tmp_path):
    pytest.importorskip("django")

    *_, found = django_backends(HERE, "shop.settings", str(tmp_path / "gone"))

    assert found.level == Level.PROBLEM
    assert "gone" in found.text
    assert "--project" in found.cure


def test_the_report_ends_with_what_is_to_be_done():
    text = "\n".join(
        report([Finding("A", Level.OK, "fine"), Finding("A", Level.PROBLEM, "broken.", "Mend it.")])
    )

    assert text.startswith("A:\n  ok       fine\n  PROBLEM  broken.\n           Mend it.\n")
    assert text.endswith("To mend (1):\n  1. broken. Mend it.")


@pytest.mark.parametrize(("level", "status"), [(Level.OK, 0), (Level.NOTE, 0), (Level.PROBLEM, 1)])
def test_the_exit_status_is_1_if_something_will_not_work(monkeypatch, capsys, level, status):
    asked = {}

    def found(**options):
        asked.update(options)
        yield Finding("A", level, "so it is")

    monkeypatch.setattr("immediate_tasks_ipy.doctor.examine", found)

    assert main(["doctor", "--django-settings", "a.b"]) == status
    assert "so it is" in capsys.readouterr().out
    assert asked == {"settings": "a.b", "project": ".", "run_all": False}
