"""What was pressed, and what follows from it; pure, so that every key can be tried without a terminal."""

from __future__ import annotations

from typing import NamedTuple

from tools.core.terminal.rows import Row
from tools.core.terminal.views import VIEWS


class State(NamedTuple):
    """What is shown, where the cursor is, what is being typed."""

    view: str = VIEWS[0]
    cursor: str = ""  # the key of a row
    top: int = 0  # rows scrolled past
    words: str = ""  # what is looked for
    is_looking: bool = False  # the words are being typed
    thread: str = ""  # the thread that is open
    answer: str | None = None  # what is being typed as an answer
    request_row: Row | None = None  # the request that is answered
    is_helping: bool = False
    note: str = ""  # what the last key did


class Effect(NamedTuple):
    """What a key wants done outside: copy a command, send an answer, end."""

    copy: str = ""
    send: bool = False
    end: bool = False


NOTHING = Effect()
_MOVES = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "pageup": -10, "home": -(10**6), "end": 10**6}


def settled(state: State, rows: list[Row]) -> State:
    """The state with its cursor on a row that is there: the same by its key, else the nearest."""
    keys = [row.key for row in rows if row.key]
    if state.cursor in keys:
        return state
    return state._replace(cursor=keys[0] if keys else "")


def row_under(state: State, rows: list[Row]) -> Row | None:
    """The row the cursor is on."""
    return next((row for row in rows if row.key and row.key == state.cursor), None)


def press(state: State, key: str, char: str, rows: list[Row]) -> tuple[State, Effect]:
    """The state after a key; `char` is what it types, "" for a key that types nothing."""
    if key == "ctrl+c":
        return state, Effect(end=True)
    state = state._replace(note="")
    if state.is_helping:
        return state._replace(is_helping=False), NOTHING
    if state.answer is not None:
        return _answering(state, key, char)
    if state.is_looking:
        return _looking(state, key, char, rows)
    if state.thread:
        return _reading(state, key, rows)
    return _choosing(state, key, rows)


def _typed(text: str, key: str, char: str) -> str:
    if key == "backspace":
        return text[:-1]
    return text + char if char and char.isprintable() else text


def _answering(state: State, key: str, char: str) -> tuple[State, Effect]:
    if key == "escape":
        return state._replace(answer=None, request_row=None, note="nothing was sent"), NOTHING
    if key == "enter":
        has_words = bool(state.answer and state.answer.strip())
        return state, Effect(send=has_words)
    return state._replace(answer=_typed(state.answer or "", key, char)), NOTHING


def _looking(state: State, key: str, char: str, rows: list[Row]) -> tuple[State, Effect]:
    if key == "escape":
        return state._replace(words="", is_looking=False), NOTHING
    if key == "enter":
        return state._replace(is_looking=False), NOTHING
    if key in ("up", "down"):
        return _moved(state, key, rows), NOTHING
    return state._replace(words=_typed(state.words, key, char), top=0), NOTHING


def _reading(state: State, key: str, rows: list[Row]) -> tuple[State, Effect]:
    if key in ("escape", "q", "left"):
        return state._replace(thread="", top=0), NOTHING
    if key in _MOVES:
        return state._replace(top=max(0, state.top + _MOVES[key])), NOTHING
    return _with_row(state, key, rows)


def _choosing(state: State, key: str, rows: list[Row]) -> tuple[State, Effect]:
    if key == "q":
        return state, Effect(end=True)
    if key in _MOVES:
        return _moved(state, key, rows), NOTHING
    if key.isdigit() and 1 <= int(key) <= len(VIEWS):
        return State(view=VIEWS[int(key) - 1]), NOTHING
    if key in ("slash", "/"):
        return state._replace(is_looking=True), NOTHING
    if key in ("question_mark", "?"):
        return state._replace(is_helping=True), NOTHING
    if key == "escape":
        return state._replace(words="", top=0), NOTHING
    row = row_under(state, rows)
    if key == "enter" and row is not None and row.thread:
        return state._replace(thread=row.thread, top=0), NOTHING
    return _with_row(state, key, rows)


def _with_row(state: State, key: str, rows: list[Row]) -> tuple[State, Effect]:
    row = row_under(state, rows)
    if row is None:
        return state, NOTHING
    if key == "c" and row.command:
        return state._replace(note="copied"), Effect(copy=row.command)
    if key == "r" and row.request is not None and row.request.id:
        return state._replace(answer="", request_row=row), NOTHING
    if key == "r":
        return state._replace(note="this row asks nothing"), NOTHING
    return state, NOTHING


def _moved(state: State, key: str, rows: list[Row]) -> State:
    keys = [row.key for row in rows if row.key]
    if not keys:
        return state
    at = keys.index(state.cursor) if state.cursor in keys else 0
    return state._replace(cursor=keys[min(len(keys) - 1, max(0, at + _MOVES[key]))])
