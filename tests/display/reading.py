"""What a reader gets from HTML: its text, and whether anything in it could do harm."""

from __future__ import annotations

from html.parser import HTMLParser

#: What a card is made of; `title` aside, an attribute never holds what a task supplied.
TAGS = {
    *("b", "br", "caption", "code", "details", "div", "i", "li", "pre", "small", "span", "strong"),
    *("summary", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ATTRIBUTES = {"style", "title", "scope", "open"}
VOID = {"br"}
#: Elements that a browser sets on lines of their own.
BLOCKS = {"caption", "details", "div", "li", "pre", "summary", "table", "td", "th", "tr", "ul"}


class Page(HTMLParser):
    """Reads HTML strictly: every tag closed in order, nothing but a card's own vocabulary."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.parts: list[str] = []
        self.styles: list[str] = []
        self.details: list[bool] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        assert tag in TAGS, tag
        for name, value in attributes:
            assert name in ATTRIBUTES, (tag, name)
            if name == "style":
                self.styles.append(value)
        if tag == "details":
            self.details.append("open" in dict(attributes))
        if tag in BLOCKS or tag == "br":
            self.parts.append("\n")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:  # a sanitiser writes <br />
            return
        assert self.open[-1:] == [tag]
        self.open.pop()
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data):
        self.parts.append(data)

    def handle_comment(self, data):
        raise AssertionError(data)

    def handle_decl(self, decl):
        raise AssertionError(decl)

    handle_pi = unknown_decl = handle_decl

    @property
    def text(self) -> str:
        lines = (line.strip() for line in "".join(self.parts).split("\n"))
        return "\n".join(line for line in lines if line)


def read(html: str) -> str:
    """The text of a card, a line for each of its lines."""
    return Page(html).text
