"""Take the screenshots of the README and of the documentation's first page.

    pip install -e ".[test]"
    python docs/pictures.py

runs a notebook in a real JupyterLab, in Chromium, and writes `docs/notebook-light.png` and
`docs/notebook-dark.png`, with 256 colours each, since they are loaded with the README.
"""

from __future__ import annotations

import base64
import struct
import sys
import tempfile
import zlib
from collections import Counter
from pathlib import Path
from typing import get_args

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Page, expect, sync_playwright

from tests.end_to_end.browser.conftest import FLAGS
from tests.support.jupyter_server import jupyter_server
from tests.support.notebook_page import Notebook, Theme
from tests.support.services import chromium

FOLDER = Path(__file__).resolve().parent

CELLS = [
    """\
%load_ext immediate_tasks_ipy
import asyncio

async def fetch(url, pause=0.4):
    number = int(url.rpartition("/")[2])
    await asyncio.sleep(pause + number % 7 / 20)
    if number in {17, 35}:
        raise TimeoutError(f"page {number} timed out")
    return {"page": number, "words": 120 + number * 37 % 400}

urls = [f"https://example.org/page/{number}" for number in range(12, 52)]""",
    "%enqueue fetch(urls[0])",
    'pages = %enqueue --each "url in urls" --concurrency 8 fetch(url)',
    "%enqueue --background fetch(urls[-1], pause=240);",
    "%tasks",
]

#: The page in pixels of CSS, and how many of the picture are one of those.
WIDTH, HEIGHT, SCALE = 1140, 1500, 1.25

#: The pixels of a picture, four bytes each, as base64.
PIXELS = """
async (png) => {
  const file = await fetch(`data:image/png;base64,${png}`);
  const picture = await createImageBitmap(await file.blob());
  const { width, height } = picture;
  const canvas = new OffscreenCanvas(width, height).getContext('2d');
  canvas.drawImage(picture, 0, 0);
  const bytes = canvas.getImageData(0, 0, width, height).data;
  let text = '';
  for (let at = 0; at < bytes.length; at += 32768)
    text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return [width, height, btoa(text)];
}
"""


def prepare(notebook: Notebook) -> None:
    """Run the cells, and open a failure in the panel."""
    page = notebook.page
    notebook.run_all()
    panel = notebook.output(len(CELLS) - 1).locator(".itipy-panel")
    expect(panel).to_be_visible()
    batch = panel.get_by_role("row").filter(has_text="2 failed")
    batch.locator(".itipy-twist").click()
    panel.get_by_role("row").filter(has_text="/17").click()
    expect(panel.get_by_role("tabpanel", name="Traceback")).to_contain_text("timed out")
    page.evaluate("() => document.activeElement?.blur()")
    page.add_style_tag(
        content=".jp-cell-toolbar, .jp-Notebook-footer, .jp-Collapser { visibility: hidden }"
        " .jp-Cell { --jp-cell-editor-active-border-color: var(--jp-cell-editor-border-color) }"
    )


def picture(notebook: Notebook) -> bytes:
    """What stands in the notebook, from its first cell to its last."""
    first = notebook.cell(0).bounding_box() or {}
    last = notebook.cell(len(CELLS) - 1).bounding_box() or {}
    height = last["y"] + last["height"] - first["y"]
    clip = {"x": first["x"], "y": first["y"] - 6, "width": first["width"], "height": height + 8}
    return notebook.page.screenshot(clip=clip, animations="disabled")


def indexed(page: Page, png: bytes) -> bytes:
    """The same picture with the 256 colours that most of its pixels have, or nearly have."""
    width, height, text = page.evaluate(PIXELS, base64.b64encode(png).decode())
    data = base64.b64decode(text)
    pixels = [data[at : at + 3] for at in range(0, len(data), 4)]
    counts = Counter(pixels)
    palette = [color for color, _ in counts.most_common(256)]
    index = {
        color: min(range(len(palette)), key=lambda at: distance(palette[at], color))
        for color in counts
    }
    lines = b"".join(
        b"\0" + bytes(index[color] for color in pixels[line * width : (line + 1) * width])
        for line in range(height)
    )
    header = struct.pack(">2I5B", width, height, 8, 3, 0, 0, 0)
    parts = [(b"IHDR", header), (b"PLTE", b"".join(palette))]
    parts += [(b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def distance(one: bytes, other: bytes) -> int:
    """How much two colours differ."""
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def main() -> None:
    """Write both pictures."""
    with (
        tempfile.TemporaryDirectory() as home,
        jupyter_server(Path(home)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SCALE
        )
        notebook = Notebook(context.new_page(), server, "lab", name="tasks").open(*CELLS)
        notebook.command("application:toggle-left-area")
        prepare(notebook)
        for theme in get_args(Theme):
            notebook.theme(theme)
            path = FOLDER / f"notebook-{theme}.png"
            path.write_bytes(indexed(notebook.page, picture(notebook)))
        browser.close()


if __name__ == "__main__":
    main()
