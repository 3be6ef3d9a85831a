"""`python -m immediate_tasks_ipy`: kernels of Django projects."""

from __future__ import annotations

import json
import os
import sys

import pytest

from immediate_tasks_ipy.__main__ import main
from tests.support.environments import checked

pytest.importorskip("django")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Make a project that sets up, and a data folder of Jupyter's of its own."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    package = tmp_path / "site" / "my_shop"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "settings.py").write_text(
        "SECRET_KEY = 'x'\nINSTALLED_APPS = ['my_shop']\nNAME = 'shop'\n"
    )
    return package.parent


def install(project, *arguments):
    where = ["--django-settings", "my_shop.settings", "--project", str(project)]
    return main(["install-kernel", *where, *arguments])


def spec(project, name="django-my-shop"):
    path = project.parent / "jupyter" / "kernels" / name / "kernel.json"
    return json.loads(path.read_text()) if path.exists() else None


def test_the_kernel_sets_the_project_up_and_loads_the_extension(project, capsys, tmp_path):
    (tmp_path / "own_library.py").write_text("NAME = 'kept'\n")
    assert install(project) == 0

    assert "django-my-shop" in capsys.readouterr().out
    code = (
        "import sys\n"
        "from jupyter_client.manager import start_new_kernel\n"
        "manager, client = start_new_kernel(kernel_name='django-my-shop', startup_timeout=180)\n"
        "cell = 'from django.apps import apps; from django.conf import settings;'\n"
        "cell += 'import os, own_library; print(own_library.NAME, os.environ[\"PYTHONPATH\"]);'\n"
        'cell += \'print(apps.ready, settings.NAME, "enqueue" in get_ipython()'
        '.magics_manager.magics["cell"])\'\n'
        "client.execute_interactive(cell, timeout=180)\n"
        "client.stop_channels()\n"
        "manager.shutdown_kernel(now=True)\n"
    )
    own = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))

    text = checked(
        [sys.executable, "-c", code], cwd=project.parent, env=os.environ | {"PYTHONPATH": own}
    )

    assert "True shop True" in text
    assert f"kept {project}{os.pathsep}{own}" in text


def test_it_is_replaced_by_a_second_installation_and_removed(project, capsys):
    install(project)
    install(project, "--display-name", "The shop")
    assert spec(project)["display_name"] == "The shop"
    files = {path.name for path in (project.parent / "jupyter/kernels/django-my-shop").iterdir()}
    assert files == {"kernel.json", "logo-svg.svg", "logo-64x64.png", "logo-32x32.png"}

    assert main(["uninstall-kernel", "django-my-shop"]) == 0

    assert spec(project) is None
    assert "Removed the kernel 'django-my-shop'" in capsys.readouterr().out


def test_it_goes_to_the_environment_alone_when_asked(project, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))

    install(project, "--sys-prefix", "--name", "shop")

    assert (tmp_path / "prefix/share/jupyter/kernels/shop/kernel.json").exists()
    assert spec(project, "shop") is None


def test_a_name_of_somebody_elses_kernel_is_refused(project, capsys):
    assert install(project, "--name", "python3") == 1

    assert "choose another --name" in capsys.readouterr().err
    assert main(["uninstall-kernel", "python3"]) == 1
    assert "left alone" in capsys.readouterr().err


def test_a_name_that_is_no_name_is_refused(project, capsys):
    assert install(project, "--name", "My shop!") == 1

    assert "'My shop!' can't name a kernel" in capsys.readouterr().err


def test_settings_that_can_not_be_imported_are_told_in_a_sentence(project, capsys):
    arguments = ["install-kernel", "--project", str(project), "--django-settings"]

    assert main([*arguments, "no_shop.settings"]) == 1

    message = capsys.readouterr().err
    assert "'no_shop.settings'" in message
    assert "No module named 'no_shop'" in message
    assert "Traceback" not in message


def test_a_project_that_is_not_there_is_told(project, capsys):
    assert install(project / "nowhere") == 1

    assert "There is no directory" in capsys.readouterr().err


def test_removing_an_unknown_kernel_names_those_there_are(project, capsys):
    install(project)

    assert main(["uninstall-kernel", "shop"]) == 1

    assert "there are django-my-shop" in capsys.readouterr().err
