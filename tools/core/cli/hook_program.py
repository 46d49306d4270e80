"""The program that an agent's own program calls at each event: never in the way by accident.

It ends with 0 whatever happens, says nothing on stderr, and prints nothing or exactly one JSON object. It needs
neither click nor any other package, so that it runs with `python -I -S`, and ends by itself after a second.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` wraps, without the enums it makes
import os
import sys
import time

from tools.core import plain_json
from tools.core.bus.rules import path_rule
from tools.core.integrations.hooks import memory
from tools.core.integrations.hooks.answer import Process, answer
from tools.core.integrations.vendors import registry
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from tools.core.workspace import Workspace

MAX_PAYLOAD = 4 * 1024 * 1024
LONGEST = 1.0
"""Seconds after which the program ends and has said nothing."""


class Options(NamedTuple):
    """The command line: `CLI [EVENT] [--guard LEVEL] [--command WORD]`; what is not understood is left out."""

    cli: str = ""
    event: str = ""
    level: str = path_rule.CLAIMS
    command: str = "teof"


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the program on arguments (this process's own by default), environment and stdin, and ends the process."""
    try:
        _end_in_time()
        run(sys.argv[1:] if arguments is None else arguments, os.environ, os.getcwd())
    except BaseException as problem:
        _explain(problem)
    os._exit(0)


def _end_in_time() -> None:
    _signal.signal(_signal.SIGALRM, lambda *_: os._exit(0))
    _signal.signal(_signal.SIGPIPE, _signal.SIG_IGN)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, [_signal.SIGALRM])
    _signal.setitimer(_signal.ITIMER_REAL, LONGEST)


def _explain(problem: BaseException) -> None:
    if os.environ.get("TEOF_HOOK_DEBUG") == "1":
        os.write(2, f"{type(problem).__name__}: {problem}\n".encode("utf-8", "replace"))


def run(arguments: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
    """Answers one event, read from stdin, on stdout."""
    options = parse(arguments)
    program = registry.vendor_of(options.cli)
    payload = _payload()
    if program is None or payload is None:
        return
    process = Process(folder, environment, time.time_ns(), options.level, options.command)
    try:
        said = answer(program, options.event, payload, process).said
    except Exception as problem:
        _remember(options, payload, process, problem)
        raise
    if said is not None:
        _print(plain_json.dumps(said).encode("utf-8", "replace") + b"\n")


def parse(arguments: Sequence[str]) -> Options:
    """The options; a level that is none guards as by default."""
    plain: list[str] = []
    named = {"--guard": path_rule.CLAIMS, "--command": "teof"}
    waiting = ""
    for argument in arguments:
        if waiting:
            named[waiting], waiting = argument, ""
        elif argument in named:
            waiting = argument
        else:
            plain.append(argument)
    level = named["--guard"] if named["--guard"] in path_rule.LEVELS else path_rule.CLAIMS
    cli, event = (*plain, "", "")[:2]
    return Options(cli, event, level, named["--command"])


def _payload() -> dict[str, object] | None:
    parts, size = [], 0
    while part := os.read(0, 1 << 16):
        parts.append(part)
        size += len(part)
        if size > MAX_PAYLOAD:
            return None
    try:
        return plain_json.load_object(b"".join(parts))
    except ValueError:
        return None


def _print(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def _remember(options: Options, payload: Mapping[str, object], process: Process, problem: Exception) -> None:
    """One line about a failure beside the bus; neither payload nor environment, which may hold secrets."""
    here = _workspace(payload, process)
    if here is not None and os.path.isdir(here.cache.path):
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(process.seconds))
        event = options.event if options.event.isalnum() else "-"
        memory.log_failure(here, f"{moment} {options.cli} {event} {type(problem).__name__}")


def _workspace(payload: Mapping[str, object], process: Process) -> Workspace | None:
    from tools.core.workspace import find

    folder = payload.get("cwd")
    try:
        return find(folder if isinstance(folder, str) and folder else process.folder, process.environment)
    except Exception:
        return None
