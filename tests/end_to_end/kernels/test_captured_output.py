"""What tasks write, in real kernels: in their cell, in the history, or in both."""

from __future__ import annotations

import pytest

LOAD = "%load_ext immediate_tasks_ipy"
RECORDER = "__import__('immediate_tasks_ipy.task_history', fromlist=['x']).current_recorder()"
OUTPUTS = f"[entry.output for entry in {RECORDER}]"


@pytest.fixture
def loaded(kernel):
    assert kernel.run(LOAD).ok
    return kernel


def test_the_streams_stay_what_the_kernel_made_of_them(kernel):
    kernel.run("import sys\nhad = hasattr(sys.stderr, '_original_stdstream_copy')")
    kernel.run(LOAD)
    assert (
        kernel.value(
            "[isinstance(s, __import__('ipykernel.iostream').iostream.OutStream)"
            " for s in (__import__('sys').stdout, __import__('sys').stderr)]"
        )
        == "[True, True]"
    )
    reply = kernel.run(
        "import sys\n"
        "assert sys.stdout.encoding.lower() == 'utf-8' and not sys.stdout.isatty()\n"
        "assert sys.stdout.name == 'stdout' and sys.stdout.parent_header\n"
        "sys.stdout.flush()\n"
        "assert hasattr(sys.stderr, '_original_stdstream_copy') == had\n"
        "print('in this cell')\n"
        "print('a warning', file=sys.stderr)\n"
    )
    assert reply.ok, reply.error
    assert reply.stream() == "in this cell\n"
    assert reply.stream("stderr") == "a warning\n"


def test_a_foreground_task_writes_in_its_cell_and_is_copied(loaded):
    reply = loaded.run(
        "%%enqueue\n"
        "import sys\n"
        "from IPython.display import HTML\n"
        "print('printed')\n"
        "print('warned', file=sys.stderr)\n"
        "display(HTML('<b>bold</b>'))\n"
    )
    assert reply.stream() == "printed\n"
    assert reply.stream("stderr") == "warned\n"
    assert "<b>bold</b>" in reply.html
    output = loaded.value(OUTPUTS)
    assert "printed\\nwarned\\n[text/html]" in output


@pytest.mark.parametrize("function", ["async def work", "def work"])
def test_the_tasks_of_a_batch_keep_their_own_output(loaded, function):
    asynchronous = function.startswith("async")
    reply = loaded.run(
        "import asyncio, logging, sys\n"
        "logging.basicConfig(format='%(message)s')\n"
        f"{function}(n):\n"
        "    print('print', n)\n"
        + ("    await asyncio.sleep(0.01)\n" if asynchronous else "")
        + "    logging.warning('log %s', n)\n"
        "    display({'image/png': ''}, raw=True)\n"
        + ("    await asyncio.to_thread(print, 'thread', n)\n" if asynchronous else "")
    )
    assert reply.ok, reply.error
    reply = loaded.run("%enqueue --each range(3) --concurrency 3 work")
    assert reply.ok, reply.error
    assert reply.stream() == reply.stream("stderr") == ""
    more = "thread {n}\\n" if asynchronous else ""
    for n in range(3):
        expected = f"print {n}\\nlog {n}\\n[image/png]\\n" + more.format(n=n)
        assert expected in loaded.value(OUTPUTS)


def test_logging_set_up_before_the_extension_lands_with_the_task(kernel):
    kernel.run(
        "import logging\n"
        "logging.basicConfig(format='%(message)s')\n"
        "async def work(n):\n"
        "    logging.warning('log %s', n)\n"
    )
    kernel.run(LOAD)
    reply = kernel.run("%enqueue --each range(2) work")
    assert reply.stream("stderr") == ""
    assert kernel.value(OUTPUTS) == "['log 0\\n', 'log 1\\n']"
    kernel.run("%unload_ext immediate_tasks_ipy")
    assert kernel.run("logging.warning('as before')").stream("stderr") == "as before\n"


def test_a_background_task_keeps_its_output_from_the_cells_that_run_meanwhile(loaded):
    loaded.run(
        "import asyncio\n"
        "gate = asyncio.Event()\n"
        "async def work():\n"
        "    await gate.wait()\n"
        "    print('from the background')\n"
    )
    loaded.run("r = %enqueue --background work()")
    reply = loaded.run("gate.set()\nawait __import__('immediate_tasks_ipy').wait(r)\nprint('here')")
    assert reply.ok, reply.error
    assert reply.stream() == "here\n"
    assert loaded.value(OUTPUTS) == "['from the background\\n']"


def test_clearing_the_output_leaves_the_final_card_standing(loaded):
    reply = loaded.run(
        "%%enqueue\n"
        "from IPython.display import clear_output\n"
        "print('gone')\n"
        "clear_output()\n"
        "print('stays')\n"
        "'the value'\n"
    )
    assert reply.ok, reply.error
    assert "the value" in reply.html
    assert "gone" in loaded.value(OUTPUTS)


def test_unloading_puts_everything_back(kernel):
    kernel.run(
        "import sys\nbefore = sys.stdout, sys.stderr, vars(get_ipython().display_pub).copy()"
    )
    for _ in range(3):
        kernel.run(LOAD)
        kernel.run("%reload_ext immediate_tasks_ipy")
        assert kernel.value("sys.stdout is before[0]") == "False"
        kernel.run("%unload_ext immediate_tasks_ipy")
        assert (
            kernel.value(
                "(sys.stdout is before[0], sys.stderr is before[1], "
                "set(vars(get_ipython().display_pub)) == set(before[2]))"
            )
            == "(True, True, True)"
        )
    assert kernel.run("print('still here')").stream() == "still here\n"


def test_capture_survives_a_captured_load(kernel):
    kernel.run("%%capture\n%load_ext immediate_tasks_ipy")
    kernel.run("async def work(n):\n    print(n)")
    reply = kernel.run("%enqueue --each range(2) work")
    assert reply.stream() == ""
    assert kernel.value(OUTPUTS) == "['0\\n', '1\\n']"


def test_a_captured_cell_keeps_what_a_task_prints(loaded):
    loaded.run("def work():\n    print('inside')")
    reply = loaded.run("%%capture captured\n%enqueue work()")
    assert reply.ok, reply.error
    assert reply.stream() == ""
    assert "inside" in loaded.value("captured.stdout")
