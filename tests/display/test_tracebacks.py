from __future__ import annotations

import os
import traceback

import pytest

from immediate_tasks_ipy.display.source_files import is_library, label
from immediate_tasks_ipy.display.tracebacks import frames, last_exception, set_cell_numbers
from tests.display.gallery import (
    CELL,
    chained,
    group_in_cell,
    grouped,
    misspelt,
    recursive,
)
from tests.display.samples import raised_in_cell


def formatted(error):
    return "".join(traceback.format_exception(error))


@pytest.fixture
def segments():
    return frames(formatted(raised_in_cell(CELL, 'fetch("x")')))


def test_frames_of_cells_are_the_users_with_their_own_lines(segments):
    [segment] = segments
    cell = segment.frames[0]

    assert (cell.label, cell.line, cell.function) == ("Cell [7]", 4, "fetch")
    assert not cell.library
    assert [(line.number, line.text) for line in cell.source] == [
        (2, "def fetch(url, timeout=1.2):"),
        (3, "    for line in [url]:"),
        (4, "        return len(json.loads(line))"),
    ]
    assert [line.failing for line in cell.source] == [False, False, True]


def test_frames_of_libraries_are_recognised(segments):
    libraries = segments[0].frames[1:]

    assert all(frame.library for frame in libraries)
    assert {frame.label for frame in libraries} == {"json/__init__.py", "json/decoder.py"}


def test_exception_and_message_are_read(segments):
    assert segments[0].exception == "json.decoder.JSONDecodeError"
    assert segments[0].headline == "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"


def test_chains_come_in_order_with_what_joins_them():
    cause, effect = frames(formatted(chained()))

    assert (cause.exception, cause.message, cause.joined_by) == ("KeyError", "'key'", "")
    assert effect.headline == "ValueError: no such setting"
    assert effect.rest == "look at line two\na note of the user"
    assert effect.joined_by == "cause"


def test_context_is_distinguished_from_cause():
    error = ValueError(2)
    error.__context__ = KeyError(1)

    assert [segment.joined_by for segment in frames(formatted(error))] == ["", "context"]


def test_recursion_is_folded():
    [segment] = frames(formatted(recursive()))

    down = segment.frames[1]
    assert (down.function, down.repeated > 900) == ("down", True)
    assert len(segment.frames) == 2


def test_recursion_of_two_functions_keeps_all_frames():
    def ping(n):
        return pong(n) if n else 1 / 0

    def pong(n):
        return ping(n - 1)

    with pytest.raises(ZeroDivisionError) as raised:
        ping(3)

    names = [frame.function for frame in frames(formatted(raised.value))[0].frames]
    assert names[-7:] == ["ping", "pong"] * 3 + ["ping"]


def test_groups_are_read_with_their_members():
    [segment] = frames(formatted(grouped()))

    assert segment.headline == "ExceptionGroup: several (2 sub-exceptions)"
    assert [frame.function for frame in segment.frames] == ["grouped"]
    assert segment.rest == ""
    assert [[each.headline for each in member] for member in segment.members] == [
        ["ValueError: one"],
        ["TypeError: two"],
    ]


def test_members_have_frames_chains_and_members_of_their_own():
    [segment] = frames(formatted(group_in_cell()))

    read, *_, inner = segment.members
    assert [frame.function for frame in read[-1].frames][:3] == ["gather", "<lambda>", "read"]
    assert read[-1].frames[2].label == "Cell [8]"
    assert [member[0].headline for member in inner[0].members] == ["KeyError: 'k'"]


def test_chains_inside_and_around_a_group_are_kept_apart():
    def raised():
        try:
            raise ExceptionGroup("outer", [chained(), ExceptionGroup("inner", [chained()])])
        except ExceptionGroup as error:
            error.add_note("a note of the group")
            raise RuntimeError("after") from error

    with pytest.raises(RuntimeError) as caught:
        raised()
    group, last = frames(formatted(caught.value))

    assert (last.headline, last.joined_by, last.members) == ("RuntimeError: after", "cause", ())
    assert group.message == "outer (2 sub-exceptions)\na note of the group"
    first, second = group.members
    assert [each.joined_by for each in first] == ["", "cause"]
    assert first[1].rest == "look at line two\na note of the user"
    assert [each.exception for each in second[0].members[0]] == ["KeyError", "ValueError"]
    assert last_exception(formatted(caught.value)).headline == "RuntimeError: after"
    assert last_exception(formatted(caught.value.__cause__)).message == group.message


