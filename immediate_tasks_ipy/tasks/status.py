"""The states of a task."""

from __future__ import annotations

from enum import EnumType, StrEnum, nonmember, unique


class _Choices(EnumType):
    """The class-level properties of Django's `TextChoices`."""

    @property
    def names(cls) -> list[str]:
        return list(cls.__members__)

    @property
    def values(cls) -> list[str]:
        return list(cls.__members__)

    @property
    def labels(cls) -> list[str]:
        return [name.capitalize() for name in cls.__members__]

    @property
    def choices(cls) -> list[tuple[str, str]]:
        return list(zip(cls.values, cls.labels, strict=True))


@unique
class TaskResultStatus(StrEnum, metaclass=_Choices):
    """The states of a task; each is equal to its name as a string."""

    #: The task has just been enqueued, or is ready to be executed again.
    READY = "READY"
    #: The task is running.
    RUNNING = "RUNNING"
    #: The task raised an exception, or could not be started.
    FAILED = "FAILED"
    #: The task has returned a value.
    SUCCESSFUL = "SUCCESSFUL"

    #: A Django template would otherwise call the class.
    do_not_call_in_templates = nonmember(True)  # noqa: FBT003

    @property
    def label(self) -> str:
        """The state in words: `Successful`."""
        return self.value.capitalize()

    def __repr__(self) -> str:
        return f"TaskResultStatus.{self.name}"
