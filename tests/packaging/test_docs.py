"""The documentation builds without a warning, its links lead somewhere, its messages are ours."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.environments import checked
from tests.support.services import ROOT

DOCS = ROOT / "docs"

#: Messages of other software, and of ours in the browser.
OF_OTHERS = (
    "UsageError: Cell magic `%%enqueue` not found.",
    "ModuleNotFoundError: No module named 'immediate_tasks_ipy'",
    "zsh: no matches found: immediate_tasks_ipy[lab]",
    "Error displaying widget: model not found",
    "SynchronousOnlyOperation",
    "OperationalError: database is locked",
    "Cannot run the event loop while another loop is running",
)


class _Page(HTMLParser):
    """The anchors of a page, where its links lead, and what it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors.add(given.get("id") or "")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        source = given.get("href") if tag == "link" else given.get("src")
        if source:
            self.loaded.append(source)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, _Page]:
    """Build the site, with warnings as errors, and read its pages."""
    folder = tmp_path_factory.mktemp("site")
    checked(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html",
         "-d", folder / "doctrees", DOCS, folder / "html"],
        cwd=ROOT,
    )  # fmt: skip
    pages = {}
    for path in (folder / "html").rglob("*.html"):
        pages[path] = page = _Page()
        page.feed(path.read_text("utf-8"))
    return pages


def test_every_link_inside_the_site_leads_to_a_page_and_a_place_on_it(site):
    broken = []
    for path, page in site.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = site.get(target)
            if not target.exists() or (parts.fragment and known and
                                       unquote(parts.fragment) not in known.anchors):  # fmt: skip
                broken.append(f"{path.name}: {link}")

    assert broken == []


def test_pages_load_nothing_from_elsewhere(site):
    foreign = {
        f"{path.name}: {source}"
        for path, page in site.items()
        for source in page.loaded
        if urlsplit(source).netloc
    }

    assert foreign == set()


def test_the_notebooks_are_shown_with_what_their_tasks_came_to(site):
    (page,) = (path for path in site if path.name == "01_quickstart.html")

    assert "SUCCESSFUL" in page.read_text("utf-8")
    assert "NameError" in page.read_text("utf-8")


def test_the_messages_in_troubleshooting_are_those_that_people_see():
    text = (DOCS / "troubleshooting.md").read_text("utf-8")
    sources = [path.read_text("utf-8") for path in ROOT.glob("immediate_tasks_ipy/**/*.*s")]
    sources += [path.read_text("utf-8") for path in ROOT.glob("immediate_tasks_ipy/**/*.py")]
    # A message may go on in the next line of the source.
    written = re.sub(r"""["']\s*\n\s*f?["']""", "", "\n".join(sources))
    messages = [line[4:].strip("` ") for line in text.splitlines() if line.startswith("### `")]

    strange = [
        message
        for message in messages
        if message not in OF_OTHERS
        and not all(part in written for part in map(str.strip, message.split("…")))
    ]

    assert len(messages) > len(OF_OTHERS)
    assert strange == []
