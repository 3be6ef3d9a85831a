"""The kernels are the generations they claim to be, with this package in them."""

from __future__ import annotations

from tests.support.services import ROOT


def test_a_kernel_runs_cells_follows_updates_and_is_interrupted(kernel):
    reply = kernel.run(
        "import immediate_tasks_ipy\n"
        "print(immediate_tasks_ipy.__file__)\n"
        "handle = display('first', display_id=True)\n"
        "handle.update('second')\n"
        "42"
    )
    assert str(ROOT) in reply.stream()
    assert [data["text/plain"] for data in reply.outputs] == ["'second'", "42"]

    reply = kernel.start("import time\nprint('up', flush=True)\ntime.sleep(60)")
    kernel.wait_for(lambda: "up" in reply.stream())
    kernel.interrupt()
    kernel.finish(reply)

    assert not reply.ok
    assert "KeyboardInterrupt" in reply.error


def test_each_generation_is_what_it_is_called(kernel, request):
    kernel.run("import ipykernel, IPython")
    versions = kernel.value("ipykernel.__version__"), kernel.value("IPython.__version__")

    generation = request.node.callspec.params["kernel_python"]
    starts = {"ipykernel-6": ("'6.31", "'8."), "ipykernel-7.3": ("'7.3.0", "'9.")}
    for version, start in zip(versions, starts.get(generation, ("'", "'")), strict=True):
        assert version.startswith(start)
