from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import io
import logging
import os
import pickle
import sys
import threading

import cloudpickle
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import HTML, clear_output, display

from immediate_tasks_ipy.ipython.presentation import capture
from immediate_tasks_ipy.task_history import Output
from immediate_tasks_ipy.task_history.output_route import (
    display_text,
    pass_through,
    redirect_to,
    tee_to,
)


class Stream(io.StringIO):
    """A stream with attributes of its own, as ipykernel's have."""

    parent = None

    def set_parent(self, parent):
        self.parent = parent


@pytest.fixture
def streams():
    """Streams of the test's own; pytest sets its own ones between setup and call."""

    @contextlib.contextmanager
    def replaced():
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = mine = Stream(), Stream()
        try:
            yield mine
        finally:
            sys.stdout, sys.stderr = before

    return replaced


@pytest.fixture(scope="module")
def shell():
    shell = InteractiveShell.instance()
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


@pytest.fixture
def published(shell, monkeypatch):
    bundles = []

    def publish(data, metadata=None, **kwargs):
        bundles.append(data)

    monkeypatch.setattr(shell.display_pub, "publish", publish)
    return bundles


@pytest.fixture
def installed(streams, published, shell):
    @contextlib.contextmanager
    def installation():
        with streams() as mine:
            capture.install(shell)
            try:
                yield mine
            finally:
                capture.uninstall()

    return installation


def test_text_outside_of_tasks_passes(installed):
    with installed() as (stdout, stderr):
        print("plain")
        print("warning", file=sys.stderr)
        assert stdout.getvalue() == "plain\n"
        assert stderr.getvalue() == "warning\n"


def test_copied_text_reaches_the_cell_and_the_task(installed):
    with installed() as (stdout, stderr):
        output = Output()
        with tee_to(output):
            print("both", end="", flush=True)
            sys.stderr.write("!")
        print("after")
        assert stdout.getvalue() == "bothafter\n"
        assert stderr.getvalue() == "!"
        assert output.text == "both!"


def test_moved_text_reaches_the_task_alone(installed):
    with installed() as (stdout, stderr):
        output = Output()
        with redirect_to(output):
            assert sys.stdout.write("mine") == 4
            sys.stderr.writelines([" and", " mine"])
            print(" too", file=sys.stdout)
        assert stdout.getvalue() == ""
        assert stderr.getvalue() == ""
        assert output.text == "mine and mine too\n"


def test_what_is_not_text_raises_as_it_would_without_capture(installed):
    with installed() as (_stdout, _stderr):
        for route in (tee_to(Output()), redirect_to(Output())):
            with route, pytest.raises(TypeError):
                sys.stdout.write(5)


def test_a_string_of_a_hostile_class_is_kept_as_text(installed):
    with installed() as (_stdout, _stderr):

        class Hostile(str):  # noqa: SLOT000
            def __getitem__(self, index):
                raise RuntimeError

            def __len__(self):
                raise RuntimeError

        output = Output()
        with redirect_to(output):
            sys.stdout.write(Hostile("harmless"))
        assert output.text == "harmless"


async def test_concurrent_tasks_keep_their_own_text(installed):
    with installed() as (stdout, _stderr):
        outputs = [Output() for _ in range(20)]

        async def work(number):
            with redirect_to(outputs[number]):
                for _ in range(3):
                    print(number)
                    await asyncio.sleep(0)
                await asyncio.to_thread(print, "thread of", number)
                await asyncio.create_task(child(number))

        async def child(number):
            print("child of", number)

        await asyncio.gather(*(work(number) for number in range(20)))
        assert [output.text for output in outputs] == [
            f"{n}\n{n}\n{n}\nthread of {n}\nchild of {n}\n" for n in range(20)
        ]
        assert stdout.getvalue() == ""


def test_a_thread_in_a_copied_context_writes_to_its_task(installed):
    with installed() as (_stdout, _stderr):
        output = Output()
        with redirect_to(output):
            context = contextvars.copy_context()
            thread = threading.Thread(target=context.run, args=(print, "from the thread"))
            thread.start()
            thread.join()
        assert output.text == "from the thread\n"


def test_a_route_may_be_left_in_another_context(installed):
    with installed() as (stdout, _stderr):
        route = redirect_to(Output())
        contextvars.copy_context().run(route.__enter__)
        route.__exit__(None, None, None)
        print("passes")
        assert stdout.getvalue() == "passes\n"


def test_a_copy_within_a_moved_task_passes_to_that_task(installed):
    with installed() as (stdout, _stderr):
        outer, inner = Output(), Output()
        with redirect_to(outer), tee_to(inner):
            print("nested")
            display("shown")
        assert inner.text == outer.text == "nested\n'shown'\n"
        assert stdout.getvalue() == ""


def test_what_shows_a_task_from_within_passes(installed, published):
    with installed() as (stdout, _stderr):
        output = Output()
        with redirect_to(output):
            with pass_through():
                print("a card")
                display(HTML("<b>a card</b>"))
            print("text")
        assert stdout.getvalue() == "a card\n"
        assert len(published) == 1
        assert output.text == "text\n"


