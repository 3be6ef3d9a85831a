"""`%enqueue` with a task of the project, in a shell."""

from __future__ import annotations

import pytest
from billing import tasks
from IPython.testing.globalipapp import get_ipython

from immediate_tasks_ipy.task_history.current import current_recorder


@pytest.fixture
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    shell = get_ipython() or InteractiveShell.instance()
    shell.run_line_magic("load_ext", "immediate_tasks_ipy")
    yield shell
    shell.run_line_magic("unload_ext", "immediate_tasks_ipy")


def run(shell, cell):
    done = shell.run_cell(cell)
    if done.error_in_exec is not None:
        return str(done.error_in_exec)
    assert done.success
    return done.result


@pytest.mark.usefixtures("invoices")
def test_a_task_runs_by_its_path_and_makes_one_row(shell):
    before = len(current_recorder())
    result = run(shell, "%enqueue billing.tasks.send_invoice(1)")

    assert result.return_value["invoice"] == 1
    assert result.backend == "immediate"
    assert len(current_recorder()) == before + 1


def test_the_line_may_name_any_queue_and_priority(shell):
    result = run(shell, "%enqueue --queue anywhere --priority 7 billing.tasks.add(1, 2)")

    assert (result.return_value, result.task.queue_name, result.task.priority) == (3, "anywhere", 7)


@pytest.mark.usefixtures("invoices")
def test_a_queueing_backend_returns_at_once(shell):
    result = run(shell, "%enqueue --backend django:database billing.tasks.add(1, 2)")

    assert result.status == "READY"
    assert result.backend == "database"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--backend django:fast billing.tasks.add(1, 2)", "There is no backend 'fast'"),
        ("--backend django:rq --queue mail billing.tasks.add(1, 2)", "'rq' has no queue 'mail'"),
        ("--backend django:rq --priority 3 billing.tasks.add(1, 2)", "refuses 'add'"),
    ],
)
def test_what_can_not_be_sent_is_a_usage_error(shell, line, message):
    assert message in run(shell, f"%enqueue {line}")


def test_djangos_signals_feed_the_shells_history(shell):
    run(shell, "pass")
    before = len(current_recorder())
    tasks.add.enqueue(1, 2)

    assert len(current_recorder()) == before + 1
