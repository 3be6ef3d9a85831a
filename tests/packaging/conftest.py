"""The checks of `tests/support/checks.py`, begun as soon as it is known that they are asked for."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.checks import COMMANDS, Outcome, outcome_of, run_beside

PROCESS: pytest.StashKey[subprocess.Popen[bytes] | None] = pytest.StashKey()


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    marks = [mark for item in session.items for mark in item.iter_markers("check")]
    asked = {mark.args[0] for mark in marks}
    # A single check is as quick in its test.
    if len(asked) > 1:
        names = [name for name in COMMANDS if name in asked]
        session.config.stash[PROCESS] = run_beside(names)


def pytest_sessionfinish(session: pytest.Session) -> None:
    process = session.config.stash.get(PROCESS, None)
    if process is not None:
        if session.shouldstop or session.shouldfail:
            process.terminate()
        # Another worker's test may be waiting for what it has begun.
        process.wait()


@pytest.fixture
def outcome(request: pytest.FixtureRequest) -> Outcome:
    """What the check came to that the test is marked with."""
    return outcome_of(request.node.get_closest_marker("check").args[0])