def test_moved_displays_are_named_by_their_type(installed, published):
    with installed() as (_stdout, _stderr):
        output = Output()
        with redirect_to(output):
            display(HTML("<b>bold</b>"))
            display({"image/png": "…"}, raw=True)
            display({"text/html": "…", "text/plain": "a  b\n1  2"}, raw=True)
            display("plain")
        assert published == []
        assert output.text == (
            "[text/html] <IPython.core.display.HTML object>\n"
            "[image/png]\n"
            "[text/html]\na  b\n1  2\n"
            "'plain'\n"
        )


def test_copied_displays_are_shown_and_named(installed, published):
    with installed() as (_stdout, _stderr):
        output = Output()
        with tee_to(output):
            display(HTML("<b>bold</b>"))
        assert [set(bundle) for bundle in published] == [{"text/html", "text/plain"}]
        assert output.text == "[text/html] <IPython.core.display.HTML object>\n"


def test_a_display_that_a_terminal_prints_is_copied_once(streams, shell):
    with streams() as (stdout, _stderr):
        capture.install(shell)
        try:
            output = Output()
            with tee_to(output):
                display("only once")
            assert stdout.getvalue() == output.text == "'only once'\n"
        finally:
            capture.uninstall()


@pytest.mark.parametrize("bundle", [None, {1: 2}, {"text/plain": None}, {"a/b": {}} | {}])
def test_no_bundle_makes_the_text_of_a_display_raise(bundle):
    assert isinstance(display_text(bundle), str)


def test_a_moved_display_of_something_else_raises_as_without_capture(installed, shell):
    error = pytest.raises(TypeError, match="data must be a dict")
    with installed(), redirect_to(Output()), error:
        shell.display_pub.publish("text")


def test_clearing_the_output_of_a_moved_task_does_nothing(installed):
    with installed() as (stdout, _stderr):
        route = redirect_to(Output())
        with route:
            print("kept")
            clear_output()
        assert route.output.text == "kept\n"
        assert stdout.getvalue() == ""
        assert not route.cleared


def test_clearing_the_output_of_a_foreground_task_is_noted_and_happens(installed):
    with installed() as (stdout, _stderr):
        route = tee_to(Output())
        with route:
            clear_output()
        assert route.cleared
        assert stdout.getvalue() != ""
        assert route.output.text == ""


@pytest.mark.parametrize("before", [True, False])
def test_logging_records_land_with_the_task(streams, shell, before):
    with streams() as (_stdout, stderr):
        logger = logging.getLogger("test_capture")
        logger.propagate = False
        if not before:
            capture.install(shell)
        handler = logging.StreamHandler()
        logger.addHandler(handler)
        capture.install(shell)
        output = Output()
        try:
            with redirect_to(output):
                logger.warning("in the task")
            logger.warning("outside")
            capture.uninstall()
            logger.warning("afterwards")
        finally:
            capture.uninstall()
            logger.removeHandler(handler)
        assert output.text == "in the task\n"
        assert stderr.getvalue() == "outside\nafterwards\n"
        assert handler.stream is stderr


def test_the_handler_of_last_resort_writes_to_the_task(installed):
    with installed() as (_stdout, _stderr):
        logger = logging.getLogger("test_capture.nobody")
        logger.propagate = False
        output = Output()
        with redirect_to(output):
            logger.warning("nobody set up logging")
        assert output.text == "nobody set up logging\n"


def test_a_proxy_is_its_target_in_all_else(installed):
    with installed() as (stdout, _stderr):
        assert sys.stdout is not stdout
        assert isinstance(sys.stdout, Stream)
        assert isinstance(sys.stdout, io.TextIOBase)
        assert repr(sys.stdout) == repr(stdout)
        sys.stdout.set_parent("header")
        assert stdout.parent == sys.stdout.parent == "header"
        sys.stdout.parent = "another"
        assert stdout.parent == "another"
        assert sys.stdout.isatty() is False
        assert sys.stdout.encoding == stdout.encoding
        with pytest.raises(io.UnsupportedOperation):
            sys.stdout.fileno()
        with pytest.raises(AttributeError):
            sys.stdout.buffer  # noqa: B018
        with redirect_to(Output()), pytest.raises(AttributeError):
            sys.stdout.buffer  # noqa: B018
        assert not hasattr(sys.stdout, "_original_stdstream_copy")
        assert pickle.loads(cloudpickle.dumps(sys.stdout)) is sys.stdout


def test_bytes_of_a_moved_task_are_moved(shell, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="utf-8"))
    capture.install(shell)
    output = Output()
    try:
        sys.stdout.buffer.write(b"before ")
        with redirect_to(output):
            sys.stdout.buffer.write("döner\n".encode())
            sys.stdout.buffer.flush()
        with tee_to(Output()):
            sys.stdout.buffer.write(b"after")
        sys.stdout.flush()
    finally:
        capture.uninstall()
    assert output.text == "döner\n"
    assert raw.getvalue() == b"before after"


