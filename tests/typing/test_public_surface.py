"""What a type checker says of code that uses the package."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from tests.services import ROOT, require


def test_the_public_surface_is_typed_as_it_says(tmp_path):
    require(importlib.util.find_spec("mypy"), "mypy is not installed")
    sample = Path(__file__).with_name("public_surface.py")
    options = ["--strict", "--python-version", "3.11", "--follow-imports", "silent"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--cache-dir", str(tmp_path), str(sample)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
