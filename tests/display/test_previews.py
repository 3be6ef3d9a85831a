"""Previews of live values: what a table leaves out, and pictures."""

from __future__ import annotations

import pytest

from immediate_tasks_ipy.display.markup import live_preview
from immediate_tasks_ipy.display.previews.live_value import LiveView
from immediate_tasks_ipy.display.previews.picture import LARGEST, picture
from tests.end_to_end.browser.tasks import Drawing, Table


@pytest.mark.parametrize(
    ("rows", "more"), [(3, ""), (8, ""), (9, "…1 more row"), (1192, "…1,184 more rows")]
)
def test_a_table_says_how_many_rows_it_leaves_out(rows, more):
    class Long(Table):
        shape = (rows, 2)

    view = LiveView.of(Long())
    assert view.more == more
    assert (view.text_lines[-1] == more) == bool(more)
    assert more in live_preview(view)


def test_a_figure_is_asked_for_its_picture():
    found = picture(Drawing())
    assert (found.width, found.height) == (3, 2)


class Painting:
    def __init__(self, png):
        self._png = png

    def _repr_png_(self):
        if isinstance(self._png, Exception):
            raise self._png
        return self._png


@pytest.mark.parametrize(
    "png",
    [
        b"no picture",
        "text",
        None,
        ValueError("no canvas"),
        b"\x89PNG\r\n\x1a\n" + bytes(LARGEST),
    ],
)
def test_what_draws_no_picture_has_none(png):
    assert picture(Painting(png)) is None
    assert picture(3) is None
