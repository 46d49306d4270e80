"""How every command meets the shell: shared options, output, and errors turned into exit codes.

Only this module and the commands read argv, the environment or the current folder, write to stdout,
or exit. stdout is the result and nothing else; stderr is the talk. With `--json` stdout is one JSON
document (JSON Lines for a stream) and a failure is one JSON object on stderr.
"""

from __future__ import annotations

import gc

gc.disable()  # imports make garbage for nobody; collecting it costs a command a tenth of its start

import errno
import functools
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from tools.core import hint
from tools.core.cli import bootstrap

try:
    import click
except ModuleNotFoundError:
    bootstrap.use_the_environment_of_the_checkout()

from tools.core.cli.hints import hint_words, spell_hint
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
    key_values,
)
from tools.core.cli.run import Run
from tools.core.errors import SetupError, ToolkitError, UsageError
from tools.core.fs import locks
from tools.core.text import secrets, terminal

gc.freeze()
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
    "Run",
    "key_values",
]

Command = TypeVar("Command", bound=Callable[..., Any])
_AGAIN = "tools.again"
"""Under this key click's context keeps the words that started the command."""

argument = click.argument
Choice = click.Choice
IntRange = click.IntRange


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """An option of a command; its help says what it defaults to, where that is a text or a number."""
    default = settings.get("default")
    says = isinstance(default, (str, int)) and not isinstance(default, bool) and default != ""
    return click.option(*names, **{"show_default": says, **settings})


manager_window = option(
    "--manager-window",
    type=DURATION,
    default="30m",
    help="A manager silent for longer is stale; 0 switches off.",
)
agent_window = option(
    "--agent-window",
    type=DURATION,
    default="240m",
    help="A holder silent for longer is idle; 0 switches off.",
)


def repeated(*names: str, type: Any = None, help: str) -> Callable[[Command], Command]:
    """An option that may be given several times and accumulates."""
    return click.option(*names, multiple=True, type=type, help=f"{help} May be repeated.")


class _Group(click.Group):
    """A group that may have a subcommand for whatever begins with none of their names."""

    default = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        names = {*self.commands, *_SETTINGS["help_option_names"]}
        if self.default and (not args or args[0] not in names):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


def group(doc: str | None, *, default: str = "") -> click.Group:
    """A command with subcommands; its help is the module's docstring; `default` may be left unsaid."""
    made = _Group(help=_help(doc), context_settings=_SETTINGS, no_args_is_help=False)
    made.default = default
    return made


def command(
    parent: click.Group | None = None, name: str | None = None, *, doc: str | None = None, writes: bool = False
) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a function a command (of a group) with `--root`, `--json` and, for a writer, `--agent`.

    The function's first argument is the Run.
    """

    def wrap(body: Callable[..., Any]) -> click.Command:
        @functools.wraps(body)
        def callback(root: str | None, as_json: bool, **values: Any) -> Any:
            acting = values.pop("acting_agent", None)
            context = click.get_current_context()
            run = Run(root, as_json, acting, again=context.meta.get(_AGAIN, ()))
            context.find_root().obj = run
            for parameter in context.command.params:
                _refuse_unfilled(parameter, values.get(parameter.name or ""))
            try:
                return body(run, **values)
            finally:
                run.close()

        parameters: list[click.Parameter] = list(reversed(getattr(body, "__click_params__", [])))
        if writes:
            parameters.append(
                click.Option(["--agent", "acting_agent"], type=AGENT, help="The acting seat (default: the manifest's).")
            )
        parameters.append(
            click.Option(
                ["--root"], metavar="PATH", help="The checkout to act on (default: the one around the current folder)."
            )
        )
        parameters.append(click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."))
        made = click.Command(
            name or (body.__name__ if parent else None),
            callback=callback,
            params=parameters,
            help=_help(doc if doc is not None else body.__doc__),
            context_settings=_SETTINGS,
        )
        if parent is not None:
            parent.add_command(made)
        return made

    return wrap


def _refuse_unfilled(parameter: click.Parameter, value: Any) -> None:
    """UsageError where a hint was pasted whose words are still to be filled in, so that pasting alone changes nothing."""
    if hint.WORDS in (value if isinstance(value, tuple) else (value,)):
        name = parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name
        raise UsageError(f"{name} is still {hint.WORDS}: put your own words there", code="value.words")


def catch_all(body: Callable[[Run], None]) -> click.Command:
    """A command that takes any arguments, for one that only explains why it cannot run."""
    made = command(doc="")(body)
    made.context_settings = {**_SETTINGS, "help_option_names": [], "ignore_unknown_options": True}
    made.params.append(click.Argument(["rest"], nargs=-1, expose_value=False))
    return made


_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _help(doc: str | None) -> str:
    return (doc or "").strip()


# -- the way in ----------------------------------------------------------------------------------


def main(command: click.Command, arguments: Sequence[str] | None = None, start: Sequence[str] = ()) -> NoReturn:
    """Runs a command and exits with its code; the only place that turns errors into words."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(call(command, words, start))


