"""The screen as lines, to the column: a bar, the views, the rows, the command under the cursor, the keys."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NamedTuple

from tools.core.board.alerts import PLACEHOLDER
from tools.core.board.model import AMBER as WAITS
from tools.core.board.model import GREEN, RED
from tools.core.board.view import BoardView, RecordRow
from tools.core.terminal import views
from tools.core.terminal.rows import AMBER, BOLD, DIM, PLAIN, Row, Size, Spans, clipped, filtered, words, wrapped
from tools.core.terminal.rows import RED as ALARM
from tools.core.terminal.state import State, row_under, settled
from tools.core.terminal.width import cut, left, right, width

SMALLEST = Size(60, 15)
_FRAME = 6
"""Rows around the rows: bar, views, rule; rule, command, keys."""

_MARKS = {RED: "■", WAITS: "◆", GREEN: "●"}
_KEYS = "↑↓ move  ⏎ open  r reply  c copy  / filter  1-5 view  ? keys  q quit"
_HELP = (
    ("arrows, j k", "next and previous row"),
    ("1 … 5", "the views"),
    ("/", "filter as you type; Enter keeps it, Escape drops it"),
    ("Enter", "the thread of the row; Escape goes back"),
    ("r", "answer the request under the cursor; Enter sends, Escape leaves"),
    ("c", "copy the command under the cursor"),
    ("q, Ctrl-C", "quit"),
)


class Shown(NamedTuple):
    """What is shown beside the board: the thread that is open, the acting seat, whether the bus is followed."""

    thread: list[RecordRow]
    seat: str = ""
    is_live: bool = True


def rows_of(view: BoardView, state: State, size: Size) -> list[Row]:
    """The rows of the view that is open, filtered."""
    return filtered(views.rows(view, state.view, size), state.words)


def screen(view: BoardView, state: State, size: Size, shown: Shown) -> tuple[list[Spans], State]:
    """Every line of the screen, and the state with cursor and scrolling settled."""
    if size.columns < SMALLEST.columns or size.rows < SMALLEST.rows:
        return [
            ((cut(f"The screen is too small; {SMALLEST.columns} × {SMALLEST.rows} is enough.", size.columns), PLAIN),)
        ], state
    rows = rows_of(view, state, size)
    state = settled(state, rows)
    room = size.rows - _FRAME - (state.answer is not None)
    if state.is_helping:
        body = [words(f"  {left(key, 14)} {text}") for key, text in _HELP]
    elif state.thread:
        body = _thread(view, state, size, shown)
    else:
        body = rows or [words(" No row has these words.", DIM)]
    state = state._replace(top=_top(body, state, room))
    visible = [_lit(row, state, size) for row in body[state.top : state.top + room]]
    filler: list[Spans] = [()] * (room - len(visible))
    rule = (("─" * size.columns if not size.plain else "-" * size.columns, DIM),)
    head = [
        _bar(view, size, shown),
        _thread_head(view, state, size) if state.thread else _views(view, state, size),
        rule,
    ]
    lines = [*head, *visible, *filler, rule, *_foot(state, rows, size, shown)]
    return [clipped(line, size.columns) for line in lines], state


def _top(body: list[Row], state: State, room: int) -> int:
    """How many rows are scrolled past, so that the cursor's is seen."""
    last = max(0, len(body) - room)
    if state.thread:
        return min(state.top, last)
    at = next((number for number, row in enumerate(body) if row.key and row.key == state.cursor), 0)
    first = 0 if at == next((number for number, row in enumerate(body) if row.key), 0) else state.top
    return max(0, min(last, max(at - room + 2, min(first, at))))


def _lit(row: Row, state: State, size: Size) -> Spans:
    """A row, marked where the cursor is on it."""
    if not row.key or row.key != state.cursor:
        return row.spans
    first, style = row.spans[0]
    return ((">" if size.plain else "▌", ALARM), (first[1:], style), *row.spans[1:])


