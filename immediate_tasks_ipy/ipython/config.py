"""`%config ImmediateTasks`: what a user can set, checked when it is set."""

from __future__ import annotations

import math
from typing import Any

from traitlets import Bool, Dict, Enum, Float, Int, TraitError, Unicode, validate
from traitlets.config import Configurable

from .options import DISPLAYS


class ImmediateTasks(Configurable):
    """Settings of %%enqueue, its cards and the %tasks panel; changes take effect at once."""

    backends = Dict(
        key_trait=Unicode(),
        value_trait=Dict(),
        help="Backends by alias, as Django's TASKS setting; added to 'default' and 'dask'.",
    ).tag(config=True)
    display = Enum(
        DISPLAYS, default_value="card", help="How a task shows unless --display says otherwise."
    ).tag(config=True)
    live = Bool(
        default_value=True,
        help="Show running tasks. When False each cell shows its tasks once, when they have ended.",
    ).tag(config=True)
    history_limit = Int(
        10_000, min=1, help="How many finished tasks the history keeps; the oldest go first."
    ).tag(config=True)
    capture = Bool(default_value=True, help="Keep a copy of what tasks print.").tag(config=True)
    refresh_rate = Float(
        10.0, min=0.1, max=20.0, help="Updates per second of a running card, at most."
    ).tag(config=True)
    notify_after = Float(
        0.0,
        min=0.0,
        help="Notify in the browser when a task that took this many seconds ends while the page "
        "is hidden; 0 for never.",
    ).tag(config=True)

    @validate("backends")
    def _check_backends(self, proposal: Any) -> Any:
        for alias, params in proposal["value"].items():
            if not isinstance(params.get("BACKEND"), str):
                msg = (
                    f"ImmediateTasks.backends[{alias!r}] needs a 'BACKEND': the dotted path of a "
                    "backend class."
                )
                raise TraitError(msg)
        return proposal["value"]

    @validate("refresh_rate", "notify_after")
    def _check_number(self, proposal: Any) -> Any:
        if math.isnan(proposal["value"]):
            # It compares to no limit, so the limits of a trait let it pass.
            msg = f"ImmediateTasks.{proposal['trait'].name} = nan: give a number."
            raise TraitError(msg)
        return proposal["value"]
