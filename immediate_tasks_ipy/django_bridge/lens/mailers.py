"""Mails, seen by the class of each mailer in the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from .dry_run import current_dry_run
from .lens import current_lens

#: The classes that are watched, each with what it had of its own.
_watched: dict[type, Callable[..., Any] | None] = {}


def install() -> None:
    """Watch the classes of the mailers, however their instances are made."""
    for path in _paths():
        try:
            mailer = import_string(path)
        except ImportError:
            continue  # Django will say so when a mail is sent
        if mailer not in _watched:
            _watched[mailer] = vars(mailer).get("send_messages")
            mailer.send_messages = _watching(mailer.send_messages)


def uninstall() -> None:
    """Give the classes back what they had."""
    for mailer, own in _watched.items():
        if own is None:
            del mailer.send_messages  # type: ignore[attr-defined]
        else:
            mailer.send_messages = own  # type: ignore[attr-defined]
    _watched.clear()


def _paths() -> set[str]:
    mailers = getattr(settings, "MAILERS", None)
    if mailers:  # from Django 6.1 on
        return {mailer["BACKEND"] for mailer in mailers.values() if "BACKEND" in mailer}
    # The lazy object in front of the settings would warn the user, who has read nothing.
    return {settings._wrapped.EMAIL_BACKEND}


def _watching(original: Callable[..., Any]) -> Callable[..., Any]:
    def send_messages(self: Any, messages: Any) -> Any:
        lens, dry_run = current_lens.get(), current_dry_run.get()
        if lens is None and dry_run is None:
            return original(self, messages)
        messages = list(messages or ())
        if lens is not None:
            lens.add_mails(messages)
        return len(messages) if dry_run is not None else original(self, messages)

    return send_messages
