"""The options of `%%enqueue`: one parser, which also writes the help and drives completion."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser, argument

from .words import read_word, without_comment

DISPLAYS = ("card", "panel", "text", "none")

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
    argument("--timeout", type=float, metavar="SECONDS", help="fail a task after that long"),
    argument("--raise", action="store_true", help="raise a task's failure in the notebook"),
    argument("--display", choices=DISPLAYS, help="how the task shows"),
    argument("--no-capture", action="store_true", help="keep no copy of the output"),
    argument("call", nargs="?", help="the call to enqueue: add(2, 3)"),
)


def enqueue_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a magic with the options of `%%enqueue`."""
    for decorator in reversed(_ARGUMENTS):
        function = decorator(function)
    return function


def option_strings(parser: MagicArgumentParser) -> list[str]:
    """Every option the parser knows, as it is typed."""
    return [s for s in parser._option_string_actions if s not in {"-h", "--help"}]


def parse(parser: MagicArgumentParser, line: str) -> tuple[Namespace, str]:
    """Peel the options off the left of a line; what remains is the call, without a comment.

    Raises UsageError for an unknown option, a bad or a missing value.
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
        if action is None or flag in {"-h", "--help"}:
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
        options = parser.parse_args(tokens)
    except UsageError as error:
        raise UsageError(_in_one_sentence(str(error))) from None
    return options, without_comment(line[position:].lstrip())


def misplaced_option(parser: MagicArgumentParser, call: str) -> str | None:
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
