"""The first task of a fresh kernel, where nothing has imported the framework before."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("cell", "call"),
    [
        ("%enqueue shop.tasks.make('first')", "shop.tasks.make"),
        ("%enqueue --backend django:default shop.tasks.make('second')", "shop.tasks.make"),
        ("from shop.tasks import amake\nr = await amake.aenqueue('third')\nr", "amake"),
        ("%enqueue shop.tasks.amake('fourth')", "shop.tasks.amake"),
    ],
)
def test_it_shows_its_card_and_stands_in_the_history(start, shop, cell, call):
    kernel = start(shop)
    ran = kernel.run(cell)

    assert ran.ok, ran.error
    assert [("SUCCESSFUL" in output["text/html"]) for output in ran.outputs] == [True]
    assert call in ran.html
    listed = kernel.run("%tasks list").stream()
    assert listed.count("SUCCESSFUL") == 1


def test_django_may_be_set_up_in_the_cell_itself(start, shop):
    kernel = start({**shop, "IMMEDIATE_TASKS_PROJECT": ""}, "--IPKernelApp.exec_lines=None")
    ran = kernel.run(
        "import django\n"
        "django.setup()\n"
        "from shop.models import Customer\n"
        "from shop.tasks import amake\n"
        "before = Customer.objects.count()\n"
        "r = await amake.aenqueue('in its own cell')\n"
        "r"
    )
    assert ran.ok, ran.error
    assert "SUCCESSFUL" in ran.html
