"""The shells that tests share are as new for each of them."""

from __future__ import annotations

import gc
import weakref

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.support.pristine import settings, tables
from tests.support.shells import NotebookShell, new_shell, reused_shell, session

LEAVES_MUCH = """
from __future__ import annotations
from immediate_tasks_ipy.tasks import task
shell = get_ipython()
@task
def add(a, b): return a + b
class Kept: pass
kept = Kept()
shell.register_magic_function(lambda line: None, "line", "left_over")
shell.events.register("pre_run_cell", lambda info: None)
shell.input_transformers_cleanup.append(lambda lines: lines)
shell.input_transformers_post.append(lambda lines: lines)
shell.display_formatter.formatters["text/html"].for_type(Kept, lambda it: "kept")
shell.set_custom_exc((ZeroDivisionError,), lambda *_: None)
shell.display_pub.publish = None
shell.hooks.show_in_pager = print
%alias left echo
%autoawait off
%config InteractiveShell.ast_node_interactivity = "all"
%config ImmediateTasks.display = "none"
%config ImmediateTasks.display = "refused"
"""


def described(shell):
    names = {name for name in shell.user_ns if not name.startswith("_")}
    return {
        "names": names,
        "count": shell.execution_count,
        "inputs": list(shell.history_manager.input_hist_raw),
        "outputs": dict(shell.user_ns["Out"]),
        "settings": settings(shell),
        "flags": shell.compile.flags,
        "sizes": [len(table) for table in tables(shell)],
        "hooks": dict(shell.hooks),
    }


@pytest.mark.parametrize("shell_class", [NotebookShell, InteractiveShell])
def test_what_a_test_leaves_is_gone_for_the_next(shell_class):
    fresh = described(reused_shell(shell_class))
    with session(shell_class) as made:
        loaded = described(made.shell)

    with session(shell_class) as made:
        ran = made.run(LEAVES_MUCH)
        assert ran.ok, ran.error
        assert described(made.shell) != loaded
        made.run("%%enqueue\n1 + 1")
        made.run("%unload_ext immediate_tasks_ipy")
        kept = weakref.ref(made["kept"])
        del ran
    gc.collect()

    assert kept() is None
    with session(shell_class) as made:
        assert described(made.shell) == loaded
        assert "add" not in made
        assert made.run("1 + 1").value == 2
    assert described(reused_shell(shell_class)) == fresh


def test_one_shell_at_a_time_is_the_process_s(notebook):
    assert InteractiveShell.instance() is notebook.shell
    assert notebook.run("get_ipython()").value is notebook.shell
    assert notebook.run("import __main__\n__main__.__dict__ is globals()").value


def test_a_reused_shell_has_what_a_new_one_has():
    reused = described(reused_shell(NotebookShell))

    new = described(new_shell(NotebookShell))

    for name in ("names", "count", "inputs", "outputs", "flags"):
        assert reused[name] == new[name]
