from __future__ import annotations

import pytest

from immediate_tasks_ipy.task_history import Recorder, set_current_recorder


@pytest.fixture
def recorder():
    """The history in use, empty and connected."""
    recorder = Recorder()
    recorder.connect()
    set_current_recorder(recorder)
    yield recorder
    set_current_recorder(None)
