"""The Python API: what the magics do, for code that has none (scripts, marimo, modules).

In IPython it is the same launcher, so tasks get the same cards; `%load_ext` is done if need be.
"""
