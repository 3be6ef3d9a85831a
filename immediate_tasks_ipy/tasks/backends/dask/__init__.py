"""Tasks on a Dask cluster: `DaskBackend`. Needs the extra `dask`."""

from .backend import DaskBackend

__all__ = ["DaskBackend"]
