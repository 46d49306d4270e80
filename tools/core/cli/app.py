"""How every command meets the shell: what it is made of, and the way in.

Only this package and the commands read argv, the environment or the current folder, write to stdout,
or exit. stdout is the result and nothing else; stderr is the talk. With `--json` stdout is one JSON
document (JSON Lines for a stream) and a failure is one JSON object on stderr.
"""

from __future__ import annotations

import gc

gc.disable()  # collecting garbage during imports costs 10 % of start-up and frees nothing

import os
import sys

from tools.core.cli import bootstrap
from tools.core.plain import TYPE_CHECKING, suppress

if not bootstrap.has_packages():
    bootstrap.use_the_environment_of_the_checkout()

from tools.core.cli.decorators import (
    Command,
    Group,
    agent_window,
    argument,
    catch_all,
    command,
    confirm,
    group,
    manager_window,
    option,
    patience,
    repeated,
)
from tools.core.cli.outcome import call
from tools.core.cli.params import (
    AGENT,
    COUNT,
    DECISION,
    DURATION,
    EVENT,
    LABEL,
    LINE,
    MESSAGE,
    PLAN,
    SECONDS,
    SINCE,
    STAMP,
    TASK,
    Choice,
    IntRange,
    key_values,
)
from tools.core.cli.run import Run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

gc.freeze()
gc.set_threshold(10_000)  # most commands make fewer objects that could be garbage: looking for it would find none
gc.enable()

__all__ = [
    "AGENT",
    "COUNT",
    "DECISION",
    "DURATION",
    "EVENT",
    "LABEL",
    "LINE",
    "MESSAGE",
    "PLAN",
    "SECONDS",
    "SINCE",
    "STAMP",
    "TASK",
    "Choice",
    "IntRange",
    "Run",
    "agent_window",
    "argument",
    "catch_all",
    "call",
    "command",
    "confirm",
    "group",
    "manager_window",
    "option",
    "patience",
    "repeated",
    "key_values",
]


def main(command: Command | Group, arguments: Sequence[str] | None = None, start: Sequence[str] = ()) -> NoReturn:
    """Runs a command and exits with its code; the only place that turns errors into words."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    code = call(command, words, start)
    if not _ORDERLY & sys.modules.keys():
        with suppress(OSError):  # what cannot be written is said by the end that Python makes
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    sys.exit(code)


_ORDERLY = frozenset({"threading", "atexit", "multiprocessing"})
"""Where one of these is loaded, something may wait for the end; else taking modules apart, a tenth of a start, is left out."""
