"""Objects by their dotted path."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def import_string(dotted_path: str) -> Any:
    """The object at `package.module.name`.

    Raises ImportError, in the words of Django's `import_string`.
    """
    module_path, dot, name = dotted_path.rpartition(".")
    if not dot:
        msg = f"{dotted_path} doesn't look like a module path"
        raise ImportError(msg)
    module = import_module(module_path)
    try:
        return getattr(module, name)
    except AttributeError as error:
        msg = f'Module "{module_path}" does not define a "{name}" attribute/class'
        raise ImportError(msg) from error
