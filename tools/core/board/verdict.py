"""The verdict on a board, in one word and one sentence, for the manager who reads it."""

from __future__ import annotations

from typing import NamedTuple

from tools.core.board.model import Board, RequestRow

RED = "red"
AMBER = "amber"
GREEN = "green"


class Verdict(NamedTuple):
    """Red: there are alarms. Amber: no alarms, but requests wait for the reader. Green: neither."""

    colour: str
    things: int
    sentence: str


def requests_for(board: Board, reader: str) -> list[RequestRow]:
    """The requests that wait for a manager: addressed to it or to every manager, and not its own."""
    return [row for row in board.requests if row.kind == "request" and row.to in ("", reader) and row.sender != reader]


def verdict(board: Board, reader: str) -> Verdict:
    """The verdict on a board for its reader; no other code chooses a colour."""
    if count := len(board.alerts):
        return Verdict(RED, count, "1 thing needs somebody" if count == 1 else f"{count} things need somebody")
    if count := len(requests_for(board, reader)):
        return Verdict(AMBER, count, "1 thing waits for you" if count == 1 else f"{count} things wait for you")
    return Verdict(GREEN, 0, "All clear")
