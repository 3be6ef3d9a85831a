"""Numbers and times are written as the table says, which the panel's script is held to as well."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from immediate_tasks_ipy.display.times import clock, duration, full_date, short_clock

FORMATS = json.loads(Path(__file__).with_name("formats.json").read_text("utf-8"))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def local_zone(monkeypatch):
    """Set this process's time zone for one test."""
    if not hasattr(time, "tzset"):
        pytest.skip("this platform can't change a process's time zone")

    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("seconds", "text"), FORMATS["durations"])
def test_durations(seconds, text):
    assert duration(float(seconds)) == text


@pytest.mark.parametrize(("zone", "microseconds", "of_day", "in_full"), FORMATS["clocks"])
def test_clocks_and_dates(local_zone, zone, microseconds, of_day, in_full):
    local_zone(zone)
    moment = EPOCH + timedelta(microseconds=microseconds)

    assert clock(moment) == of_day
    assert short_clock(moment) == of_day[:8]
    assert full_date(moment) == in_full


@pytest.mark.parametrize(("count", "text"), FORMATS["counts"])
def test_counts(count, text):
    assert f"{count:,}" == text
