"""How every command meets the shell: shared options, output, and errors turned into exit codes.

Only this module and the commands read argv, the environment or the current folder, write to stdout,
or exit. stdout is the result and nothing else; stderr is the talk. With `--json` stdout is one JSON
document (JSON Lines for a stream) and a failure is one JSON object on stderr.
"""

from __future__ import annotations

import gc

gc.disable()  # imports make garbage for nobody; collecting it costs a command a tenth of its start

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NoReturn, TypeVar

from tools.core import bootstrap

try:
    import click
except ModuleNotFoundError:
    bootstrap.use_the_environment_of_the_checkout()

from tools.core import clock, files, ids, render, seats, workspace
from tools.core.errors import ToolkitError, UsageError
from tools.core.records import OWN_FIELDS
from tools.core.store import FileStore

gc.freeze()
gc.enable()

Command = TypeVar("Command", bound=Callable[..., Any])
_MODULE = r"python -m tools\.((?:agent|planner|consensus|maintenance)\.)?([a-z_]+)"
MAX_PROBLEMS = 5
"""Bad lines a reader names before it only counts them."""


class Run:
    """One invocation: where it acts, from which seat, at which moment, and how it answers."""

    def __init__(self, root: str | None, as_json: bool, agent: str | None = None) -> None:
        self._root = root
        self._agent = agent
        self.as_json = as_json
        self.now = clock.now()
        self._notes: list[str] = []

    @cached_property
    def workspace(self) -> workspace.Workspace:
        """The checkout this command acts on."""
        return workspace.find(_here(), os.environ, root=self._root)

    @cached_property
    def store(self) -> FileStore:
        """The live bus."""
        return FileStore(self.workspace)

    @cached_property
    def seat(self) -> seats.Seat:
        """Who is acting; raises when that is not clear."""
        return seats.acting(self.workspace, self._agent, self.binding)

    @cached_property
    def reader(self) -> seats.Seat | None:
        """Whose seat a reader looks from, if anybody's."""
        return seats.reading(self.workspace, self.binding)

    @property
    def binding(self) -> str | None:
        """The manifest that `TEOF_MANIFEST` binds this process to."""
        return os.environ.get("TEOF_MANIFEST") or None

    # -- output ------------------------------------------------------------------------------
    def emit(self, document: Mapping[str, Any], text: str) -> None:
        """Prints the result: the document with `--json`, else the text made safe for a terminal."""
        if self.as_json:
            if self._notes:
                document = {**document, "notes": self._notes}
            _print(json.dumps(document, sort_keys=True, indent=2, default=str))
        elif text:
            _show(render.block(text))

    def emit_line(self, document: Mapping[str, Any], text: str) -> None:
        """Prints one element of a stream at once: a JSON line with `--json`, else one line of text."""
        for note in self._notes:
            sys.stderr.write(json.dumps({"note": note}) + "\n")
        self._notes.clear()
        _print(json.dumps(document, sort_keys=True, default=str) if self.as_json else render.clean(text))
        sys.stdout.flush()

    def emit_raw(self, text: str) -> None:
        """Prints a document that was rendered already."""
        _print(text.rstrip("\n"))

    def note(self, text: str) -> None:
        """Says something on stderr; with `--json` it is kept for the document's `notes`."""
        if self.as_json:
            self._notes.append(text)
        else:
            sys.stderr.write(render.clean(in_invoked_form(text)) + "\n")

    def warn(self, texts: Iterable[str]) -> None:
        """Says each as a warning."""
        for text in texts:
            self.note(f"warning: {text}")

    def skipped(self, problems: Sequence[object]) -> None:
        """Names the bad lines that a reader skipped; past a few it only counts them."""
        for problem in problems[:MAX_PROBLEMS]:
            self.note(f"skipped: {problem}")
        if len(problems) > MAX_PROBLEMS:
            rest = len(problems) - MAX_PROBLEMS
            self.note(f"skipped: {rest} more bad lines; python -m tools.maintenance.bus_check lists them")

    def finish(self, exit_code: int) -> NoReturn:
        """Ends the command with an answer that is not an error."""
        raise click.exceptions.Exit(exit_code)

    @property
    def notes(self) -> list[str]:
        """What was said so far under `--json`."""
        return self._notes


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:
        return os.environ.get("PWD", "/")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _show(text: str) -> None:
    """Prints text, on a terminal with the words that want attention in colour."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        _print(text)
        return
    from rich.console import Console
    from rich.text import Text

    coloured = Text(text)
    for pattern, style in _COLOURS:
        coloured.highlight_regex(pattern, style)
    Console(soft_wrap=True, highlight=False).print(coloured)


_COLOURS = (
    (r"(?m)^[A-Za-z#][^:\n]{0,40}:(?= |$)", "bold"),
    (r"\b(WARNING|ALERT|stale|missing|idle|overdue)\b", "yellow"),
    (r"\b(FAIL|error|red)\b", "red"),
    (r"\b(green|done|OK|fresh)\b", "green"),
    (r"\bNEW\b", "bold cyan"),
)


def in_invoked_form(text: str) -> str:
    """A hint in the form this process was invoked in: `teof x`, `tools/agent/x.py`, `python -m …`."""
    return re.sub(_MODULE, lambda found: _spell(found[1] or "", found[2]), text)


def _spell(package: str, name: str) -> str:
    if bootstrap.is_console_script(sys.argv[0]):
        return f"teof {name}" if package in ("", "agent.") else f"teof {package}{name}"
    if bootstrap.is_started_by_path() and package:
        return f"tools/{package.replace('.', '/')}{name}.py"
    return f"python -m tools.{package}{name}"


# -- options -------------------------------------------------------------------------------------


class _Value(click.ParamType[Any]):
    """A value that a function checks; the function raises UsageError."""

    def __init__(self, name: str, check: Callable[[str], Any]) -> None:
        self.name = name
        self._check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self._check(value) if isinstance(value, str) else value


def _duration(text: str) -> timedelta:
    found = clock.parse_duration(text)
    if found is None:
        raise UsageError(f"{text!r} is no duration; write 90m, 24h or 7d", code="value.duration")
    return found


def _since(text: str) -> datetime:
    found = clock.parse_since(text, clock.now())
    if found is None:
        raise UsageError(f"{text!r} is neither a stamp nor a distance such as 90m, 24h, 7d", code="value.since")
    return found


def _moment(text: str) -> datetime:
    found = clock.parse(text)
    if found is None:
        raise UsageError(f"{text!r} is no stamp; write 2026-01-31T12:00:00Z", code="value.stamp")
    return found


def _line(text: str) -> str:
    if "\n" in text or "\r" in text or "\0" in text:
        raise UsageError("the value has more than one line", code="value.line")
    return text


def _seconds(text: str) -> float:
    try:
        found = float(text.removesuffix("s"))
    except ValueError:
        found = -1.0
    if not 0.01 <= found <= 3600:
        raise UsageError(f"{text!r} is no interval; write 0.5s", code="value.interval")
    return found


AGENT = _Value("AGENT", ids.require_agent)
TASK = _Value("TASK", ids.require_task)
PLAN = _Value("PLAN", ids.require_plan)
LABEL = _Value("LABEL", lambda text: ids.require_task(text, "label"))
DECISION = _Value("DECISION", lambda text: ids.require_task(text, "decision id"))
EVENT = _Value("EVENT", lambda text: ids.require_word(text, "event"))
MESSAGE = _Value("TYPE", lambda text: ids.require_word(text, "type"))
DURATION = _Value("DURATION", _duration)
SECONDS = _Value("SECONDS", _seconds)
SINCE = _Value("SINCE", _since)
STAMP = _Value("STAMP", _moment)
LINE = _Value("TEXT", _line)
COUNT = click.IntRange(min=0, max=1_000_000)

option = click.option
argument = click.argument
Choice = click.Choice
IntRange = click.IntRange


def repeated(*names: str, type: Any = None, help: str) -> Callable[[Command], Command]:
    """An option that may be given several times and accumulates."""
    return click.option(*names, multiple=True, type=type, help=help)


def group(doc: str | None) -> click.Group:
    """A command with subcommands; its help is the module's docstring."""
    return click.Group(help=_help(doc), context_settings=_SETTINGS)


