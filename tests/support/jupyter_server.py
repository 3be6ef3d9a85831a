"""A real Jupyter server on a free loopback port, for JupyterLab and Notebook 7 alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.services import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What a user clicks away on the first day: news, updates, the saving of half-typed cells.
SETTINGS = {
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "docmanager-extension/plugin": {"autosave": False},
}

START_SECONDS = 240


@dataclass(frozen=True)
class JupyterServer:
    """A running server: its address, the folder it serves and its log."""

    url: str
    folder: Path
    log: Path

    def get(self, path: str) -> object:
        """Return the JSON answer of the server's REST API at `path`."""
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)


def _configuration(home: Path, folder: Path, port: int) -> dict[str, str]:
    """Write the configuration below `home`; return the environment that selects it."""
    config = home / "config"
    config.mkdir(parents=True)
    expose = {"expose_app_in_browser": True}
    (config / "jupyter_server_config.json").write_text(
        json.dumps(
            {
                "ServerApp": {
                    "allow_root": True,
                    "disable_check_xsrf": True,
                    "ip": "127.0.0.1",
                    "open_browser": False,
                    "port": port,
                    "port_retries": 0,
                    "root_dir": str(folder),
                },
                "IdentityProvider": {"token": ""},
                "LabApp": {**expose, "extension_manager": "readonly", "news_url": None},
                "JupyterNotebookApp": expose,
                "KernelManager": {"shutdown_wait_time": 2},
            }
        )
    )
    # Nothing here is built from source; asking whether it is starts node at every page.
    (config / "labconfig").mkdir()
    (config / "labconfig" / "page_config.json").write_text('{"buildCheck": false}')
    for name, settings in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    return {
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "PYTHONWARNINGS": "default",
    }


@contextmanager
def jupyter_server(home: Path) -> Iterator[JupyterServer]:
    """Serve `home`/notebooks without a token, with a configuration of its own."""
    folder = home / "notebooks"
    folder.mkdir(parents=True)
    port = free_port()
    environment = os.environ | _configuration(home, folder, port)
    server = JupyterServer(f"http://127.0.0.1:{port}/", folder, home / "server.log")
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser"],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_it_answers(server, process)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_answers(server: JupyterServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.get("api/status")
        except OSError:
            time.sleep(0.1)
        else:
            return
    process.kill()
    process.wait()
    message = f"The Jupyter server did not start:\n{server.log.read_text()[-4000:]}"
    raise RuntimeError(message)
