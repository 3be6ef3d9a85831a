"""Saved notebooks in what people publish them with: the cards look as in the notebook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from playwright.sync_api import Page, expect

from tests.display.gallery import cards
from tests.support.environments import checked, environment
from tests.support.services import ARTIFACTS

#: What is drawn around the disclosures of the cards, and inside of their summaries.
FRAMES = """() => [...document.querySelectorAll('div[style*="border-left"] :is(details, summary)')]
  .flatMap((element) => [null, '::before', '::after'].map((part) => {
    const style = getComputedStyle(element, part);
    const isDrawn = !part || style.content !== 'none';
    const isMasked = style.maskImage.includes('linear-gradient');
    return isDrawn && !isMasked && [
      element.localName, part, style.borderTopWidth, style.backgroundColor, style.boxShadow,
      style.fontWeight,
    ].join(' ');
  })).filter(Boolean)"""
PLAIN = {f"{name}  0px rgba(0, 0, 0, 0) none 400" for name in ("details", "summary")}
MKDOCS = """
site_name: Notebooks
theme: {name: material, font: false}
plugins: [mkdocs-jupyter]
"""


def mkdocs_with_material(folder: Path, notebook: Path) -> Path:
    python = environment("mkdocs", "mkdocs-jupyter", "mkdocs-material", package=False)
    (folder / "mkdocs.yml").write_text(MKDOCS)
    (folder / "docs").mkdir()
    notebook.rename(folder / "docs" / "index.ipynb")
    checked([python, "-m", "mkdocs", "build"], cwd=folder)
    return folder / "site" / "index.html"


def nbsphinx(folder: Path, notebook: Path) -> Path:
    python = environment("nbsphinx", "ipython", "nbsphinx", "sphinx", package=False)
    (folder / "conf.py").write_text('extensions = ["nbsphinx"]\nnbsphinx_execute = "never"\n')
    checked([python, "-m", "sphinx", "-q", "-b", "html", folder, folder / "html"])
    return folder / "html" / f"{notebook.stem}.html"


def myst_nb(folder: Path, notebook: Path) -> Path:
    python = environment("myst-nb", "myst-nb", "furo", package=False)
    (folder / "conf.py").write_text(
        'extensions = ["myst_nb"]\nnb_execution_mode = "off"\nhtml_theme = "furo"\n'
    )
    checked([python, "-m", "sphinx", "-q", "-b", "html", folder, folder / "html"])
    return folder / "html" / f"{notebook.stem}.html"


@pytest.mark.parametrize("publish", [mkdocs_with_material, nbsphinx, myst_nb])
def test_cards_keep_their_look(bare_page: Page, tmp_path, publish: Callable[[Path, Path], Path]):
    made = list(cards().values())
    outputs = [v4.new_output("display_data", {"text/html": html}) for html in made]
    cell = v4.new_code_cell("%enqueue add(2, 3)", outputs=outputs, execution_count=1)
    notebook = tmp_path / "index.ipynb"
    nbformat.write(v4.new_notebook(cells=[cell]), notebook)

    bare_page.goto(publish(tmp_path, notebook).as_uri())

    expect(bare_page.get_by_text("SUCCESSFUL").first).to_be_visible()
    ARTIFACTS.mkdir(exist_ok=True)
    bare_page.screenshot(path=ARTIFACTS / f"published-{publish.__name__}.png")
    assert set(bare_page.evaluate(FRAMES)) <= PLAIN
