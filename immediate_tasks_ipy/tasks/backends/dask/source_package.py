"""Importing a package from the text of its modules: on a worker that does not have it.

This file travels as text itself, and is executed there before all others.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import CodeType
from typing import Any


class SourcePackage(MetaPathFinder, InspectLoader):
    """Finds and loads the modules of one package, whose sources it is given.

    `sources` are by the modules' names within the package. Packages between
    them that have no source are empty. Relative imports work as in files.
    """

    def __init__(self, name: str, sources: Mapping[str, str]) -> None:
        self._sources = {name: ""}
        for module, source in sources.items():
            parts = module.split(".")
            for end in range(1, len(parts)):
                self._sources.setdefault(".".join([name, *parts[:end]]), "")
            self._sources[f"{name}.{module}"] = source

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002  (importlib's signature)
        if fullname not in self._sources:
            return None
        return spec_from_loader(fullname, self)

    def is_package(self, fullname: str) -> bool:
        return any(name.startswith(f"{fullname}.") for name in self._sources)

    def get_source(self, fullname: str) -> str:
        return self._sources[fullname]

    def get_code(self, fullname: str) -> CodeType:
        """Compiled under a file name by which tracebacks are known to be none of the user's."""
        filename = f"<immediate_tasks_ipy {fullname}>"
        code: CodeType = compile(self.get_source(fullname), filename, "exec")
        return code


def make_importable(name: str, sources: Mapping[str, str]) -> None:
    """Let `import name` and its modules work in this process; a second time, nothing happens."""
    if name not in sys.modules:
        sys.meta_path.append(SourcePackage(name, sources))
        __import__(name)
