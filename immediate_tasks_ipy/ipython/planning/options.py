"""The options of an `%%enqueue`, checked: against each other, and against a backend."""

from __future__ import annotations

import keyword
from argparse import Namespace
from dataclasses import dataclass

from IPython.core.error import UsageError

from immediate_tasks_ipy.tasks.backends.base import BaseTaskBackend
from immediate_tasks_ipy.tasks.backends.retries import RetryPolicy

DISPLAYS = ("card", "panel", "text", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueueOptions:
    """What a line asks for; the defaults are those of a line without options."""

    name: str | None = None
    priority: int | None = None
    queue: str | None = None
    backend: str | None = None
    takes_context: bool = False
    #: The variable that the result is bound to.
    out: str | None = None
    background: bool = False
    #: Wait for a backend that only queues.
    wait: bool = False
    #: The items of a batch as written, `urls` or `url in urls`.
    each: str | None = None
    concurrency: int | None = None
    #: The file that keeps a batch's results.
    resume: str | None = None
    #: Seconds.
    timeout: float | None = None
    #: Strict values, as a queue would have them.
    json: bool = False
    #: How often to try again after an Exception, and the seconds before the first time.
    retries: int = 0
    backoff: float | None = None
    raise_failure: bool = False
    #: One of DISPLAYS; None for the session's setting.
    display: str | None = None
    capture: bool = True
    #: Show the queries of a Django task.
    sql: bool = False
    max_queries: int | None = None
    dry_run: bool = False
    #: Show the help, and do nothing else.
    help: bool = False

    @property
    def inspects(self) -> bool:
        """Whether the line asks what a Django task does beside its result."""
        return self.sql or self.dry_run or self.max_queries is not None


def checked(parsed: Namespace) -> EnqueueOptions:
    """The options in what the line's parser returned.

    Raises UsageError for values and combinations that mean nothing.
    """
    timeout, concurrency, out = parsed.timeout, parsed.concurrency, parsed.out
    if timeout is not None and not timeout > 0:
        msg = f"--timeout {timeout:g}: give a number of seconds greater than 0"
        raise UsageError(msg)
    if concurrency is not None:
        if concurrency < 1:
            msg = f"--concurrency {concurrency}: give a whole number of at least 1"
            raise UsageError(msg)
        if parsed.each is None:
            msg = "--concurrency goes with --each: there is only one task here"
            raise UsageError(msg)
    _check_retries(parsed.retries, parsed.backoff)
    if parsed.resume is not None and parsed.each is None:
        msg = "--resume goes with --each: it keeps the results of a batch"
        raise UsageError(msg)
    if parsed.wait and parsed.background:
        msg = "--wait and --background contradict each other: leave one out"
        raise UsageError(msg)
    if parsed.max_queries is not None and parsed.max_queries < 0:
        msg = f"--max-queries {parsed.max_queries}: give a whole number of at least 0"
        raise UsageError(msg)
    if out is not None and (not out.isidentifier() or keyword.iskeyword(out)):
        msg = f"--out {out!r} is not a name a variable can have"
        raise UsageError(msg)
    return EnqueueOptions(
        name=parsed.name,
        priority=parsed.priority,
        queue=parsed.queue,
        backend=parsed.backend,
        takes_context=parsed.takes_context,
        out=out,
        background=parsed.background,
        wait=parsed.wait,
        each=parsed.each,
        concurrency=concurrency,
        resume=parsed.resume,
        timeout=timeout,
        retries=parsed.retries or 0,
        backoff=parsed.backoff,
        json=parsed.json,
        raise_failure=vars(parsed)["raise"],
        display=parsed.display,
        capture=not parsed.no_capture,
        sql=parsed.sql,
        max_queries=parsed.max_queries,
        dry_run=parsed.dry_run,
    )


def _check_retries(retries: int | None, backoff: float | None) -> None:
    if retries is not None and retries < 0:
        msg = f"--retries {retries}: give a whole number, 0 for none"
        raise UsageError(msg)
    if backoff is not None:
        if not 0 <= backoff < float("inf"):
            msg = f"--backoff {backoff:g}: give a number of seconds, 0 for no pause"
            raise UsageError(msg)
        if not retries:
            msg = "--backoff goes with --retries: say how often to try again, --retries 3"
            raise UsageError(msg)


def retry_policy(options: EnqueueOptions) -> RetryPolicy | None:
    """How to try a task again that fails; None without --retries."""
    if not options.retries:
        return None
    if options.backoff is None:
        return RetryPolicy(options.retries)
    return RetryPolicy(options.retries, options.backoff)


def refuse_name(options: EnqueueOptions) -> None:
    """Raise UsageError if a name is given for a task that has one."""
    if options.name:
        msg = "--name names a cell: a function's task has the function's name"
        raise UsageError(msg)


def validate_for_backend(
    options: EnqueueOptions, backend: BaseTaskBackend, *, unstoppable: str | None
) -> None:
    """Raise UsageError for what the backend can't do, before anything is enqueued.

    `unstoppable` says why the tasks could not be stopped by --timeout, and what
    to do; None if they can.
    """
    if options.wait and not (backend.finishes_tasks or backend.supports_get_result):
        msg = f"{backend.label} never reports that a task has finished: leave out --wait"
        raise UsageError(msg)
    if options.retries and not backend.supports_retries:
        reason = "" if backend.finishes_tasks else "only queues tasks, for workers elsewhere, and "
        what = f"{backend.label} {reason}can't try one again in the same result"
        msg = f"{what}: leave out --retries"
        raise UsageError(msg)
    if options.timeout is None:
        return
    if not backend.supports_cancel:
        msg = f"{backend.label} can't stop a task once it is enqueued: leave out --timeout"
        raise UsageError(msg)
    if unstoppable is not None:
        msg = f"--timeout can't stop {unstoppable}"
        raise UsageError(msg)
