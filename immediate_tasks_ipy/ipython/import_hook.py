"""Calls a function when one of some modules has been imported, also in the middle of a cell."""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


class ImportHook:
    """A finder on `sys.meta_path` that finds nothing by itself.

    `callback()` is called after each import of one of the modules, on the thread that imports
    it, while the modules that asked for it are still being imported. It must not raise.
    """

    def __init__(self, names: Sequence[str], callback: Callable[[], object]) -> None:
        self._names = frozenset(names)
        self.callback = callback

    def install(self) -> None:
        sys.meta_path.insert(0, self)

    def uninstall(self) -> None:
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec that the other finders have, its loader followed by the callback."""
        if name not in self._names:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _FollowedLoader(spec.loader, self.callback)  # type: ignore[assignment]
                return spec
        return None


class _FollowedLoader:
    """A loader that steps aside once its module is there."""

    def __init__(self, loader: Any, callback: Callable[[], object]) -> None:
        self._loader = loader
        self._callback = callback

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._callback()
