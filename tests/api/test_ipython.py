"""The Python API in a shell: the launcher, the cards and the history of the magics."""

from __future__ import annotations

import pytest

from tests.support.shells import NotebookShell, session, wait_until


@pytest.fixture
def notebook():
    with session(NotebookShell) as made:
        made.run(
            "from immediate_tasks_ipy import background, card, each, panel\n"
            "def halve(n):\n    return 6 // n\n"
            "async def ahalve(n):\n    return 6 // n\n"
        )
        yield made


@pytest.mark.parametrize("function", ["halve", "ahalve"])
def test_each_shows_the_card_of_the_magic_and_no_second_output(notebook, function):
    ran = notebook.run(f"await each({function}, [1, 2, 0])")

    assert ran.ok, ran.error
    assert len(ran.outputs) == 1
    assert "2 successful" in ran.text
    assert "<details" in ran.html
    assert [r.status for r in ran.value] == ["SUCCESSFUL", "SUCCESSFUL", "FAILED"]
    shown = notebook.run("%tasks list")
    assert shown.out.count("halve(") == 3


def test_background_has_a_card_that_follows(notebook):
    ran = notebook.run("r = background(ahalve, 2)")

    assert ran.ok, ran.error
    wait_until(lambda: any("SUCCESSFUL" in o["text/plain"] for o in notebook.outputs))
    assert "ahalve(2)" in notebook.outputs[-1]["text/plain"]


def test_card_is_an_output_of_its_own(notebook):
    notebook.run("results = await each(halve, [1, 0])")

    one = notebook.run("card(results[0])")
    several = notebook.run("card(results)")

    assert "SUCCESSFUL" in one.html
    assert "1 failed" in several.text


def test_a_refusal_is_a_value_error(notebook):
    ran = notebook.run("await each(halve, [1], backend='nowhere')")

    assert type(ran.error) is ValueError
    assert "nowhere" in str(ran.error)


def test_the_panel_is_the_one_that_the_magic_opens(notebook):
    notebook.run("p = panel()")
    assert notebook.run("q = panel()").ok
    assert notebook["p"] is notebook["q"]


def test_a_shell_without_the_extension_gets_it(notebook):
    notebook.run("%unload_ext immediate_tasks_ipy")
    assert "enqueue" not in notebook.shell.magics_manager.magics["line"]

    ran = notebook.run("await each(halve, [1])")

    assert "1 successful" in ran.text
    assert "enqueue" in notebook.shell.magics_manager.magics["line"]
