"""`%%enqueue?` and Tab."""

from __future__ import annotations

import pytest

from immediate_tasks_ipy.ipython.magics.enqueue import EnqueueMagics
from immediate_tasks_ipy.ipython.planning.option_parser import option_strings


def helped(notebook, code):
    shown = []
    hooks = notebook.shell.hooks
    before = hooks.show_in_pager
    hooks.show_in_pager = lambda data, *_, **__: shown.append(data)
    try:
        notebook.run(code)
    finally:
        hooks.show_in_pager = before
    return shown[-1]["text/plain"]


def test_help_shows_every_option_and_an_example_of_every_form(notebook):
    for code in ("%%enqueue?", "%enqueue?"):
        text = helped(notebook, code)
        assert "%%enqueue [-n NAME]" in text
        for option in option_strings(EnqueueMagics.enqueue.parser):
            assert option in text
        for example in ("%enqueue add(2, 3)", "@task", "--each urls fetch", "%%enqueue --name"):
            assert example in text


def test_help_of_an_option_says_what_it_is_for(notebook):
    text = " ".join(helped(notebook, "%%enqueue?").split())

    assert "from -100 to 100" in text
    assert "card,panel,text,none" in text


def test_help_of_tasks_shows_every_subcommand(notebook):
    text = helped(notebook, "%tasks?")

    for name in (
        "list", "show", "rerun", "cancel", "debug", "value", "wait", "clear", "export", "backends",
    ):  # fmt: skip
        assert f"%tasks {name}" in text


@pytest.mark.parametrize("option", ["-h", "--help", "-p 3 --help"])
async def test_asking_for_help_as_of_a_command_shows_it_and_runs_nothing(notebook, option):
    for code in (f"%enqueue {option}", f"%%enqueue {option}\nran = await missing()"):
        ran = await notebook.arun(code)
        assert ran.ok, ran.error
        assert "--priority" in ran.out
        assert "%enqueue --each urls fetch" in ran.out
        assert "ran" not in notebook


@pytest.mark.parametrize("line", ["help", "-h", "--help"])
def test_tasks_shows_its_help_too(notebook, line):
    assert "%tasks rerun --failed" in notebook.run(f"%tasks {line}").out


def completed(notebook, text, after=""):
    """Return what lines would read after Tab at the end of `text`, as a front end applies it."""
    matches = notebook.shell.Completer.completions(text + after, len(text))
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {text[: m.start] + m.text for m in matches}


@pytest.fixture
def prepared(notebook):
    notebook.run(
        "from immediate_tasks_ipy.tasks import task\n"
        "@task\ndef send_invoice(n): ...\ndef send_mail(): ...\nsend_count = 3"
    )
    return notebook


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("%enqueue --ba", {"%enqueue --background", "%enqueue --backend"}),
        ("%%enqueue --ea", {"%%enqueue --each"}),
        ("r = %enqueue --pri", {"r = %enqueue --priority"}),
        ("%enqueue -p 5 --tak", {"%enqueue -p 5 --takes-context"}),
        ("%enqueue -b d", {"%enqueue -b default", "%enqueue -b dask"}),
        ("%enqueue --backend da", {"%enqueue --backend dask"}),
        ("%enqueue --display c", {"%enqueue --display card"}),
        ("%enqueue send_i", {"%enqueue send_invoice"}),
        ("%%enqueue send_", {"%%enqueue send_invoice", "%%enqueue send_mail"}),
        ("%enqueue -p 5 send_m", {"%enqueue -p 5 send_mail"}),
        ("%enqueue --each urls send_m", {"%enqueue --each urls send_mail"}),
        ("%tasks sh", {"%tasks show"}),
        ("%tasks wa", {"%tasks wait"}),
        ("%tasks c", {"%tasks cancel", "%tasks clear"}),
        ("%tasks list --f", {"%tasks list --failed"}),
        ("%tasks rerun --", {"%tasks rerun --failed"}),
        ("    %enqueue send_i", {"    %enqueue send_invoice"}),
        ("  r = %enqueue --pri", {"  r = %enqueue --priority"}),
        ("    %tasks sh", {"    %tasks show"}),
        ("%enqueue --each send_c", {"%enqueue --each send_count"}),
        ("%enqueue --each 'n in send_c", {"%enqueue --each 'n in send_count"}),
        ("%enqueue --each send_count send_i", {"%enqueue --each send_count send_invoice"}),
    ],
)
def test_tab_completes(prepared, typed, expected):
    assert expected <= completed(prepared, typed)


def test_tab_after_a_space_offers_the_tasks_of_the_notebook(prepared):
    offered = completed(prepared, "%enqueue ")

    assert {"%enqueue send_invoice", "%enqueue send_mail"} <= offered


def test_tab_completes_queues_of_the_backends(prepared):
    prepared.run(
        "%config ImmediateTasks.backends = {'default': {'BACKEND': "
        "'immediate_tasks_ipy.tasks.backends.immediate.ImmediateBackend', "
        "'QUEUES': ['default', 'mail']}}"
    )
    prepared.run("%enqueue send_mail()")
    assert "%enqueue -q mail" in completed(prepared, "%enqueue -q ma")


def test_tab_completes_ids(prepared):
    result = prepared.run("%enqueue send_mail()").value

    for name in ("show", "rerun", "cancel", "debug", "value", "wait"):
        typed = f"%tasks {name} {result.id[:3]}"
        assert f"%tasks {name} {result.id}" in completed(prepared, typed)
    assert f"%tasks show {result.id}" in completed(prepared, "%tasks show ")


def test_tab_elsewhere_is_as_it_was(prepared):
    prepared.run("background_noise = 1")

    assert "background_noise" in completed(prepared, "background_n")
    assert not any("--backend" in text for text in completed(prepared, "x = --ba"))
    assert "%enqueue" in completed(prepared, "%enq")
    assert "%%enqueue" in completed(prepared, "%%enq")


def test_tab_never_runs_or_imports_anything(prepared):
    prepared.run("class Trap:\n    def __getattr__(self, name):\n        raise SystemExit\n"
                 "trap = Trap()")  # fmt: skip
    completed(prepared, "%enqueue tra")
    completed(prepared, "%enqueue trap.")
    assert len(prepared.run("import immediate_tasks_ipy as i\ni.history.results").value) == 0