def command(
    parent: click.Group | None = None, name: str | None = None, *, doc: str | None = None, writes: bool = False
) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a function a command (of a group) with `--root`, `--json` and, for a writer, `--agent`.

    The function's first argument is the Run.
    """

    def wrap(body: Callable[..., Any]) -> click.Command:
        def callback(root: str | None, as_json: bool, **values: Any) -> Any:
            acting = values.pop("acting_agent", None)
            run = Run(root, as_json, acting)
            click.get_current_context().find_root().obj = run
            return body(run, **values)

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


_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _help(doc: str | None) -> str:
    return (doc or "").strip()


def key_values(pairs: Sequence[str], own: frozenset[str] = OWN_FIELDS) -> dict[str, str]:
    """`key=value` data, split at the first `=`; a record's own field name is refused."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not ids.is_key(key):
            raise UsageError(f"{pair[:80]!r} is not key=value with a word as its key", code="value.pair")
        if key in own:
            raise UsageError(
                f"{key!r} is a field of the record itself and cannot be set as data", code="value.own_field"
            )
        found[key] = value
    return found


# -- the way in ----------------------------------------------------------------------------------


def main(command: click.Command, arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs a command and exits with its code; the only place that turns errors into words."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(call(command, given))


def call(command: click.Command, given: list[str]) -> int:
    """Runs a command and returns its exit code."""
    as_json = "--json" in given
    context: click.Context | None = None
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        with command.make_context(_program(), given) as context:
            command.invoke(context)
        sys.stdout.flush()
        return 0
    except click.exceptions.Exit as done:
        return _flushed(done.exit_code)
    except ToolkitError as problem:
        notes = context.obj.notes if context is not None and context.obj is not None else []
        return _fail(problem, as_json, notes)
    except click.ClickException as problem:
        return _fail(_usage(problem), as_json)
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("interrupted\n")
        return 130
    except BrokenPipeError:
        _drop_stdout()
        return 141
    except Exception as problem:
        return _crash(problem, as_json)


def _flushed(exit_code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
        return 141
    return exit_code


def _drop_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still buffered has no reader


def _program() -> str:
    if bootstrap.is_console_script(sys.argv[0]):
        return "teof " + bootstrap.command_name()
    if bootstrap.is_started_by_path():
        return sys.argv[0]
    return f"python -m {bootstrap.module_name()}"


def _usage(problem: click.ClickException) -> UsageError:
    context = getattr(problem, "ctx", None)
    hint = f"{context.command_path} --help" if context is not None else ""
    return UsageError(problem.format_message(), code="usage", hint=hint)


def _fail(problem: ToolkitError, as_json: bool, notes: Sequence[str] = ()) -> int:
    hint = in_invoked_form(problem.hint)
    if as_json:
        if notes:
            problem.details["notes"] = list(notes)
        error = {
            "code": problem.code,
            "kind": problem.kind,
            "message": problem.message,
            "hint": hint,
            "details": problem.details,
            "exit_code": problem.exit_code,
        }
        sys.stderr.write(json.dumps({"error": error}, sort_keys=True, default=str) + "\n")
    else:
        sys.stderr.write(f"error: {render.clean(problem.message)}\n")
        if hint:
            sys.stderr.write(f"hint: {render.clean(hint)}\n")
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
    return _fail(ToolkitError(message, code="bug", hint="TEOF_DEBUG=1 shows the details"), as_json)


def write_document(place: workspace.Place, data: bytes) -> None:
    """Writes a file that `--output` named, whole."""
    files.replace(place, data)
