"""A value that can draw itself, as a PNG: a figure of matplotlib, an image.

No library is imported for it: what has a method that writes a PNG is asked for one.
"""

from __future__ import annotations

import io
from typing import Any, NamedTuple

#: Bytes of a PNG that is shown.
LARGEST = 2_000_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Picture(NamedTuple):
    """A PNG, with its size in pixels."""

    png: bytes
    width: int
    height: int


def picture(value: Any) -> Picture | None:
    """The picture of a value; None for what draws none, or too large a one. Never raises.

    Drawing a figure can take a second, and runs the library's code.
    """
    try:
        png = _png(value)
    except Exception:
        return None
    if not isinstance(png, bytes) or not png.startswith(_SIGNATURE) or len(png) > LARGEST:
        return None
    # The header comes first: 8 bytes of signature, 8 of its own frame, then the two sizes.
    return Picture(png, int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"))


def _png(value: Any) -> Any:
    kind = type(value)
    if hasattr(kind, "_repr_png_"):
        return value._repr_png_()
    if hasattr(kind, "savefig"):
        file = io.BytesIO()
        value.savefig(file, format="png")
        return file.getvalue()
    return None
