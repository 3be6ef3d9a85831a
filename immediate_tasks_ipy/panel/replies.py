"""The panel's replies to the requests of the browser."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from immediate_tasks_ipy.task_history import Entry, Recorder

from .actions import PanelActions
from .details.detail import arguments_tree, detail, result_tree, whole_output
from .details.frames import local_variables, traceback_text
from .export_file import file_parts, task_count
from .feed import Feed, Message
from .requests import (
    Branch,
    Cancel,
    ChangeBatch,
    Clear,
    Copy,
    CopyBatch,
    Detail,
    Export,
    Locals,
    Open,
    Request,
    Rerun,
    RerunFailed,
    Search,
    Stop,
    Traceback,
    WholeOutput,
)
from .rows import sendable
from .search import matches

#: Tasks that are searched, re-run or cancelled between two pauses.
STRIDE = 50
#: Said where failures were to be run again, and each was already.
NOTHING_FAILED = "No failure is left to be run again"

logger = logging.getLogger(__name__)

#: What a request is answered with, in one message or more; None is a place to pause.
Parts = Iterator[Message | None]


class Replies:
    """Replies to each request with one message or more that carry its name.

    Thread-safe: comm messages may arrive on any thread. Nothing raises: a failure
    is a reply too, with the reason as a sentence.
    """

    def __init__(self, recorder: Recorder, feed: Feed, actions: PanelActions) -> None:
        self._recorder = recorder
        self._feed = feed
        self._actions = actions
        self._at_once: dict[type, Callable[[Any], Message]] = {
            Detail: self._detail,
            Branch: self._branch,
            WholeOutput: lambda request: {"output": whole_output(self._entry(request.key))},
            Traceback: lambda request: {"text": traceback_text(self._entry(request.key))},
            Locals: self._locals,
            Copy: self._copy,
            CopyBatch: self._copy_batch,
            Clear: self._clear,
            ChangeBatch: self._change_batch,
            Stop: lambda _: {},
        }
        self._in_parts: dict[type, Callable[[Any], Parts]] = {
            Open: self._open,
            Search: self._search,
            Export: self._export,
            Rerun: lambda request: self._each(request.keys, actions.rerun, "re-run", "not"),
            RerunFailed: lambda request: self._each(
                request.keys, actions.rerun_failed, "re-run", "not"
            ),
            Cancel: lambda request: self._each(
                request.keys, actions.cancel, "cancelled", "could not be cancelled"
            ),
        }

    def handle(self, request: Request) -> Parts:
        """Carry out a request; yields the messages to send back, and None where it may pause."""
        try:
            at_once = self._at_once.get(type(request))
            if at_once is not None:
                yield _answer(request, at_once(request))
                return
            for reply in self._in_parts[type(request)](request):
                yield reply and _answer(request, reply)
        except Exception as error:
            logger.debug("%r was not carried out", request, exc_info=True)
            yield refusal(request.request, _reason(error))

    # -- reading -------------------------------------------------------------

    def _entry(self, key: int) -> Entry:
        entry = self._recorder.get(key)
        if entry is None:
            msg = "The history no longer holds this task: raise history_limit to keep more."
            raise LookupError(msg)
        return entry

    def _batch(self, number: int) -> Any:
        batch = self._feed.groups.batch(number)
        if batch is None:
            msg = "The batch is no longer there: its results were dropped."
            raise LookupError(msg)
        return batch

    def _open(self, request: Open) -> Parts:
        self._feed.request_snapshot(request.request)
        yield from ()

    def _detail(self, request: Detail) -> Message:
        entry = self._entry(request.key)
        can_debug = self._recorder.exception(entry.result) is not None
        return {"detail": detail(entry, can_debug=can_debug)}

    def _branch(self, request: Branch) -> Message:
        entry = self._entry(request.key)
        is_result = request.place == "return_value"
        tree = result_tree(entry) if is_result else arguments_tree(entry)
        return tree.page(request.path, request.offset)

    def _locals(self, request: Locals) -> Message:
        entry = self._entry(request.key)
        found = local_variables(self._recorder, entry, request.exception, request.frame)
        return {"locals": found}

    def _search(self, request: Search) -> Parts:
        """The tasks that contain the text anywhere, newest first; see `search.py`."""
        wanted = request.text.casefold()
        found: list[int] = []
        for index, entry in enumerate(reversed(list(self._recorder))):
            if matches(entry, wanted):
                found.append(entry.key)
            if index % STRIDE == 0:
                yield None
        yield {"keys": found}

    def _export(self, request: Export) -> Parts:
        if request.keys is None:
            entries = list(self._recorder)
        else:
            found = map(self._recorder.get, request.keys)
            entries = [entry for entry in found if entry is not None]
        return file_parts(entries, request.format, packed=request.packed)

    # -- doing ---------------------------------------------------------------

    def _copy(self, request: Copy) -> Message:
        return {"text": sendable(self._actions.copy_text(self._entry(request.key)))}

    def _copy_batch(self, request: CopyBatch) -> Message:
        return {"text": sendable(self._actions.copy_batch(self._batch(request.number)))}

    def _clear(self, _: Clear) -> Message:
        count = self._actions.clear()
        return {"say": f"{count:,} finished {'task' if count == 1 else 'tasks'} cleared"}

    def _change_batch(self, request: ChangeBatch) -> Message:
        batch = self._batch(request.number)
        cancels = request.action == "cancel"
        change = self._actions.cancel_batch if cancels else self._actions.resume_batch
        return {"say": sendable(change(batch))}

    def _each(
        self, keys: tuple[int, ...], act: Callable[[Entry], str | None], done: str, refused: str
    ) -> Parts:
        """Do the same with each task; the reason of the first refusal is given.

        A task for which `act` returns None had no need of it.
        """
        if len(keys) == 1:
            yield {"say": sendable(act(self._entry(keys[0])) or NOTHING_FAILED)}
            return
        count, unneeded, reason = 0, 0, ""
        for index, key in enumerate(keys):
            try:
                said = act(self._entry(key))
            except Exception as error:
                reason = reason or _reason(error)
            else:
                count += said is not None
                unneeded += said is None
            if index % STRIDE == 0:
                yield None
        if left := len(keys) - count - unneeded:
            msg = f"{count:,} {done}, {left:,} {refused}: {reason}"
            raise RuntimeError(msg)
        yield {"say": f"{task_count(count)} {done}" if count else NOTHING_FAILED}


def refusal(request: str, reason: str) -> Message:
    """The answer to a request that is not carried out."""
    return {"op": "answer", "request": request, "ok": False, "say": reason}


def _answer(request: Request, reply: Message) -> Message:
    return {"op": "answer", "request": request.request, "ok": True, **reply}


def _reason(error: Exception) -> str:
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return sendable(text.strip() or type(error).__name__)
