from __future__ import annotations

import pytest

from immediate_tasks_ipy.task_history import TaskHistory, set_current_history


@pytest.fixture
def history():
    """The history in use, empty and connected."""
    history = TaskHistory()
    history.connect()
    set_current_history(history)
    yield history
    set_current_history(None)
