"""`%config ImmediateTasks`: what a user can set, checked when it is set."""

from __future__ import annotations

import logging
import math
from typing import Any

from traitlets import Bool, Dict, Enum, Float, Int, TraitError, Unicode, validate
from traitlets.config import Configurable

from immediate_tasks_ipy.tasks.values import JSON, LIVE

from .planning.options import DISPLAYS

logger = logging.getLogger("immediate_tasks_ipy")


class _ByReference(dict[str, Any]):
    """A mapping that traitlets does not copy: its values may hold connections, which can't be."""

    def __deepcopy__(self, memo: dict[int, Any]) -> _ByReference:
        return self


class ImmediateTasks(Configurable):
    """Settings of %%enqueue, its cards and the %tasks panel; changes take effect at once."""

    backends = Dict(
        key_trait=Unicode(),
        value_trait=Dict(),
        help="Backends by alias, as Django's TASKS setting; added to 'default', 'processes' and "
        "'dask'.",
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
    history_memory = Int(
        512,
        min=1,
        help="Megabytes, as estimated, of live values that the history keeps: those that JSON "
        "can't hold. The oldest go first.",
    ).tag(config=True)
    values = Enum(
        (LIVE, JSON),
        default_value=LIVE,
        help="How notebook functions and cells keep what JSON can't hold: as it is, or, with "
        "'json', not at all, as a queue.",
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

    import_models = Bool(
        default_value=True,
        help="In the kernel of a Django project, import its models by name when it starts.",
    ).tag(config=True)
    confirm_remote_database = Bool(
        default_value=True,
        help="Ask once before the first Django task that writes to a database that is not on this "
        "machine.",
    ).tag(config=True)

    def _load_config(self, cfg: Any, *args: Any, **kwargs: Any) -> None:
        """As traitlets does, but without a copy of `backends`: OPTIONS may hold a Dask client."""
        for section in (cfg.get(name) for name in self.section_names()):
            if section is not None and type(section.get("backends")) is dict:
                section["backends"] = _ByReference(section["backends"])
        super()._load_config(cfg, *args, **kwargs)

    @classmethod
    def of(cls, shell: Any, before: ImmediateTasks | None) -> ImmediateTasks:
        """The settings in a shell's configuration.

        A value there that is wrong does not count, and is warned of: `%config` leaves it there
        after refusing it. The setting is what it was `before`, or its default.
        """
        try:
            return cls(parent=shell)
        except Exception:
            settings = cls()
            settings.parent = shell
        for name, value in dict(shell.config.ImmediateTasks).items():
            if name not in cls.class_trait_names(config=True):
                continue
            try:
                setattr(settings, name, value)
            except Exception as error:
                logger.warning("ImmediateTasks.%s = %r does not count: %s", name, value, error)
                if before is not None:
                    setattr(settings, name, getattr(before, name))
        return settings

    @validate("backends")
    def _check_backends(self, proposal: Any) -> Any:
        for alias, params in proposal["value"].items():
            if not isinstance(params.get("BACKEND"), str):
                msg = (
                    f"ImmediateTasks.backends[{alias!r}] = {params!r} needs a 'BACKEND': the "
                    "dotted path of a backend class."
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
