"""How a task keeps its arguments and its return value: as JSON, or as they are.

The framework is strict, as Django is: what JSON can't hold is refused. A task whose `values` are
"live", as those of notebook functions and cells are, keeps such a value as the object it is. This
module decides for every backend, and for the workers, to which it travels as text together with
`jsonable`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import CoroutineType
from typing import Any

from .jsonable import Change, Path, normalize_with_changes, replacement, unsupported_part

#: The two ways to keep values, for `Task.values`.
JSON, LIVE = "json", "live"
#: `Change.after` of the first part of a live value that JSON can't hold.
KEPT = "kept as it is"
#: How the note begins on the exception of a return value that can't be stored.
NOT_STORED = "Its return value can't be stored: "

Kept = tuple[list[Any], dict[str, Any], tuple[Change, ...]]


def keep_arguments(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Kept:
    """The arguments of a task as its result keeps them, and what changed in them.

    What JSON can hold is normalised. Of a task with live values, an argument that it can't
    hold is kept as it is; any other task's raises TypeError or ValueError, in Django's words,
    with a note that names the argument and what to write: see `refusal`.
    """
    try:
        normal_args, changes = normalize_with_changes(list(args), "args") if args else ([], ())
        normal_kwargs: dict[str, Any] = {}
        if kwargs:
            normal_kwargs, changed = normalize_with_changes(kwargs, "kwargs")
            changes += changed
    except Exception as error:
        if not has_live_values(task):
            _add_note(error, _refused_argument(task, args, kwargs))
            raise
    else:
        return normal_args, normal_kwargs, changes
    noted: list[Change] = []
    return (
        [_kept(value, ("args", index), noted) for index, value in enumerate(args)],
        {name: _kept(value, ("kwargs", name), noted) for name, value in kwargs.items()},
        tuple(noted),
    )


def keep_return_value(task: Any, value: Any) -> tuple[Any, tuple[Change, ...]]:
    """A return value as the task's result keeps it, and what changed in it.

    What JSON can hold is normalised; what it can't is kept as it is, if the task's values are
    live. Any other task's raises TypeError or ValueError, in Django's words, with a note that
    names the part and what to write: see `refusal`. The exception carries the value as
    `unstored_value`. A coroutine is refused of every task: nothing would ever await it.
    """
    if value is None:
        return None, ()
    try:
        return normalize_with_changes(value, "return_value")
    except Exception as error:
        if type(value) is CoroutineType:
            value.close()  # or Python warns that it was never awaited
        elif has_live_values(task):
            noted: list[Change] = []
            _note_part(value, ("return_value",), noted)
            return value, tuple(noted)
        with suppress(Exception):
            error.unstored_value = value  # type: ignore[attr-defined]
        where, what, instead = _part(value, "result")
        cure = f"Return {instead}." if instead else "Return plain values: dict, list, str, numbers."
        _add_note(error, f"{NOT_STORED}`{where}` is {what}. {cure}")
        raise


def has_live_values(task: Any) -> bool:
    """Whether a task, of whichever framework, keeps what JSON can't hold as it is."""
    return bool(getattr(task, "values", JSON) == LIVE)


def refusal(error: BaseException) -> str | None:
    """The sentence that `keep_arguments` or `keep_return_value` noted on what it raised.

    It names the part that JSON can't hold, and what to write instead.
    """
    sentence: str | None = getattr(error, "_refusal", None)
    return sentence


def live_parts(result: Any) -> list[Change]:
    """The live values of a result: to each, the first part of it that JSON can't hold.

    The path begins with `return_value`, `args` and an index, or `kwargs` and a name; `before`
    is the type of the part.
    """
    changes = getattr(result, "_changes", ())
    return [change for change in changes if change.after == KEPT] if changes else []


def live_values(result: Any) -> list[Any]:
    """The live values of a result: of its arguments, and what it returned."""
    values = []
    for part in live_parts(result):
        root, *rest = part.path
        if root == "return_value":
            values.append(result._return_value)
        else:
            values.append(result.args[rest[0]] if root == "args" else result.kwargs[rest[0]])
    return values


def is_live(result: Any, *root: str | int) -> bool:
    """Whether the value at `root` is live: `return_value`, or `args` and an index, ..."""
    return any(part.path[: len(root)] == root for part in live_parts(result))


def type_name(value: object) -> str:
    """The name of a value's type, with its top module: `numpy.int64`, `pandas.DataFrame`, `set`."""
    kind = type(value)
    name = type.__dict__["__qualname__"].__get__(kind)
    module = type.__dict__["__module__"].__get__(kind)
    top = module.partition(".")[0] if isinstance(module, str) else "builtins"
    return name if top in {"builtins", "__main__"} else f"{top}.{name}"


def _kept(value: Any, path: Path, noted: list[Change]) -> Any:
    """One argument, normalised if JSON can hold it; what was done is added to `noted`."""
    try:
        normal, changes = normalize_with_changes(value, "")
    except Exception:
        _note_part(value, path, noted)
        return value
    noted += [change._replace(path=path + change.path[1:]) for change in changes]
    return normal


def _note_part(value: Any, path: Path, noted: list[Change]) -> None:
    below, part = unsupported_part(value)
    noted.append(Change(path + below, type_name(part), KEPT))


def _refused_argument(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    named = [(f"argument {number}", value) for number, value in enumerate(args, 1)]
    named += [(f"argument {name!r}", value) for name, value in kwargs.items()]
    for name, value in named:
        try:
            normalize_with_changes(value, "")
        except Exception:
            # Whatever a value's own methods raise.
            where, what, instead = _part(value, "")
            place = f"{name} of {_name_of(task)}" + (f" has at `{where}`" if where else " is")
            cure = f"pass {instead}" if instead else "pass plain values: dict, list, str, numbers"
            return f"{place} {what}, which JSON can't hold: {cure}"
    return f"JSON can't hold the arguments of {_name_of(task)}: pass plain values"


def _name_of(task: Any) -> str:
    return str(getattr(task, "name", "the task"))


def _part(value: Any, root: str) -> tuple[str, str, str]:
    """Where the part is that JSON can't hold, what it is, and what to write instead of it."""
    path, part = unsupported_part(value)
    where = root + "".join(f"[{_short(step)}]" for step in path)
    name = type_name(part)
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return where, f"{article} {name}", replacement(part)


def _short(step: str | int) -> str:
    text = repr(step)
    return text if len(text) <= 40 else f"{text[:36]}…{text[0]}"  # noqa: PLR2004 (a glance)


def _add_note(error: BaseException, sentence: str) -> None:
    with suppress(Exception):  # it may be of a class of the value's own
        error._refusal = sentence  # type: ignore[attr-defined]
        error.add_note(sentence)
