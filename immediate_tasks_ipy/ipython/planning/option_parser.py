"""The parser of an `%%enqueue` line, which also writes its help and drives its completion."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser, argument

from .options import DISPLAYS, EnqueueOptions, checked
from .words import read_word, without_comment

#: How an option begins.
_OPTION = re.compile(r"\s*--?[A-Za-z]")

_ARGUMENTS = (
    argument("-n", "--name", metavar="NAME", help="name of the task, for a cell without a call"),
    argument(
        "-p", "--priority", type=int, metavar="INT", help="from -100 to 100, as in Task.using"
    ),
    argument("-q", "--queue", metavar="NAME", help="the queue, as in Task.using"),
    argument(
        "-b",
        "--backend",
        metavar="ALIAS",
        help="a backend of the task's own framework; django:ALIAS names one of Django's",
    ),
    argument(
        "-c",
        "--takes-context",
        action="store_true",
        help="the function takes a TaskContext, named context, first",
    ),
    argument("-o", "--out", metavar="NAME", help="also bind the result to this variable"),
    argument(
        "--background",
        action="store_true",
        help="do not wait: the card follows the task to its end",
    ),
    argument("--wait", action="store_true", help="wait for a backend that only queues"),
    argument(
        "--each",
        metavar="EXPR",
        help="once per item of an iterable; 'name in iterable' for a call that uses the name",
    ),
    argument(
        "--concurrency",
        type=int,
        metavar="N",
        help="with --each, at most N at a time (1 for sync functions, 32 for async ones)",
    ),
    argument(
        "--resume",
        metavar="FILE",
        help="with --each, keep what is successful in FILE, and skip what it has already",
    ),
    argument("--timeout", type=float, metavar="SECONDS", help="fail a task after that long"),
    argument(
        "--retries",
        type=int,
        metavar="N",
        help="try again up to N times after an exception, in the same result",
    ),
    argument(
        "--backoff",
        type=float,
        metavar="SECONDS",
        help="with --retries, the first pause (1 s); it doubles each time, with jitter",
    ),
    argument("--json", action="store_true", help="refuse values that a queue could not store"),
    argument("--raise", action="store_true", help="raise a task's failure in the notebook"),
    argument("--display", choices=DISPLAYS, help="how the task shows"),
    argument("--no-capture", action="store_true", help="keep no copy of the output"),
    argument("--sql", action="store_true", help="show the queries of a Django task"),
    argument(
        "--max-queries",
        type=int,
        metavar="N",
        help="fail a Django task that makes more queries than that",
    ),
    argument(
        "--dry-run",
        action="store_true",
        help="run a Django task, roll everything back and show what it would have done",
    ),
    argument("call", nargs="?", help="the call to enqueue: add(2, 3)"),
)


def enqueue_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a magic with the options of `%%enqueue`."""
    for decorator in reversed(_ARGUMENTS):
        function = decorator(function)
    return function


def option_strings(parser: MagicArgumentParser) -> list[str]:
    """Every option the parser knows, as it is typed."""
    return list(parser._option_string_actions)


def parse(parser: MagicArgumentParser, line: str) -> tuple[EnqueueOptions, str]:
    """Peel the options off the left of a line; what remains is the call, without a comment.

    Raises UsageError for an unknown option, a bad or a missing value, and for
    an option after the call.
    """
    known = parser._option_string_actions
    tokens: list[str] = []
    position = 0
    while _OPTION.match(line, position) and (word := read_word(line, position)):
        token, position = word
        flag, equals, _ = token.partition("=")
        action = known.get(flag)
        if action is None and re.match(r"-[A-Za-z]\S", token) and token[:2] in known:
            action, equals = known[token[:2]], "joined"  # -p5
        if flag in {"-h", "--help"}:
            return EnqueueOptions(help=True), ""
        if action is None:
            raise UsageError(_unknown(flag, list(known)))
        tokens.append(token)
        if action.nargs == 0 or equals:
            continue
        value = read_word(line, position)
        if value is None or value.value in known:
            msg = f"{flag} needs a value: {flag} {action.metavar or '|'.join(action.choices or ())}"
            raise UsageError(msg)
        # `--option=value` keeps values that begin with a minus sign from looking like options.
        tokens[-1] = f"{_long(action)}={value.value}"
        position = value.end
    try:
        parsed = parser.parse_args(tokens)
    except UsageError as error:
        raise UsageError(_in_one_sentence(str(error))) from None
    written = line[position:].lstrip()
    if "#" in written:
        written = without_comment(written)
    written = written.strip()
    if written:
        _refuse_options_after(written, parser)
    return checked(parsed), written


def _refuse_options_after(written: str, parser: MagicArgumentParser) -> None:
    """Raise UsageError where what follows the options is no call and names one of them."""
    if "-" not in written:
        return
    try:
        node: ast.expr | None = ast.parse(written.rstrip("; \t"), mode="eval").body
    except SyntaxError:
        node = None
    if isinstance(node, ast.Call):
        return
    flag = _misplaced_option(parser, written)
    if flag is not None:
        msg = f"{flag} stands after the call: options go before the call, %enqueue {flag} … CALL"
        raise UsageError(msg)


def _misplaced_option(parser: MagicArgumentParser, call: str) -> str | None:
    """An option of this magic that stands after the call, if one does."""
    known = parser._option_string_actions
    for word in re.findall(r"(?<![\w)\]])--?[A-Za-z][\w-]*|(?<=[\s)])--?[A-Za-z][\w-]*", call):
        if word in known:
            return str(word)
    return None


def _long(action: Any) -> str:
    return str(max(action.option_strings, key=len))


def _unknown(flag: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(flag, known, 1)
    hint = f"did you mean {close[0]}?" if close else "%%enqueue? lists the options."
    return f"Unknown option {flag}: {hint}"


def _in_one_sentence(message: str) -> str:
    """What argparse says, without the usage block that IPython puts around it."""
    return message.strip().splitlines()[-1].removeprefix("error: ")
