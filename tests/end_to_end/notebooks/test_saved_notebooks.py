"""What was run can be read without a kernel: in the saved notebook, and in what it is made into."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter, MarkdownExporter

NOTEBOOKS = sorted(Path("notebooks").glob("*.ipynb"))
QUICKSTART = Path("notebooks/01_quickstart.ipynb")

#: A result, a status and a traceback of the quickstart.
OUTCOMES = ("add(2, 3)", "SUCCESSFUL in", "FAILED after", "NameError: name 'prices' is not defined")
#: The failing line of the user's own cell.
FAILING_LINE = "return len(prices[name])"
#: A card of an ordinary task, in bytes.
CARD = 8_000
#: A row of the table of all tasks that stands below the panel, in bytes; and how it begins.
ROW = 1_000
SAVED_PANEL = "<b>Tasks</b>"
CARD_BEGINS = '<div style="border-left:2px solid'


ENQUEUES = re.compile(r"^%%?enqueue|= %enqueue", re.MULTILINE)


class _Text(HTMLParser):
    """The text of a page, as a reader without styles and scripts gets it."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self._hidden += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def text_of(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    return re.sub(r"\s+", " ", "".join(parser.parts))


def cards(path: Path) -> list[str]:
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    bundles = [output.get("data", {}) for output in outputs]
    return [
        bundle["text/html"]
        for bundle in bundles
        if bundle.get("text/html", "").startswith(CARD_BEGINS)
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_is_saved_with_the_outcome_of_its_tasks(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    enqueues = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        and not cell.source.startswith("%%writefile")
        and re.search(r"^%%?enqueue|= %enqueue", cell.source, re.MULTILINE)
    ]
    assert enqueues
    for cell in enqueues:
        shown = [
            output.get("data", {}).get("text/plain", "") + output.get("text", "")
            for output in cell.outputs
        ]
        outcomes = r"SUCCESSFUL|FAILED|INTERRUPTED|READY|UsageError"
        assert re.search(outcomes, "".join(shown)), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_card_is_large(path: Path) -> None:
    sizes = [len(card.encode()) for card in cards(path) if SAVED_PANEL not in card]
    assert sizes
    assert max(sizes) <= CARD


def test_the_saved_copy_of_the_panel_is_small_for_what_it_lists() -> None:
    saved = [card for card in cards(QUICKSTART) if SAVED_PANEL in card]
    assert saved
    for table in saved:
        assert len(table.encode()) <= ROW * table.count("<tr")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_notebook_names_a_folder_of_this_machine(path: Path) -> None:
    assert str(Path.cwd()) not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("sanitized", [False, True], ids=["trusted", "sanitized"])
def test_html_tells_what_became_of_the_tasks(*, sanitized: bool) -> None:
    exporter = HTMLExporter(sanitize_html=sanitized, embed_images=True)
    html, _ = exporter.from_filename(str(QUICKSTART))
    text = text_of(html)
    for outcome in (*OUTCOMES, FAILING_LINE):
        assert outcome in text


def test_markdown_tells_what_became_of_the_tasks() -> None:
    markdown, _ = MarkdownExporter().from_filename(str(QUICKSTART))
    text = text_of(markdown)
    for outcome in (*OUTCOMES, FAILING_LINE):
        assert outcome in text


def test_cards_read_well_where_every_style_is_removed() -> None:
    """As GitHub shows them: no `style`, no script."""
    bare = [re.sub(r'\sstyle="[^"]*"', "", card) for card in cards(QUICKSTART)]
    text = " ".join(text_of(card) for card in bare)
    for outcome in (*OUTCOMES, FAILING_LINE):
        assert outcome in text
    assert not re.search(r"<(script|style|svg|link)\b", "".join(bare))


def test_pdf_tells_what_became_of_the_tasks(tmp_path: Path) -> None:
    """By the browser's own printer, which is what `webpdf` uses, from the exported page."""
    from playwright.sync_api import sync_playwright
    from pypdf import PdfReader

    from tests.end_to_end.browser.conftest import FLAGS
    from tests.support.services import chromium

    html, _ = HTMLExporter().from_filename(str(QUICKSTART))
    page_file = tmp_path / "quickstart.html"
    page_file.write_text(html, encoding="utf-8")
    printed = tmp_path / "quickstart.pdf"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = browser.new_page()
        page.route(re.compile(r"^https?:"), lambda route: route.abort())
        page.goto(page_file.as_uri())
        page.pdf(path=printed)
        browser.close()
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(printed).pages))
    for outcome in ("SUCCESSFUL", "FAILED", "NameError"):
        assert outcome in text


def test_saved_outputs_name_no_folder_of_a_machine():
    folder = re.compile(r"(?<![\w./~])/(?:home|root|Users|work|opt|usr)/")

    assert [path.name for path in NOTEBOOKS if folder.search(path.read_text("utf-8"))] == []
