"""The checks that read the code: each tool, with the configuration it has in the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.checks import SCRIPTS, Outcome
from tests.support.services import ROOT


def expect_nothing(outcome: Outcome) -> None:
    """Fail with what the check wrote unless it succeeded."""
    if outcome.status:
        pytest.fail(outcome.output, pytrace=False)


@pytest.mark.check("ruff check")
def test_ruff_finds_nothing(outcome):
    expect_nothing(outcome)


@pytest.mark.check("ruff format")
def test_ruff_would_format_nothing(outcome):
    expect_nothing(outcome)


@pytest.mark.check("mypy")
def test_mypy_is_content_with_the_package_and_with_what_users_write(outcome):
    expect_nothing(outcome)


@pytest.mark.check("pyright")
def test_pyright_is_content_with_what_users_write(outcome):
    expect_nothing(outcome)


@pytest.mark.check("tsc")
def test_typescript_is_content_with_the_scripts(outcome):
    expect_nothing(outcome)


@pytest.mark.check("node")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_scripts_pass_their_own_tests(script, outcome):
    reports = [json.loads(line) for line in outcome.output.splitlines() if line.startswith("{")]
    failed = [report for report in reports if report.get("error")]
    own = [report for report in reports if Path(report["file"]) == script]

    assert own, f"{script} reports no test:\n{outcome.output}"
    # A status that no test explains is everyone's.
    assert failed or outcome.status == 0, outcome.output
    errors = [f"{report['name']}\n{report['error']}" for report in own if report.get("error")]
    if errors:
        pytest.fail("\n\n".join(errors), pytrace=False)
