"""The checks that read the code: each tool, with the configuration it has in the repository."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.services import ROOT

SCRIPTS = sorted(path for path in ROOT.glob("tests/**/*.test.*js") if path.is_file())


def check(*command: object) -> None:
    """Fail with what the command wrote unless it succeeds."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{done.stdout}{done.stderr}", pytrace=False)


def test_ruff_finds_nothing():
    check(sys.executable, "-m", "ruff", "check", "--no-cache", ".")


def test_ruff_would_format_nothing():
    check(sys.executable, "-m", "ruff", "format", "--no-cache", "--check", ".")


def test_mypy_is_content_with_the_package():
    check(sys.executable, "-m", "mypy")


def test_typescript_is_content_with_the_scripts(node, node_modules):
    check(node, node_modules / "typescript" / "bin" / "tsc", "--project", ROOT)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_scripts_pass_their_own_tests(script, node, node_modules):
    check(node, "--test", script)
