"""Where a magic is awaited, and where it takes its synchronous path."""

from __future__ import annotations

import asyncio
import threading

import pytest

from immediate_tasks_ipy.ipython.planning import await_transformer
from immediate_tasks_ipy.ipython.planning.await_transformer import MARK

LOOP = (
    "import asyncio, threading\n"
    "async def where():\n"
    "    await asyncio.sleep(0)\n"
    "    loops.append(asyncio.get_running_loop())\n"
    "    return threading.current_thread() is threading.main_thread()"
)


@pytest.fixture(autouse=True)
def without_django(monkeypatch):
    """Other tests of this process may have imported Django, which keeps `with` synchronous."""
    monkeypatch.setattr(await_transformer, "_is_kept_synchronous", lambda _: False)


@pytest.fixture
def prepared(notebook):
    """Return a notebook in which `where()` notes the loop it runs on."""
    notebook["loops"] = []
    notebook.run(LOOP)
    return notebook


def transformed(session, code):
    return session.shell.transform_cell(code)


def awaited(session, code):
    return "(await get_ipython()" in transformed(session, code)


# -- on the running loop ----------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "%enqueue where()",
        "r = %enqueue where()",
        "for _ in range(1):\n    r = %enqueue where()",
        "if True:\n    with open('/dev/null'):\n        %enqueue where()",
        "try:\n    r = %enqueue where()\nfinally:\n    pass",
        "%%enqueue where()\npass",
        "%%enqueue\nawait where()",
        "%%enqueue\nasync def inner():\n    return await where()",
        "%enqueue --each [0] where_item",
        "%%enqueue --each 'n in [0]'\nwhere_item(n)",
        "async def f():\n    r = %enqueue where()\n    return r\nawait f()",
        "async def f():\n    for _ in range(1):\n        %enqueue where()\nawait f()",
        "é = 'ü'\nr = %enqueue where()",
        "x = 1\n\n# a comment\nr = %enqueue where()\ny = '''two\nlines'''",
        "%tasks rerun -1",
    ],
)
async def test_an_async_task_is_awaited_on_the_running_loop(prepared, code):
    await prepared.arun("async def where_item(n):\n    return await where()")
    await prepared.arun("%enqueue where()")
    prepared["loops"].clear()

    ran = await prepared.arun(code)

    assert ran.ok, ran.error
    assert prepared["loops"] == [asyncio.get_running_loop()]
    latest = (await prepared.arun("%tasks value -1")).value
    assert latest is True
    assert "(await get_ipython()" in transformed(prepared, code)


async def test_nothing_else_runs_beside_the_task_but_the_loop(prepared):
    """The cell awaits: other coroutines of the kernel go on meanwhile."""
    turns = []

    async def other():
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    prepared["turns"] = turns
    ran = await prepared.arun(
        "%%enqueue\nbefore = len(turns)\nwhile len(turns) < before + 3:\n    await asyncio.sleep(0)"
    )
    beside.cancel()
    assert ran.value.status == "SUCCESSFUL"


async def test_a_sync_function_runs_in_place_on_the_main_thread(prepared):
    ran = await prepared.arun(
        "%%enqueue\nimport threading\nthreading.current_thread().name == 'MainThread'"
    )
    assert ran.value.return_value is True


async def test_the_context_variables_of_a_cell_task_are_the_cells(notebook):
    await notebook.arun("from contextvars import ContextVar\nv = ContextVar('v', default=0)")
    ran = await notebook.arun("%%enqueue\nimport asyncio\nawait asyncio.sleep(0)\nv.get()")
    assert ran.value.return_value == 0


# -- the choice, before the cell runs --------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "%%enqueue\n1 + 1",
        "%%enqueue\nimport asyncio\nasyncio.run(asyncio.sleep(0))",
        "%%enqueue\ndef f(): ...",
        "%%enqueue f()\ndef f(): ...",
        "%%enqueue\n@task\ndef f(): ...",
        "%enqueue known()",
        "r = %enqueue known()",
        "%%enqueue known()\npass",
        "%%enqueue\nthis is no python",
        "%enqueue --no-such-option known()",
        "%tasks",
        "%tasks list",
        "%tasks show -1",
        "def f():\n    r = %enqueue where()",
        "lambda: get_ipython().run_line_magic('enqueue', 'where()')",
        "class C:\n    r = get_ipython().run_line_magic('enqueue', 'where()')",
        "async def f():\n    def g():\n        r = %enqueue where()",
        "'%enqueue where()'",
        "print('%%enqueue where()')",
    ],
)
def test_what_is_known_to_be_synchronous_is_not_awaited(prepared, code):
    prepared.run("def known(): ...")
    assert not awaited(prepared, code)


