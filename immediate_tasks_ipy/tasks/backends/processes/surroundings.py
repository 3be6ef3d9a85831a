"""What of a process its tasks depend on, beside their functions: sent when it has changed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple


class Surroundings(NamedTuple):
    """Where modules are imported from, the current directory, the environment variables."""

    path: list[str]
    directory: str | None
    variables: dict[str, str]

    @classmethod
    def here(cls) -> Surroundings:
        """Those of this process, as they are now."""
        try:
            directory = str(Path.cwd())
        except OSError:  # it was removed
            directory = None
        return cls(list(sys.path), directory, dict(os.environ))

    def take(self) -> None:
        """Make them those of this process."""
        sys.path[:] = self.path
        if self.directory is not None and Path(self.directory).is_dir():
            os.chdir(self.directory)
        for name in set(os.environ) - set(self.variables):
            del os.environ[name]
        for name, value in self.variables.items():
            if os.environ.get(name) != value:
                os.environ[name] = value
