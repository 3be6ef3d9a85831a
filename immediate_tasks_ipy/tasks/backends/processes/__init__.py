"""Tasks on all cores of this machine: `ProcessBackend`. Needs the extra `processes`."""

from .backend import ProcessBackend

__all__ = ["ProcessBackend"]
