from __future__ import annotations

import re

from tests.display.gallery import cards
from tests.display.reading import Page, read


def declarations(style):
    # Custom properties are for one site generator's style sheet, and mean nothing elsewhere.
    parts = [part.strip() for part in style.split(";")]
    return [part for part in parts if part and not part.startswith("--")]


def test_jupyterlab_drops_nothing_from_any_card(sanitize):
    made = cards()
    cleaned = dict(zip(made, sanitize(list(made.values())), strict=True))

    for name, html in made.items():
        sent, kept = Page(html), Page(cleaned[name])
        assert [declarations(style) for style in kept.styles] == [
            declarations(style) for style in sent.styles
        ], name
        assert kept.text == sent.text, name
        assert kept.details == sent.details, name


def test_the_sanitizer_does_drop_what_a_card_must_not_use(sanitize):
    # so that the test above can't pass because nothing is sanitised at all
    bad = '<div style="color:var(--jp-ui-font-color1);padding:0">x</div><script>1</script>'

    [clean] = sanitize([bad])

    assert "var(" not in clean
    assert "padding:0" in clean
    assert "script" not in clean


def test_cards_use_nothing_that_depends_on_a_theme():
    for name, html in cards().items():
        for word in ("var(", "inherit", "currentColor", "<style", "<script", "<svg", "<mark"):
            assert word not in html, (name, word)


def test_text_has_no_colour_of_its_own():
    for name, html in cards().items():
        for style, text in re.findall(r'style="([^"]*)">([^<]*)', html):
            if re.search(r"(^|;)color:", style):
                assert text in "○◐✓✕", (name, text)


def test_a_card_is_complete_with_every_style_removed():
    for name, html in cards().items():
        bare = re.sub(r' style="[^"]*"', "", html)
        assert read(bare) == read(html), name
        # gaps that matter are characters: no two words of a line run into each other
        for line in read(bare).split("\n"):
            assert not re.search(r"(SUCCESSFUL|FAILED|RUNNING|READY)[a-z0-9(]", line), (name, line)


def test_ordinary_cards_stay_under_8_kb():
    for name, html in cards().items():
        assert len(html.encode()) <= 8000, name