@pytest.mark.parametrize(
    "code",
    [
        "%%enqueue\nawait x",
        "%%enqueue\nasync with x: pass",
        "%%enqueue\n[y async for y in x]",
        "%%enqueue\nasync def f(): ...",
        "%%enqueue\n@task\nasync def f(): ...\n@task\ndef g(): ...",
        "%%enqueue f()\nasync def f(): ...",
        "%%enqueue known()\nasync def known(): ...",
        "%enqueue unknown()",
        "%enqueue some.module.task()",
        "%%enqueue unknown()\nfrom somewhere import unknown",
        "%enqueue -b dask known()",
        "%tasks wait",
        "%tasks wait -1",
    ],
)
def test_what_may_be_asynchronous_is_awaited(prepared, code):
    prepared.run("def known(): ...")
    assert awaited(prepared, code)


def test_a_name_that_the_body_rebinds_is_not_taken_for_what_it_was(prepared):
    prepared.run("def known(): ...")

    assert awaited(prepared, "%%enqueue known()\nfrom somewhere import known")
    assert awaited(prepared, "%%enqueue known()\nknown = make()")


def test_the_other_lines_of_a_cell_stay_where_they_are(prepared):
    code = "é = 'ä'\nfor i in range(2):\n    ü = %enqueue where()  \ntail = '''a\nb'''\n"
    lines = transformed(prepared, code).splitlines()

    assert lines[0] == "é = 'ä'"
    assert lines[1] == "for i in range(2):"
    assert lines[3:] == ["tail = '''a", "b'''"]
    assert MARK not in transformed(prepared, "x = 1")


def test_a_cell_that_is_no_python_is_left_to_ipython(prepared):
    code = "x = (%enqueue where()"
    assert not prepared.run(code).ok


async def test_a_user_cannot_forge_the_mark(prepared):
    ran = await prepared.arun(f"%enqueue {MARK}a{MARK}where()")
    assert not ran.ok


# -- the synchronous path ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "%time r = get_ipython().run_line_magic('enqueue', 'where()')",
        "%%time\nr = %enqueue where()",
        "%%capture\nr = %enqueue where()",
        "def f():\n    r = %enqueue where()\n    return r\nr = f()",
        "class C:\n    r = get_ipython().run_line_magic('enqueue', 'where()')\nr = C.r",
        "r = (lambda: get_ipython().run_line_magic('enqueue', 'where()'))()",
        "get_ipython().run_cell('r = %enqueue where()')",
        "get_ipython().run_cell('%%enqueue -o r\\nawait where()')",
        "%%time\nget_ipython().run_cell_magic('enqueue', '-o r', 'await where()')",
    ],
)
async def test_where_a_loop_runs_and_awaiting_is_impossible_a_loop_of_its_own_serves(
    prepared, code
):
    ran = await prepared.arun(code)

    assert ran.ok, ran.error
    assert prepared["r"].status == "SUCCESSFUL", prepared["r"].errors
    assert prepared["loops"] != [asyncio.get_running_loop()]


@pytest.mark.parametrize(
    "code",
    [
        "%%time\nr = %enqueue where()",
        "%%capture\nr = %enqueue where()",
        "def f():\n    r = %enqueue where()\n    return r\nr = f()",
        "get_ipython().run_cell('r = %enqueue where()')",
    ],
)
def test_the_synchronous_path_works_where_no_loop_runs_between_cells(prepared, code):
    ran = prepared.run(code)

    assert ran.ok, ran.error
    assert prepared["r"].status == "SUCCESSFUL", prepared["r"].errors


def test_time_times_a_cell_with_an_async_task(prepared):
    ran = prepared.run("%%time\nr = %enqueue where()")
    assert "Wall time" in ran.out


def test_capture_captures_the_card(prepared):
    ran = prepared.run("%%capture caught\nr = %enqueue where()")

    assert ran.outputs == []
    assert any("SUCCESSFUL" in output.data["text/html"] for output in prepared["caught"].outputs)


def test_a_file_that_is_run_uses_the_magics(prepared, tmp_path):
    script = tmp_path / "script.ipy"
    script.write_text(f"loops = []\n{LOOP}\nr = %enqueue where()\n")

    ran = prepared.run(f"%run {script}")

    assert ran.ok, ran.error
    assert prepared["r"].return_value is True


