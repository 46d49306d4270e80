"""What an operation acts in: where, on which bus, from which seat, at which moment, and whom it warns.

Each part is made when it is first needed. Nothing here reads a command line, the environment or the
current folder: whoever makes a Context (a command, a hook, a server) says those.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import cached_property

from tools.core import clock
from tools.core.seats.seat import Seat
from tools.core.store.api import History, Store
from tools.core.store.backend import open_store
from tools.core.workspace import Workspace

Warn = Callable[[Iterable[str]], None]


def drop(_: Iterable[str]) -> None:
    """Drops warnings, where there is no user."""


class Context:
    """Workspace, store, seat, moment and warnings of one operation."""

    now: datetime

    def __init__(
        self,
        workspace: Workspace,
        *,
        seat: Seat | None = None,
        store: Store | None = None,
        now: datetime | None = None,
        warn: Warn = drop,
    ) -> None:
        self.workspace = workspace
        self.now = now or clock.now()
        self._warn = warn
        if store is not None:
            self.store = store
        if seat is not None:
            self.seat = seat

    @cached_property
    def workspace(self) -> Workspace:
        """The checkout, and every path below it."""
        raise LookupError("this context has no workspace")

    @cached_property
    def store(self) -> Store:
        """The live bus."""
        return open_store(self.workspace, self.warn)

    @cached_property
    def history(self) -> History:
        """What was said and done on the bus; warns first of records that are gone."""
        self.warn(self.losses())
        return self.store.history

    def losses(self, streams: Collection[str] | None = None) -> list[str]:
        """One line for each log (among some) that has lost records, naming the command that brings them back."""
        return [
            f"{self.store.where(loss.stream)}: {loss.records} records that were here are gone;"
            " python -m tools.maintenance.bus_repair"
            for loss in self.store.history.losses(streams)
        ]

    @cached_property
    def seat(self) -> Seat:
        """Who is acting; LookupError for a reader, who acts from no seat."""
        raise LookupError("this context acts from no seat")

    def close(self) -> None:
        """Gives back what the store holds open; it may be asked again."""
        if "store" in self.__dict__:
            self.store.close()

    def warn(self, texts: Iterable[str]) -> None:
        """Passes warnings on to the user."""
        self._warn(texts)

    def skipped(self, problems: Sequence[object]) -> None:
        """Names the lines that a reader had to leave out."""
        self.warn(f"skipped: {problem}" for problem in problems)

    def acting_as(self, seat: Seat) -> Context:
        """The same workspace, store and moment, acted on from another seat."""
        return Context(self.workspace, seat=seat, store=self.store, now=self.now, warn=self.warn)

    def at(self, moment: datetime) -> Context:
        """The same workspace and store at another moment, for a reader; it acts from no seat."""
        return Context(self.workspace, store=self.store, now=moment, warn=self.warn)
