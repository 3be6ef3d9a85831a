"""The tests that Django and the django-tasks package have for their tasks, with our backend.

`python -m tests.django_bridge.upstream SOURCES` takes the sources of the version that is installed,
an sdist or a folder, replaces the path of the framework's ImmediateBackend in a copy of their
tests, and runs them; further arguments go to the test runner. Django's sdist holds its tests
(`pip download --no-deps --no-binary :all: Django==VERSION`), that of django-tasks does not
(`git clone --branch VERSION https://github.com/RealOrangeOne/django-tasks`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BRIDGE = "immediate_tasks_ipy.django_bridge"
#: What stands in the settings of the tests, and what runs in its place.
REPLACED = {
    '"django.tasks.backends.immediate.ImmediateBackend"': f'"{BRIDGE}.ImmediateBackend"',
    '"django_tasks.backends.immediate.ImmediateBackend"': f'"{BRIDGE}.PackageImmediateBackend"',
}


def run(sources: Path, *arguments: str) -> int:
    """Run the tests of these sources; return the runner's exit status."""
    with tempfile.TemporaryDirectory() as folder:
        if sources.is_file():
            shutil.unpack_archive(sources, Path(folder, "sdist"), filter="data")
            (sources,) = Path(folder, "sdist").iterdir()
        tests = Path(folder, "tests")
        shutil.copytree(sources / "tests", tests)
        if (tests / "runtests.py").exists():
            chosen, command, place = tests / "tasks", ["runtests.py", "tasks"], tests
        else:
            chosen, command, place = tests, ["-m", "django", "test"], Path(folder)
        count = sum(map(_replace, chosen.rglob("*.py")))
        print(f"The backend is ours in {count} places.", flush=True)
        # Not the sources' own package: the one that is installed is tested.
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings" if chosen is tests else "test_sqlite",
            "PYTHONPATH": os.pathsep.join([str(place), *filter(None, sys.path)]),
        }
        return subprocess.run(
            [sys.executable, *command, *arguments], cwd=place, env=environment, check=False
        ).returncode


def _replace(file: Path) -> int:
    text = file.read_text()
    count = sum(map(text.count, REPLACED))
    for theirs, ours in REPLACED.items():
        text = text.replace(theirs, ours)
    file.write_text(text)
    return count


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(__doc__)
    sys.exit(run(Path(sys.argv[1]), *sys.argv[2:]))
