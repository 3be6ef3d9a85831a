"""A PostgreSQL server of the tests' own: a private port, a folder of its own, no root."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.services import free_port, require

#: Where Debian puts what is not on the path.
_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


@dataclass(frozen=True)
class PostgreSQL:
    """A running server; user `postgres` needs no password."""

    folder: Path
    port: int

    def create(self, database: str) -> None:
        """Make an empty database, in place of one that is there."""
        for command in ("dropdb", "--if-exists", "--force"), ("createdb",):
            self._run(*command, "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", database)

    def restart(self) -> None:
        """Close all connections, and take new ones."""
        self._run("pg_ctl", "-D", str(self.folder), "-m", "immediate", "-w", "restart")

    def start(self) -> None:
        # Nothing is worth a wait for the disk.
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder), "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder), "-m", "immediate", "-w", "stop")

    def _run(self, name: str, *arguments: str) -> None:
        run(name, *arguments)


def run(name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's commands, as the user `postgres` where this is root."""
    command = [_command(name), *arguments]
    if getpass.getuser() == "root":
        command = ["runuser", "-u", "postgres", "--", *command]
    # Not pipes: the server would hold them.
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/", check=False
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}"


@contextmanager
def running_postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """A server in a folder below `folder`; skips, or fails under `CI=true`, where there is none."""
    data = Path("/tmp") / f"{folder.name}-{os.getpid()}"  # the user postgres can't enter `folder`
    data.mkdir(mode=0o700)
    if getpass.getuser() == "root":
        shutil.chown(data, "postgres", "postgres")
    try:
        run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        server = PostgreSQL(data, free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _command(name: str) -> str:
    path = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, _BINARIES)]))
    require(path, f"No {name}: install PostgreSQL (`apt-get install postgresql`).")
    return str(path)
