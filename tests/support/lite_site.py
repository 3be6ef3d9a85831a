"""The notebooks as a site without a server, built once and served from this process."""

from __future__ import annotations

import hashlib
import tomllib
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

from tests.support.environments import checked, environment, locked
from tests.support.services import CACHE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What the site is made of, beside the packages that its environment has.
SOURCES = ("docs/lite.py", "immediate_tasks_ipy/**/*.*", "notebooks/*.ipynb", "pyproject.toml")


def lite_site() -> Path:
    """Return the site's folder; it is built when what it is made of has changed."""
    site, build = CACHE / "lite-site", ROOT / "docs" / "lite.py"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    python = environment("lite", *project["optional-dependencies"]["lite"], package=False)
    key = hashlib.sha256(str(python).encode())
    for path in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern)):
        if "__pycache__" not in path.parts:
            key.update(path.read_bytes())
    built = CACHE / "lite-site.key"
    with locked(CACHE / "lite-site.lock"):
        if not built.exists() or built.read_text() != key.hexdigest():
            built.unlink(missing_ok=True)
            checked([python, build, site, "--cache", CACHE / "lite"])
            built.write_text(key.hexdigest())
    return site


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder's files, and nothing else, on a free loopback port; yields its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