def test_a_write_method_that_is_replaced_for_a_while_sees_the_text_once(installed):
    with installed() as (stdout, _stderr):
        # As IPython's `_tee` does while a cell runs.
        original, seen = sys.stdout.write, []

        def write(text):
            seen.append(text)
            return original(text)

        sys.stdout.write = write
        output = Output()
        with tee_to(output):
            print("text", end="")
        sys.stdout.write = original
        print(".", end="")
        assert "".join(seen) == "text"
        assert stdout.getvalue() == "text."
        assert output.text == "text"


def test_installing_again_changes_nothing(installed, shell):
    with installed() as (_stdout, _stderr):
        proxies = sys.stdout, sys.stderr, shell.display_pub.publish
        capture.install(shell)
        assert (sys.stdout, sys.stderr, shell.display_pub.publish) == proxies


def test_installing_again_repairs_what_was_displaced(installed, shell):
    with installed() as (_stdout, _stderr):
        sys.stdout = Stream()
        replaced = sys.stdout
        capture.install(shell)
        output = Output()
        with tee_to(output):
            print("again")
        assert output.text == replaced.getvalue() == "again\n"


def test_uninstalling_leaves_everything_as_it_was(streams, shell):
    with streams() as (stdout, stderr):
        before = dict(vars(shell.display_pub))
        for _ in range(3):
            capture.install(shell)
            capture.uninstall()
        assert (sys.stdout, sys.stderr) == (stdout, stderr)
        assert vars(shell.display_pub) == before
        capture.uninstall()
        assert (sys.stdout, sys.stderr) == (stdout, stderr)


def test_uninstalling_leaves_what_others_put_in_front(installed, shell):
    with installed() as (stdout, _stderr):
        proxy = sys.stdout
        publish = shell.display_pub.publish
        sys.stdout = tee = Stream()
        shell.display_pub.publish = theirs = functools.partial(publish)
        capture.uninstall()
        assert sys.stdout is tee
        assert shell.display_pub.publish is theirs
        proxy.write("still works")
        assert stdout.getvalue() == "still works"


def test_redirected_output_goes_where_the_user_sent_it(installed):
    with installed() as (_stdout, _stderr):
        output, mine = Output(), io.StringIO()
        with redirect_to(output), contextlib.redirect_stdout(mine):
            print("redirected")
        assert mine.getvalue() == "redirected\n"
        assert output.text == ""


def test_progress_bars_write_to_their_task(installed):
    with installed() as (_stdout, stderr):
        tqdm = pytest.importorskip("tqdm").tqdm
        output = Output()
        with redirect_to(output):
            for _ in tqdm(range(3)):
                pass
        assert "3/3" in output.text
        assert stderr.getvalue() == ""


def test_capture_goes_together_with_capsys(shell, capsys):
    capture.install(shell)
    output = Output()
    try:
        with tee_to(output):
            print("seen by both")
        with redirect_to(output):
            print("moved")
    finally:
        capture.uninstall()
    assert capsys.readouterr().out == "seen by both\n"
    assert output.text == "seen by both\nmoved\n"


def test_what_a_cell_prints_is_moved_while_the_cell_runs(installed, shell):
    with installed() as (stdout, _stderr):
        # The cell's own machinery replaces `write` on the proxy meanwhile.
        output = Output()
        shell.user_ns.update(redirect_to=redirect_to, output=output)
        shell.run_cell("with redirect_to(output):\n    print('in the task')\nprint('outside')")
        assert output.text == "in the task\n"
        assert stdout.getvalue() == "outside\n"


def test_a_prompt_that_replaces_the_streams_does_not_lose_background_text(streams, shell):
    with streams() as (stdout, _stderr):

        class Event(list):
            def __iadd__(self, handler):
                self.append(handler)
                return self

            def __isub__(self, handler):
                self.remove(handler)
                return self

        class App:
            before_render = Event()

        class Prompt:
            app = App()

        shell.pt_app = Prompt()
        try:
            capture.install(shell)
            ours = sys.stdout
            sys.stdout = prompt = Stream()
            for handler in App.before_render:
                handler(None)
            output = Output()
            with redirect_to(output):
                print("in the background")
            print("above the prompt")
            sys.stdout = ours
            capture.uninstall()
        finally:
            del shell.pt_app
        assert output.text == "in the background\n"
        assert prompt.getvalue() == "above the prompt\n"
        assert App.before_render == []
        assert sys.stdout is stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_forked_child_prints_passes(shell, capfd):
    capture.install(shell)
    try:
        with redirect_to(Output()):
            pid = os.fork()
            if pid == 0:
                print("from the child", flush=True)
                os._exit(0)
            os.waitpid(pid, 0)
    finally:
        capture.uninstall()
    assert capfd.readouterr().out == "from the child\n"
