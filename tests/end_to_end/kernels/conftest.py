"""Real kernels of every generation this package supports, each in its own environment.

`kernel` is a fresh one, in turn of each generation::

    def test_a_cell_is_awaited_on_the_kernels_loop(kernel):
        kernel.run("%load_ext immediate_tasks_ipy")
        assert "SUCCESSFUL" in kernel.run("%%enqueue\\n1 + 1").html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.environments import environment
from tests.support.kernel import Kernel

GENERATIONS = {
    "ipykernel-6": ("ipykernel==6.31.*", "ipython>=8.20,<9"),
    "ipykernel-7.3": ("ipykernel==7.3.0", "ipython>=9,<10"),
    "newest": ("ipykernel", "ipython"),
}


@pytest.fixture(scope="session", params=list(GENERATIONS))
def kernel_python(request: pytest.FixtureRequest) -> Path:
    """Return the interpreter of a generation's environment."""
    return environment(request.param, *GENERATIONS[request.param])


@pytest.fixture
def start_kernel(kernel_python: Path, tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Start kernels with the given command line arguments; they end with the test."""
    kernels: list[Kernel] = []

    def start(*arguments: str) -> Kernel:
        kernels.append(Kernel(kernel_python, *arguments, home=tmp_path))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.close()


@pytest.fixture
def kernel(start_kernel: Callable[..., Kernel]) -> Kernel:
    """Start a kernel with nothing loaded."""
    return start_kernel()


@pytest.fixture(scope="module")
def loaded(kernel_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Return one kernel for all tests of a module, with the extension loaded."""
    kernel = Kernel(kernel_python, home=tmp_path_factory.mktemp("kernel"))
    assert kernel.run("%load_ext immediate_tasks_ipy").ok
    yield kernel
    kernel.close()
