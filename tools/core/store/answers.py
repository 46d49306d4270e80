"""What the questions to a history are answered with."""

from __future__ import annotations

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
