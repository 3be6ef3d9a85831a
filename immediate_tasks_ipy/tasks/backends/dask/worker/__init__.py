"""What runs on a Dask worker.

These files travel to the workers as text (see `cluster.py`), so that they need
not have this package: they import one another and what is shipped with them,
all relatively, and the standard library.
"""
