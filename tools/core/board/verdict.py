"""The one decision on what alarms and what waits, and the verdict of both; every view and check shows this one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tools.core.board.alerts import Alarm, Signals, alarms
from tools.core.board.model import AMBER, GREEN, RED, Board, RequestRow, Snapshot
from tools.core.board.reminders import Waiting, reminders
from tools.core.text import terminal


class Judgement(NamedTuple):
    """The alarms and the reminders, each with the command that clears it."""

    alarms: list[Alarm]
    reminders: list[Alarm]

    @property
    def colour(self) -> str:
        """Red: somebody must act. Amber: something waits. Green: neither."""
        return _colour(self.alarms, self.reminders)


class Verdict(NamedTuple):
    """The verdict in one word, one number and one sentence."""

    colour: str
    things: int
    sentence: str


def judge(snapshot: Snapshot, signals: Signals, waiting: Waiting) -> Judgement:
    """What alarms and what waits, as of the snapshot's moment."""
    alarmed = alarms(snapshot, signals)
    return Judgement(alarmed, reminders(snapshot, waiting, alarmed))


def _colour(alarmed: Sequence[object], waiting: Sequence[object]) -> str:
    return RED if alarmed else AMBER if waiting else GREEN


def verdict(board: Board) -> Verdict:
    """The verdict on a board, for its reader."""
    colour = _colour(board.alerts, board.reminders)
    count = len(board.alerts) or len(board.reminders)
    things = terminal.number(count, "thing")
    sentences = {
        RED: f"{things} {'needs' if count == 1 else 'need'} somebody",
        AMBER: f"{things} {'waits' if count == 1 else 'wait'} for you",
        GREEN: "All clear",
    }
    return Verdict(colour, count, sentences[colour])


def requests_for(board: Board) -> list[RequestRow]:
    """The requests that wait for the board's reader, whether or not they alarm already."""
    return [
        row
        for row in board.requests
        if row.kind == "request" and row.to in ("", board.reader) and row.sender != board.reader
    ]