def call(command: click.Command, words: list[str], start: Sequence[str] = ()) -> int:
    """Runs a command that the words of `start` name, and returns its exit code."""
    as_json = "--json" in words
    _open_closed_streams()
    try:
        return _outcome(command, words, start or _started(), as_json)
    finally:
        for notice in secrets.take_notices():
            sys.stderr.write((json.dumps({"note": notice}) if as_json else notice) + "\n")


def _open_closed_streams() -> None:
    """Gives a process that was started without stdout or stderr one that nobody reads."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - it lives as long as the process


def _outcome(command: click.Command, words: list[str], start: Sequence[str], as_json: bool) -> int:
    context: click.Context | None = None
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    name, again = " ".join(start), (*start, *words)
    locks.announce(name)
    if sys.flags.optimize > 1 and {*words} & {*_SETTINGS["help_option_names"]}:
        from tools.core.cli import docstrings  # this Python has dropped them

        docstrings.restore(command)
    try:
        with command.make_context(name, list(words)) as context:
            context.meta[_AGAIN] = again
            command.invoke(context)
        sys.stdout.flush()
        return 0
    except click.exceptions.Exit as done:
        return _flushed(done.exit_code)
    except ToolkitError as problem:
        notes = context.obj.notes if context is not None and context.obj is not None else []
        if isinstance(problem, UsageError) and problem.hint is None:
            problem.hint = _help_of(command, words, start)
        return _fail(problem, as_json, notes, again)
    except click.ClickException as problem:
        return _fail(UsageError(problem.format_message(), code="usage", hint=_help_of(command, words, start)), as_json)
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("interrupted\n")
        return 130
    except BrokenPipeError:
        _drop_stdout()
        return 141
    except OSError as problem:
        if problem.errno not in _OUTSIDE:
            return _crash(problem, as_json)
        _drop_stdout()
        return _fail(_system(problem), as_json)
    except Exception as problem:
        return _crash(problem, as_json)


_OUTSIDE = frozenset({errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EINTR, errno.EMFILE, errno.ENFILE, errno.EROFS})
"""What the machine can say to any call, and no code of ours has caused."""


_LIMITS = hint.program("df", "-h", ".").then(hint.program("ulimit", "-n"))


def _system(problem: OSError) -> SetupError:
    what = problem.filename or "the result"
    help = hint.tool("agent.doctor") if problem.errno == errno.EROFS else _LIMITS
    return SetupError(f"{what}: {problem.strerror}", code="system.refused", hint=help)


def _flushed(exit_code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
        return 141
    return exit_code


def _drop_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still buffered has no reader


def _started() -> Sequence[str]:
    if bootstrap.is_started_by_path():
        return (sys.argv[0],)
    return ("python", "-m", bootstrap.module_name())


def _help_of(command: click.Command, words: Sequence[str], start: Sequence[str]) -> hint.Hint:
    """The call that shows the help of what was asked, of the subcommand where one was named."""
    named = []
    for word in words:
        if isinstance(command, click.Group) and word in command.commands:
            named.append(word)
            command = command.commands[word]
    return hint.program(start[0], *start[1:], *named, "--help")


def _fail(problem: ToolkitError, as_json: bool, notes: Sequence[str] = (), again: Sequence[str] = ()) -> int:
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
        sys.stderr.write(json.dumps({"error": error}, sort_keys=True, default=str) + "\n")
    else:
        sys.stderr.write(f"error: {terminal.clean(problem.message)}\n")
        if spelled:
            sys.stderr.write(f"hint: {spelled}\n")
    return problem.exit_code


def _crash(problem: Exception, as_json: bool) -> int:
    import tempfile
    import traceback

    details = "".join(traceback.format_exception(problem))
    if os.environ.get("TEOF_DEBUG") == "1":
        sys.stderr.write(details)
        return 70
    with tempfile.NamedTemporaryFile("w", prefix="teof-", suffix=".txt", delete=False) as kept:
        kept.write(details)
    message = f"this is a bug in the toolkit: {type(problem).__name__}: {problem}; details in {kept.name}"
    return _fail(ToolkitError(message, code="bug", hint=hint.program("cat", kept.name)), as_json)
