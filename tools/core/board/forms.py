"""The board in each form it is asked for; a form loads only what it needs."""

from __future__ import annotations

from typing import NamedTuple

from tools.core.board import render_text, snapshot
from tools.core.board.model import Board, View
from tools.core.board.view import BoardView, take
from tools.core.context import Context
from tools.core.fs import files
from tools.core.text import secrets

SUFFIXES = {"markdown": ".md", "json": ".json", "html": ".html", "github": ".md"}


class Made(NamedTuple):
    """A board and its text in one form."""

    board: Board
    text: str


def make(context: Context, form: str, options: View, manager: str) -> Made:
    """The board in a form; `manager` is the reader's seat where it manages."""
    if form == "html":
        from tools.core.board import page  # jinja2 is for pages alone

        view = take(context, options, manager)
        return Made(view.board, page.document(view))
    if form == "github":
        from tools.core.board import github

        view = take(context, options, manager)
        return Made(view.board, secrets.redact(github.document(view)))
    board = snapshot.take(context, options)
    return Made(board, json_text(board) if form == "json" else secrets.redact(render_text.markdown(board)))


def json_text(board: Board) -> str:
    """The board as a JSON document."""
    return files.dump_json(secrets.redact_value(snapshot.as_document(board))).decode()


def document(view: BoardView, refresh: float | None = None) -> str:
    """The page; with `refresh` a browser loads it again after so many seconds."""
    from tools.core.board import page

    return page.document(view, refresh=refresh)


def substance(view: BoardView) -> object:
    """What of a view is worth a new page: everything but the passing of time."""
    return view.board._replace(generated_at=None), view.log, view.days, view.last_day  # type: ignore[arg-type]
