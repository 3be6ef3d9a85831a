"""The page object does in both front ends what a user would."""

from __future__ import annotations

from playwright.sync_api import expect


def test_a_notebook_runs_saves_reloads_and_restarts(open_notebook):
    notebook = open_notebook(
        "x = 20\nx + 1", "import time\nprint('asleep', flush=True); time.sleep(60)"
    )

    expect(notebook.run(0)).to_contain_text("21")

    notebook.save()
    assert notebook.read().cells[0].outputs[0].data["text/plain"] == "21"

    notebook.reload()
    index = notebook.add("'x' in globals()")
    expect(notebook.run(index)).to_contain_text("True")

    notebook.restart_kernel()
    expect(notebook.run(index)).to_contain_text("False")

    notebook.start(1)
    # A cell that is marked as running may still wait for the kernel: it says when it runs.
    notebook.wait_text(1, "asleep")
    assert notebook.prompt(1) == "[*]:"
    notebook.interrupt()
    notebook.wait_text(1, "KeyboardInterrupt")

    assert notebook.foreign_requests == []
    assert notebook.errors == []


def test_themes_switch_and_can_be_pictured(open_notebook):
    notebook = open_notebook("from IPython.display import HTML\nHTML('<button>Go</button>')")
    notebook.run(0)
    notebook.wait_role(0, "button", "Go")
    sizes = set()

    for theme in ("dark", "light"):
        notebook.theme(theme)
        sizes.add(notebook.screenshot(f"harness-{notebook.front_end}-{theme}").stat().st_size)

    assert len(sizes) == 2


def test_errors_of_a_widget_are_noted(lab):
    notebook = lab(
        "import anywidget\n"
        "class Broken(anywidget.AnyWidget):\n"
        "    _esm = 'export default {render() { setTimeout(() => { throw Error(\"mine\") }) }}'\n"
        "Broken()"
    )
    notebook.run(0)

    notebook.wait_for(lambda: any("mine" in error for error in notebook.errors))
