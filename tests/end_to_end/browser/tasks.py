"""Tasks for the panel's tests in a page without Jupyter."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from immediate_tasks_ipy.tasks import task
from immediate_tasks_ipy.tasks.notebook_task import notebook_task


@task
async def fetch(url: str, seconds: float = 0.0) -> dict[str, Any]:
    print("GET", url)
    await asyncio.sleep(seconds)
    if "slow" in url:
        raise TimeoutError("timed out")
    return {"url": url, "shape": (1204, 6), "parts": list(range(250))}


@task
def add(a: Any, b: Any) -> Any:
    return a + b


@task
def take_stock() -> None:
    """Takes no arguments."""


@task
def parse(text: str) -> Any:
    return json.loads(text)


@task
def crawl(url: str, depth: int) -> int:
    """Enqueues a child for each page below, `depth` levels deep."""
    if depth:
        for page in ("about", "docs"):
            crawl.enqueue(f"{url}/{page}", depth - 1)
    return depth


@task
def flaky(text: str) -> str:
    """Fails until `mended` has it."""
    if text not in mended:
        raise ValueError(f"{text} is broken")
    return text


#: What `flaky` no longer fails for.
mended: set[str] = set()


class Drawing:
    """What a figure is to the panel, without its library: it can write itself as a PNG."""

    def savefig(self, file: Any, format: str) -> None:  # noqa: A002 (as matplotlib names it)
        assert format == "png"
        file.write(base64.b64decode(PNG))


#: A white picture of 3 times 2 pixels.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAD0lEQVR4nGP4//8/AxADABfwBfuDlC5D"
    "AAAAAElFTkSuQmCC"
)


def _draw() -> Drawing:
    return Drawing()


#: Returns what draws itself.
draw = notebook_task(_draw, "draw")


class Table:
    """What a data frame is to the panel, without its library: it has a shape and HTML."""

    shape = (3, 2)
    columns = ("url", "<b>bytes</b>")

    def _repr_html_(self) -> str:
        heads = "<tr><th></th><th>url</th><th>&lt;b&gt;bytes&lt;/b&gt;</th></tr>"
        rows = "".join(f"<tr><th>{n}</th><td>/{n}</td><td>18,204</td></tr>" for n in range(3))
        return f"<style>td {{ color: red }}</style><table>{heads}{rows}</table>"


def _table() -> Table:
    return Table()


#: Returns what JSON can't hold, as a function of a notebook may.
table = notebook_task(_table, "table")