def test_members_that_python_left_out_are_counted():
    [segment] = frames(formatted(ExceptionGroup("many", [ValueError(n) for n in range(40)])))

    assert len(segment.members) + segment.unnamed_members == 40


def test_groups_within_groups_are_read_to_a_level():
    text = "".join(f"{'  ' * n}  | E: {n}\n{'  ' * n}  +-+---- 1 ----\n" for n in range(500))

    assert frames(text)[0].headline == "E: 0"


def test_syntax_errors_point_at_their_file():
    [segment] = frames(formatted(misspelt()))

    assert segment.headline == "SyntaxError: invalid syntax"
    position = segment.frames[-1]
    assert (position.label, position.line, position.function) == ("settings.py", 1, "")
    assert position.source[0].text == "a b"


def test_a_file_that_changed_since_shows_only_the_line_that_ran(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("one\ntwo\nthree\n")
    text = f'Traceback (most recent call last):\n  File "{path}", line 2, in f\n    1/0\nE: x\n'

    [frame] = frames(text)[0].frames

    assert [(line.number, line.text) for line in frame.source] == [(2, "1/0")]


def test_a_traceback_cant_show_other_files(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("before\nline\nafter\n")
    text = f'Traceback (most recent call last):\n  File "{secret}", line 2, in f\n    line\nE: x\n'

    [frame] = frames(text)[0].frames

    assert [line.text for line in frame.source] == ["line"]


def test_a_traceback_cant_make_the_reader_wait(tmp_path):
    pipe = tmp_path / "pipe.py"
    if not hasattr(os, "mkfifo"):
        pytest.skip("No named pipes here.")
    os.mkfifo(pipe)
    text = f'Traceback (most recent call last):\n  File "{pipe}", line 1, in f\n    x\nE: x\n'

    assert frames(text)[0].frames[0].source[0].text == "x"


def test_cells_are_numbered_by_the_shell_where_it_can():
    try:
        set_cell_numbers({"/tmp/ipykernel_1/2.py": 12}.get)
        assert label("/tmp/ipykernel_1/2.py") == "Cell [12]"
        assert label("/tmp/ipykernel_1/3.py") == "Cell"
        set_cell_numbers(lambda name: 1 / 0)
        assert label("/srv/app/x.py") == "…/app/x.py"
    finally:
        set_cell_numbers(None)
    assert label("<ipython-input-3-abcdef>") == "Cell [3]"


@pytest.mark.parametrize(
    "filename",
    [
        os.__file__,
        "/opt/venv/lib/python3.12/site-packages/django/db/models.py",
        "/usr/lib/python3/dist-packages/yaml.py",
        "/usr/lib64/python3.13/json/decoder.py",
        "C:\\Python312\\Lib\\asyncio\\base_events.py",
        "<frozen importlib._bootstrap>",
    ],
)
def test_standard_and_installed_files_are_libraries(filename):
    assert is_library(filename)


@pytest.mark.parametrize(
    "filename", ["/home/me/project/tasks.py", "<ipython-input-3-ab>", "<string>", "tasks.py", ""]
)
def test_other_files_are_the_users(filename):
    assert not is_library(filename)


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        ("", ""),
        ("ValueError", "ValueError"),
        ("ValueError: x", "ValueError: x"),
        ("a.b.Error: x: y", "Error: x: y"),
        ("module.f.<locals>.Odd: x", "Odd: x"),
        ("something went wrong", "something went wrong"),
        ("http://x: y", "http://x: y"),
        ("Traceback (most recent call last):\n", ""),
    ],
)
def test_what_is_no_traceback_is_a_message(text, headline):
    assert frames(text)[0].headline == headline
    assert last_exception(text).headline == headline


def test_only_the_edges_of_a_huge_traceback_are_read():
    text = formatted(ValueError("x" * 50_000_000 + "end"))

    assert frames(text)[0].message.endswith("end")
    assert len(frames(text)[0].message) < 210_000
