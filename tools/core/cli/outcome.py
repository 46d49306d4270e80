"""A command carried out: its result or its failure in words, and the exit code."""

from __future__ import annotations

import errno
import os
import sys

from tools.core import hint, plain_json
from tools.core.cli import bootstrap, plain_reader
from tools.core.cli.decorators import HELP, Command, Group
from tools.core.cli.run import Ended, Run
from tools.core.errors import SetupError, ToolkitError, UsageError
from tools.core.fs import locks
from tools.core.plain import TYPE_CHECKING
from tools.core.text import secrets, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence


def call(command: Command | Group, words: list[str], start: Sequence[str] = ()) -> int:
    """Runs a command that the words of `start` name, and returns its exit code."""
    as_json = "--json" in words
    _open_closed_streams()
    try:
        code = _outcome(command, words, start or _started(), as_json=as_json)
        for notice in secrets.take_notices():
            sys.stderr.write((plain_json.shown_line({"note": notice}) if as_json else notice) + "\n")
        sys.stderr.flush()
        return code
    except OSError:  # stderr takes no words, so that none can be said about it
        _drop(2)
        return SetupError.exit_code


def _open_closed_streams() -> None:
    """Opens /dev/null in place of a stdout or stderr that the process was started without."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - it lives as long as the process


def _outcome(command: Command | Group, words: list[str], start: Sequence[str], *, as_json: bool) -> int:
    _prepare(command, words, start)
    run: Run | None = None
    again = (*start, *words)
    try:
        chosen, values = _read(command, words, start)
        run = Run(values.pop("root"), values.pop("acting_agent", None), as_json=values.pop("as_json"), again=again)
        chosen.carry_out(run, values)
        sys.stdout.flush()
        return 0
    except Ended as end:
        return _flushed(end.exit_code, as_json=as_json)
    except ToolkitError as problem:
        if isinstance(problem, UsageError) and problem.hint is None:
            problem.hint = _meant(command, words, start) or _help_of(command, words, start)
        return _fail(problem, run.notes if run else (), again, as_json=as_json)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    except BrokenPipeError:
        _drop(1)
        return 141
    except OSError as problem:
        if problem.errno not in _OUTSIDE:
            return _crash(problem, as_json=as_json)
        _drop(1)
        return _fail(_system(problem), as_json=as_json)
    except Exception as problem:
        return _crash(problem, as_json=as_json)


def _read(command: Command | Group, words: list[str], start: Sequence[str]) -> plain_reader.Reading:
    reading = plain_reader.read(command, words)
    if reading is None:
        from tools.core.cli import explained  # whole option names with good values do without click

        reading = explained.read(command, words, start)
    return reading


def _prepare(command: Command | Group, words: list[str], start: Sequence[str]) -> None:
    bootstrap.own_signals()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    locks.announce(" ".join(start))
    if sys.flags.optimize > 1 and {*words} & {*HELP}:
        from tools.core.cli import docstrings  # this Python has dropped them

        docstrings.restore(command)


_OUTSIDE = frozenset(
    {errno.EAGAIN, errno.EDQUOT, errno.EFBIG, errno.EINTR, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
    | {errno.ENOSPC, errno.EROFS}
)
"""Errors of the machine that any call can meet and no code here has caused."""


_LIMITS = hint.program("df", "-h", ".").then(hint.program("ulimit", "-n"))


def _system(problem: OSError) -> SetupError:
    what = problem.filename or "the result"
    remedy = hint.tool("agent.doctor") if problem.errno == errno.EROFS else _LIMITS
    return SetupError(f"{what}: {problem.strerror}", code="system.refused", hint=remedy)


def _flushed(exit_code: int, *, as_json: bool) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop(1)
        return 141
    except OSError as problem:
        _drop(1)
        return _fail(_system(problem), as_json=as_json)
    return exit_code


def _drop(descriptor: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)  # what is still buffered has no reader


def _started() -> Sequence[str]:
    if bootstrap.is_started_by_path():
        return (sys.argv[0],)
    return ("python", "-m", bootstrap.module_name())


def _meant(command: Command | Group, words: Sequence[str], start: Sequence[str]) -> hint.Hint | None:
    """The call with its typing mistakes corrected, where that can be done in one way."""
    from tools.core.cli import mistyped  # click is for those who mistype

    line = mistyped.corrected(command, words)
    return hint.program(start[0], *start[1:], *line) if line is not None else None


def _help_of(command: Command | Group, words: Sequence[str], start: Sequence[str]) -> hint.Hint:
    """The call that shows the command's help, or the subcommand's where the words name one."""
    named = []
    for word in words:
        if isinstance(command, Group) and word in command.commands:
            named.append(word)
            command = command.commands[word]
    return hint.program(start[0], *start[1:], *named, "--help")


def _fail(problem: ToolkitError, notes: Sequence[str] = (), again: Sequence[str] = (), *, as_json: bool) -> int:
    from tools.core.cli.hints import hint_words, spell_hint  # a command that succeeds shows no hint

    spelled = spell_hint(problem.hint, again)
    if as_json:
        if notes:
            problem.details["notes"] = list(notes)
        error = {
            "code": problem.code,
            "kind": problem.kind,
            "message": problem.message,
            "hint": spelled,
            "hint_command": hint_words(problem.hint, again),
            "details": problem.details,
            "exit_code": problem.exit_code,
        }
        sys.stderr.write(plain_json.shown_line({"error": error}) + "\n")
    else:
        sys.stderr.write(f"error: {terminal.clean(problem.message)}\n")
        if spelled:
            sys.stderr.write(f"hint: {spelled}\n")
    return problem.exit_code


def _crash(problem: Exception, *, as_json: bool) -> int:
    import tempfile
    import traceback

    details = "".join(traceback.format_exception(problem))
    if os.environ.get("TEOF_DEBUG") == "1":
        sys.stderr.write(details)
        return 70
    try:
        with tempfile.NamedTemporaryFile("w", prefix="teof-", suffix=".txt", delete=False) as kept:
            kept.write(details)
    except OSError:  # no place for it
        sys.stderr.write(details)
        return 70
    message = f"this is a bug in the toolkit: {type(problem).__name__}: {problem}; details in {kept.name}"
    return _fail(ToolkitError(message, code="bug", hint=hint.program("cat", kept.name)), as_json=as_json)
