"""What runs on a worker, whatever engine it belongs to.

These files travel to workers outside of this machine as text (see `dask.cluster`), so that they
need not have this package: they import one another and what is shipped with them, all
relatively, and the standard library.
"""
