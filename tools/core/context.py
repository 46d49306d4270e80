"""The context of an operation: workspace, bus, seat, moment, and the way to its user.

Each part is made when it is first needed. Nothing here reads a command line, the environment or the
current folder: the command, hook or server that makes a Context passes them.
"""

from __future__ import annotations

from tools.core import clock, which_bus
from tools.core.clock import datetime
from tools.core.errors import ToolkitError
from tools.core.hint import Hint, Note
from tools.core.plain import TYPE_CHECKING, cached_property, suppress
from tools.core.problem import Problem
from tools.core.seats.seat import Seat
from tools.core.store.backend import open_store
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from typing import TypeAlias

    from tools.core.store.contract import History, Store

Warn: TypeAlias = "Callable[[Iterable[str | Note]], None]"
Spell: TypeAlias = "Callable[[Hint | None], str]"
"""A hint as a line that the user can paste; "" for none."""


def drop(_: Iterable[str | Note]) -> None:
    """Drops warnings, where there is no user."""


def as_module(command: Hint | None) -> str:
    """Spells a hint where nothing is known of how the user starts commands."""
    from tools.core.text import shell  # most commands show no hint

    return shell.line(command, shell.as_module)


class Context:
    """Workspace, store, seat, moment and warnings of one operation."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        seat: Seat | None = None,
        store: Store | None = None,
        now: datetime | None = None,
        warn: Warn = drop,
        spell: Spell = as_module,
    ) -> None:
        self.workspace = workspace
        if now is not None:
            self.now = now
        self._warn = warn
        self._spell = spell
        if store is not None:
            self.store = store
        if seat is not None:
            self.seat = seat

    @cached_property
    def workspace(self) -> Workspace:
        """The checkout, and every path below it."""
        raise LookupError("this context has no workspace")

    @cached_property
    def now(self) -> datetime:
        """The moment of the operation, by the clock of the bus: what needs no bus goes on where that is out of reach."""
        with suppress(ToolkitError):
            if "store" in self.__dict__ or which_bus.may_be_on_server(self.workspace):
                return self.store.now()
        return clock.now()

    @cached_property
    def store(self) -> Store:
        """The live bus."""
        return open_store(self.workspace, self.warn)

    @cached_property
    def history(self) -> History:
        """The events and messages of the bus; the first use warns of lost records."""
        self.warn(self.losses())
        return self.store.history

    def losses(self, streams: Collection[str] | None = None) -> list[Note]:
        """Each log, of all or of `streams`, that has lost records, with the command that shows what can be restored."""
        return [loss.note(self.store.where(loss.stream)) for loss in self.store.history.losses(streams)]

    @cached_property
    def seat(self) -> Seat:
        """Who is acting; LookupError for a reader, who acts from no seat."""
        raise LookupError("this context acts from no seat")

    def close(self) -> None:
        """Closes what the store has open; the next use opens it again."""
        if "store" in self.__dict__:
            self.store.close()

    def reopen(self) -> None:
        """Forgets the store: the next use opens the bus where it is then."""
        self.close()
        self.__dict__.pop("store", None)
        self.__dict__.pop("history", None)

    def warn(self, notes: Iterable[str | Note]) -> None:
        """Passes warnings on to the user."""
        self._warn(notes)

    def spell(self, command: Hint | None) -> str:
        """A hint as the user can paste it; "" for none."""
        return self._spell(command)

    def skipped(self, problems: Sequence[Problem]) -> None:
        """Names the lines that a reader had to leave out."""
        self.warn(f"skipped: {problem}" for problem in problems)

    def acting_as(self, seat: Seat) -> Context:
        """The same workspace, store and moment, acted on from another seat."""
        return Context(self.workspace, seat=seat, store=self.store, now=self.now, warn=self.warn, spell=self.spell)

    def at_present(self) -> Context:
        """The same workspace and store at the present moment, for a reader that goes on looking."""
        return self.at(self.store.now())

    def at(self, moment: datetime) -> Context:
        """The same workspace and store at another moment, for a reader; it acts from no seat."""
        return Context(self.workspace, store=self.store, now=moment, warn=self.warn, spell=self.spell)
