"""What the questions to a history are answered with."""

from __future__ import annotations

from tools.core import hint
from tools.core.hint import Note
from tools.core.models.entry import Entry
from tools.core.plain import NamedTuple


class Recorded(NamedTuple):
    """An entry and where it stands; `number` counts the stream's lines from 1."""

    stream: str
    number: int
    entry: Entry


class Loss(NamedTuple):
    """How many records a stream once had and has no longer."""

    stream: str
    records: int

    def note(self, where: str) -> Note:
        """What a user is told of it, with the command that shows what can be restored."""
        lost = "1 record that was here is" if self.records == 1 else f"{self.records} records that were here are"
        return Note(f"{where}: {lost} gone", hint.tool("maintenance.bus_repair"))


class Matches(NamedTuple):
    """What a search matched, newest first; `is_cut` where older records were not looked at."""

    entries: list[Entry]
    is_cut: bool


class Totals(NamedTuple):
    """How many records there are."""

    events: int
    messages: int


class Volume(NamedTuple):
    """How much was written within a window, by how many agents, and how many messages got a reply."""

    events: int
    messages: int
    agents: int
    answered: int
