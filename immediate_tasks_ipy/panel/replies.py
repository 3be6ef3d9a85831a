"""The panel's answers to what the browser asks."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime

from immediate_tasks_ipy.task_history import Entry, TaskHistory

from . import export
from .actions import PanelActions
from .detail import arguments_tree, detail, plain, result_tree
from .feed import Feed, Message
from .messages import (
    Branch,
    Cancel,
    Clear,
    Copy,
    Detail,
    Export,
    Open,
    Request,
    Rerun,
    Search,
    WholeOutput,
)
from .rows import sendable

#: Characters of a file in one message.
FILE_PART = 500_000
#: Tasks that a search names.
MOST_FOUND = 20_000
_MIME = {"json": "application/json", "csv": "text/csv"}

logger = logging.getLogger(__name__)


class Replies:
    """Answers each request with one message or more that carry its name.

    Called on whichever thread the kernel hears the browser. Nothing raises: what
    goes wrong is an answer too, with the reason as a sentence.
    """

    def __init__(self, history: TaskHistory, feed: Feed, actions: PanelActions) -> None:
        self._history = history
        self._feed = feed
        self._actions = actions

    def to(self, request: Request) -> Iterator[Message]:
        """The messages to send in answer."""
        try:
            for answer in self._answers(request):
                yield {"op": "answer", "request": request.request, "ok": True, **answer}
        except Exception as error:
            logger.debug("%r was not carried out", request, exc_info=True)
            yield {
                "op": "answer",
                "request": request.request,
                "ok": False,
                "say": _reason(error),
            }

    def _answers(self, request: Request) -> Iterator[Message]:
        match request:
            case Open(request=name):
                self._feed.request_snapshot(name)
            case Detail(key=key):
                yield {"detail": detail(self._entry(key))}
            case Branch(key=key, place=place, path=path, offset=offset):
                entry = self._entry(key)
                tree = result_tree(entry) if place == "return_value" else arguments_tree(entry)
                yield tree.page(path, offset)
            case WholeOutput(key=key):
                yield {"output": sendable(plain(self._entry(key).output))}
            case Search(text=text):
                yield {"keys": self._found(text)}
            case Export(format=kind, keys=keys):
                yield from self._file(kind, keys)
            case Rerun() | Cancel() | Copy() | Clear():
                yield self._done(request)

    def _done(self, request: Rerun | Cancel | Copy | Clear) -> Message:
        match request:
            case Rerun(keys=keys):
                return {"say": self._rerun(keys)}
            case Cancel(key=key):
                return {"say": sendable(self._actions.cancel(self._entry(key)))}
            case Copy(key=key):
                return {"text": sendable(self._actions.copy_text(self._entry(key)))}
            case Clear():
                count = self._actions.clear()
                return {"say": f"{count:,} finished {_tasks(count)} cleared"}

    def _entry(self, key: int) -> Entry:
        entry = self._history.get(key)
        if entry is None:
            msg = "The history no longer holds this task: raise history_limit to keep more."
            raise LookupError(msg)
        return entry

    def _rerun(self, keys: tuple[int, ...]) -> str:
        """Re-run each; one reason stands for all that are refused."""
        if len(keys) == 1:
            return sendable(self._actions.rerun(self._entry(keys[0])))
        started, reason = 0, ""
        for key in keys:
            try:
                self._actions.rerun(self._entry(key))
            except Exception as error:
                reason = reason or _reason(error)
            else:
                started += 1
        refused = len(keys) - started
        if refused:
            msg = f"{started:,} re-run, {refused:,} not: {reason}"
            raise RuntimeError(msg)
        return f"{started:,} {_tasks(started)} re-run"

    def _found(self, text: str) -> list[int]:
        """The tasks in whose name, arguments, result or error the text stands, newest first."""
        wanted = text.casefold()
        found: list[int] = []
        for entry in reversed(list(self._history)):
            if wanted in _haystack(entry).casefold():
                found.append(entry.key)
                if len(found) == MOST_FOUND:
                    break
        return found

    def _file(self, kind: str, keys: tuple[int, ...] | None) -> Iterator[Message]:
        entries = (
            list(self._history)
            if keys is None
            else [entry for entry in map(self._history.get, keys) if entry is not None]
        )
        text = sendable(export.to_json(entries) if kind == "json" else export.to_csv(entries))
        parts = max(1, -(-len(text) // FILE_PART))
        name = f"tasks-{datetime.now().astimezone():%Y%m%d-%H%M%S}.{kind}"
        for index in range(parts):
            yield {
                "file": name,
                "mime": _MIME[kind],
                "part": index,
                "parts": parts,
                "text": text[index * FILE_PART : (index + 1) * FILE_PART],
                "say": f"{len(entries):,} {_tasks(len(entries))} exported",
            }


def _haystack(entry: Entry) -> str:
    """All the text of a task that a search looks at."""
    result = entry.result
    parts = [str(result.task.name)]
    if entry.origin is not None and entry.origin.label:
        parts.append(entry.origin.label)
    try:
        parts.append(json.dumps([result.args, result.kwargs], ensure_ascii=False))
        if str(result.status) == "SUCCESSFUL":
            parts.append(json.dumps(result._return_value, ensure_ascii=False))
    except (TypeError, ValueError, RecursionError):
        logger.debug("The values of %r can't be searched.", entry.key, exc_info=True)
    parts.extend(error.traceback.rstrip().rpartition("\n  ")[2] for error in result.errors[-1:])
    return "\n".join(parts)


def _reason(error: Exception) -> str:
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return sendable(text.strip() or type(error).__name__)


def _tasks(count: int) -> str:
    return "task" if count == 1 else "tasks"