def _bar(view: BoardView, size: Size, shown: Shown) -> Spans:
    board, verdict = view.board, view.verdict
    sentence = {
        RED: f"{verdict.things} need{'s' if verdict.things == 1 else ''} somebody",
        WAITS: f"{verdict.things} wait{'s' if verdict.things == 1 else ''} for you",
        GREEN: "all clear",
    }[verdict.colour]
    done = board.finished_claims.get("done", 0)
    counts = (
        (len(board.claims), "held"),
        (len(board.ready), "ready"),
        (len(board.requests), "waiting"),
        (done, "done"),
    )
    end = f"{board.generated_at:%H:%M} UTC  {'● live' if shown.is_live else '○ not read'} "
    start = f" {cut(view.repository, 20)}  "
    mark = f"{_MARKS[verdict.colour]} {sentence}"
    room = size.columns - width(start) - width(mark) - width(end) - 2
    colour = {RED: ALARM, WAITS: AMBER}.get(verdict.colour, BOLD)
    figures = left(_whole([f"{count} {word}" for count, word in counts], room), room)
    return ((start, BOLD), (mark, colour), (figures, PLAIN), (right(end, width(end) + 2), DIM))


def _whole(figures: Sequence[str], room: int) -> str:
    """As many figures as fit, none of them cut: half a number is a wrong one."""
    margin = " " * (7 if room > 60 else 3)
    fitting = [text for count in range(len(figures) + 1) if width(text := margin + " · ".join(figures[:count])) <= room]
    return fitting[-1].rstrip() if fitting else ""


def _views(view: BoardView, state: State, size: Size) -> Spans:
    parts: list[tuple[str, str]] = []
    for number, (name, count) in enumerate(views.counts(view).items(), 1):
        text = f"{number} {name}" + (f" {count}" if count is not None else "")
        parts.append((f" [{text}] " if name == state.view else f"  {text}  ", BOLD if name == state.view else DIM))
    looking = f"/ {state.words or 'filter'}{'█' if state.is_looking else ''} "
    used = sum(width(text) for text, _ in parts)
    return (*parts, (right(looking, max(0, size.columns - used)), BOLD if state.words or state.is_looking else DIM))


def _thread_head(view: BoardView, state: State, size: Size) -> Spans:
    title = view.titles.get(state.thread, "")
    claim = next((row for row in view.board.claims if row.task_id == state.thread), None)
    held = f"held by {claim.agent_id}" if claim else "not held"
    start = f" {state.thread}   {title}"
    end = f"{held} · esc back "
    return ((left(start, size.columns - width(end)), BOLD), (end, DIM))


def _thread(view: BoardView, state: State, size: Size, shown: Shown) -> list[Row]:
    waiting = {row.id for row in view.board.requests if row.id}
    body = []
    for row in shown.thread:
        when = f"{row.at:%m-%d %H:%M}" if row.at else "–"
        is_open = "  ← open" if row.id in waiting else ""
        body.append(
            words(cut(f" {when}  {row.agent_id}  {row.kind}{is_open}", size.columns), AMBER if is_open else DIM)
        )
        body += [words(f"   {text}") for text in wrapped(row.summary, size.columns - 5)]
    return body or [words(" There is no message here.", DIM)]


def answering(state: State) -> str:
    """The command that sends what is being typed."""
    command = state.request_row.command if state.request_row else ""
    return command.replace(PLACEHOLDER, shlex.quote(state.answer or "answer"))


def _foot(state: State, rows: list[Row], size: Size, shown: Shown) -> list[Spans]:
    if state.answer is not None:
        prompt = f" reply as {shown.seat} > "
        room = size.columns - width(prompt) - 2
        typed = state.answer
        while width(typed) > room:
            typed = typed[1:]
        return [
            ((prompt, BOLD), (f"{cut(typed, room)}█", PLAIN)),
            ((left(f" $ {answering(state)}", size.columns), DIM),),
            ((left(" ⏎ sends (the command above runs)   esc leaves without sending", size.columns), DIM),),
        ]
    row = row_under(state, rows)
    command = f" $ {row.command}" if row and row.command else ""
    note = f" {state.note} " if state.note else " c copies " if command else ""
    keys = _KEYS if not size.plain else "arrows move  enter open  r reply  c copy  / filter  1-5 view  ? keys  q quit"
    return [
        ((left(command, size.columns - width(note)), BOLD), (note, DIM)),
        ((left(f" {keys}", size.columns), DIM),),
    ]