def test_autoawait_off_takes_the_synchronous_path(prepared):
    prepared.run("%autoawait off")
    assert not awaited(prepared, "%enqueue where()")

    ran = prepared.run("r = %enqueue where()")

    assert ran.ok, ran.error
    assert prepared["r"].return_value is True
    prepared.run("%autoawait on")
    assert awaited(prepared, "%enqueue where()")


def test_another_loop_runner_takes_the_synchronous_path(prepared):
    prepared.run("%autoawait sync")
    assert not awaited(prepared, "%enqueue where()")
    prepared.run("%autoawait asyncio")


@pytest.mark.parametrize(
    "code",
    [
        "%%enqueue\nimport asyncio\nasyncio.run(asyncio.sleep(0, 'ran'))",
        "%%enqueue\ndef f():\n    import asyncio\n    return asyncio.run(asyncio.sleep(0, 'ran'))",
        "%%enqueue f()\nimport asyncio\ndef f(): return asyncio.run(asyncio.sleep(0, 'ran'))",
        "%enqueue g()",
        "r = %enqueue g()\nr",
        (
            "%%enqueue\nimport asyncio\nfrom immediate_tasks_ipy.tasks import task\n@task\n"
            "def f(): return asyncio.run(asyncio.sleep(0, 'ran'))"
        ),
        "%%enqueue\nimport asyncio\nasync def main(): return 'ran'\nasyncio.run(main())",
        "%%enqueue\nasync def main(): return 'ran'\ndef f(): return asyncio.run(main())",
    ],
)
def test_a_synchronous_body_may_call_asyncio_run_in_a_terminal(terminal, code):
    terminal.run("import asyncio\ndef g():\n    return asyncio.run(asyncio.sleep(0, 'ran'))")

    ran = terminal.run(code)

    assert ran.ok, ran.error
    assert ran.value.return_value == "ran", ran.value.errors


def test_async_tasks_in_a_terminal_share_the_shells_own_loop(terminal):
    """What one cell made on the loop, a later cell can use."""
    terminal.run("import asyncio\nqueue = asyncio.Queue()\nawait queue.put('item')")

    assert terminal.run("%%enqueue\nawait queue.get()").value.return_value == "item"

    def helper():
        terminal.run("await queue.put('again')")
        return terminal.run("def f():\n    r = %enqueue queue.get()\n    return r").ok

    assert helper()


def test_a_shell_in_another_thread_works_without_signals(terminal):
    """Off the main thread no signal handler can be set: the magic only awaits."""
    ran = []
    thread = threading.Thread(
        target=lambda: ran.append(
            asyncio.run(terminal.arun("%%enqueue\nimport asyncio\nawait asyncio.sleep(0, 'there')"))
        )
    )
    thread.start()
    thread.join(30)
    assert ran[0].value.return_value == "there", ran[0].error


# -- %tasks wait and rerun --------------------------------------------------------------------


async def test_tasks_wait_lets_the_loop_run_what_it_waits_for(prepared):
    started = await prepared.arun("r = %enqueue --background where()")
    assert started.ok

    ran = await prepared.arun("%tasks wait -1")

    assert ran.value is prepared["r"]
    assert ran.value.return_value is True
    assert prepared["loops"] == [asyncio.get_running_loop()]


async def test_tasks_wait_is_refused_where_it_would_block_the_tasks_own_loop(prepared):
    await prepared.arun("gate = asyncio.Event()\nasync def blocked():\n    await gate.wait()")
    await prepared.arun("r = %enqueue --background blocked()")

    ran = await prepared.arun("%%time\nget_ipython().run_line_magic('tasks', 'wait -1')")

    assert "would block the loop it runs on" in str(ran.error or ran.err + ran.out)
    await prepared.arun("gate.set()")
    done = await prepared.arun("%tasks wait")
    assert done.value.status == "SUCCESSFUL"


async def test_rerun_of_a_sync_task_runs_in_place(notebook):
    await notebook.arun("runs = []\ndef f():\n    runs.append(1)")
    await notebook.arun("%enqueue f()")

    ran = await notebook.arun("%tasks rerun -1")

    assert ran.value.status == "SUCCESSFUL"
    assert notebook["runs"] == [1, 1]


async def test_several_tasks_of_a_cell_are_awaited_in_order(notebook):
    ran = await notebook.arun(
        "%%enqueue\nfrom immediate_tasks_ipy.tasks import task\nimport asyncio\norder = []\n"
        "@task(priority=1)\nasync def second():\n    order.append('second')\n"
        "@task(priority=2)\nasync def first():\n"
        "    await asyncio.sleep(0.01)\n    order.append('first')"
    )
    assert notebook["order"] == ["first", "second"], ran.text
