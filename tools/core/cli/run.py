"""One invocation of a command: where it acts, from which seat, and how it answers.

stdout is the result and nothing else; stderr is the talk. With `--json` stdout is one JSON document
(JSON Lines for a stream).
"""

from __future__ import annotations

import os
import sys

from tools.core import hint, plain_json, which_bus, workspace
from tools.core.clock import timedelta
from tools.core.context import Context
from tools.core.hint import Hint, Note
from tools.core.plain import TYPE_CHECKING, cached_property
from tools.core.problem import Problem
from tools.core.seats.seat import Seat, acting, reading
from tools.core.text import secrets, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, NoReturn, TypeVar

    from tools.core.store.contract import Store

    Result = TypeVar("Result")

MAX_PROBLEMS = 5
"""Bad lines a reader names before it only counts them."""


class Ended(Exception):
    """The command has ended with an answer that is not an error."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


class Run(Context):
    """One invocation of a command: a context that the command line and the environment give, and its answer."""

    def __init__(
        self, root: str | None, agent: str | None = None, *, as_json: bool = False, again: Sequence[str] = ()
    ) -> None:
        self._root = root
        self._agent = agent
        self._again = again
        self.as_json = as_json
        self._notes: list[str] = []

    @cached_property
    def workspace(self) -> workspace.Workspace:
        """The checkout this command acts on."""
        return workspace.find(_here(), os.environ, root=self._root)

    @cached_property
    def seat(self) -> Seat:
        """The acting seat; raises when it is unclear. Its clone's bus is joined before it writes."""
        seat = acting(self.workspace, self._agent, self.binding)
        self.join_bus(seat.agent_id)
        return seat

    def join_bus(self, agent: str) -> None:
        """Joins the bus that this clone has elsewhere, for an agent; SetupError where that cannot be done now."""
        if which_bus.find(self.workspace).state == which_bus.HERE:
            return
        from tools.core.sync.joining import belong  # git is for the first record of a clone

        self.warn(belong.belong(self, agent))

    @cached_property
    def store(self) -> Store:
        """The live bus; a reader of a clone that has not joined its bus is told so."""
        if not os.path.isdir(self.workspace.bus.path):
            answer = which_bus.find(self.workspace)
            if answer.state in (which_bus.APART, which_bus.UNSEEN):
                problem = which_bus.apart_error(answer)
                self.warn([Note(problem.message, problem.hint)])
        return super().store

    @property
    def named_agent(self) -> str | None:
        """The agent of `--agent`, for a command that checks the seat by rules of its own."""
        return self._agent

    @cached_property
    def reader(self) -> Seat | None:
        """The seat of a reader, if there is one."""
        return reading(self.workspace, self.binding)

    @property
    def manager(self) -> str:
        """The reader's seat when it is a manager's, else "": a board is shown as that manager's page."""
        return self.reader.agent_id if self.reader is not None and self.reader.is_manager else ""

    @property
    def binding(self) -> str | None:
        """The manifest that `TEOF_MANIFEST` binds this process to."""
        return os.environ.get("TEOF_MANIFEST") or None

    def done(self, act: Callable[[], Result], task_of: Callable[[Result], str], patience: timedelta | None) -> Result:
        """Does an operation here or, with patience, through the remote, so that it is certain among all clones."""
        if patience is None:
            return act()
        from tools.core.store import signpost

        if address := signpost.address_of(self.workspace):
            result = act()
            self.note(f"confirmed on postgresql://{address.shown}")
            return result
        from tools.core.sync import confirm  # git and all it takes is for those who ask for it

        def acted() -> confirm.Acted:
            result = act()
            return confirm.Acted(result, task_of(result))

        confirmed = confirm.confirm(self, self.seat.agent_id, acted, patience=patience)
        self.warn(map(str, confirmed.problems))
        self.note(f"confirmed on {confirmed.remote}")
        confirmed_result: Result = confirmed.result
        return confirmed_result

    # -- output ------------------------------------------------------------------------------
    def emit(self, document: Mapping[str, Any], text: str) -> None:
        """Prints the result: the document with `--json`, else the text made safe for a terminal."""
        if self.as_json:
            if self._notes:
                document = {**document, "notes": self._notes}
            _print(plain_json.shown(secrets.redact_value(document)))
        elif text:
            _show(terminal.block(secrets.redact(text)))

    def emit_line(self, document: Mapping[str, Any], text: str) -> None:
        """Prints one element of a stream at once: a JSON line with `--json`, else one line of text."""
        for note in self._notes:
            sys.stderr.write(plain_json.shown_line({"note": note}) + "\n")
        self._notes.clear()
        document = secrets.redact_value(document) if self.as_json else {}
        _print(plain_json.shown_line(document) if self.as_json else terminal.clean(secrets.redact(text)))
        sys.stdout.flush()

    def emit_raw(self, text: str) -> None:
        """Prints Markdown or JSON that was rendered already; of JSON only the spelling can change."""
        text = text.rstrip("\n")
        _print(secrets.redact(terminal.json_text(text) if text.startswith(("{", "[")) else text))

    def note(self, text: str | Note) -> None:
        """Says something on stderr, and what helps; with `--json` both are kept for the document's `notes`."""
        note = text if isinstance(text, Note) else Note(text)
        if self.as_json:
            self._notes.append(note.text)
        else:
            sys.stderr.write(f"{terminal.clean(note.text)}\n")
        self.advise(note.hint)

    def advise(self, command: Hint | None) -> None:
        """Says on stderr what can be typed next, as `note` does."""
        if spelled := self.spell(command):
            self.note(f"hint: {spelled}")

    def cut(self, rest: int, command: Hint) -> str:
        """The last line of a list that was cut: how many rows are left out and what shows them; "" for none."""
        return f"\n… {rest} more: {self.spell(command)}" if rest > 0 else ""

    def warn(self, notes: Iterable[str | Note]) -> None:
        """Says each as a warning."""
        for note in notes:
            warning = note if isinstance(note, Note) else Note(note)
            self.note(warning._replace(text=f"warning: {warning.text}"))

    def spell(self, command: Hint | None) -> str:
        """A hint in the form in which this process was started."""
        if command is None:
            return ""
        from tools.core.cli.hints import spell_hint  # most commands show no hint

        return spell_hint(command, self._again)

    def skipped(self, problems: Sequence[Problem]) -> None:
        """Names the bad lines that a reader skipped; past a few it only counts them."""
        for problem in problems[:MAX_PROBLEMS]:
            self.note(f"skipped: {problem}")
        if len(problems) > MAX_PROBLEMS:
            rest = len(problems) - MAX_PROBLEMS
            self.note(Note(f"skipped: {rest} more bad lines", hint.tool("maintenance.bus_check")))

    def finish(self, exit_code: int) -> NoReturn:
        """Ends the command with an answer that is not an error."""
        raise Ended(exit_code)

    @property
    def notes(self) -> list[str]:
        """The notes so far, kept for the document of `--json`."""
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
