"""What the bridge refuses, and how to mend it."""

from __future__ import annotations


class BridgeError(Exception):
    """Something about the Django project keeps a task from running.

    Its message is one sentence for the cause and one for the cure.
    """
