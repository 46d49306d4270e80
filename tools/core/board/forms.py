"""The board in each output form; a form loads only its own modules."""

from __future__ import annotations

from typing import NamedTuple

from tools.core.board import build, markdown
from tools.core.board.model import Board, View
from tools.core.board.view import BoardView, take
from tools.core.context import Context
from tools.core.fs import files
from tools.core.text import secrets

SUFFIXES = {"markdown": ".md", "json": ".json", "html": ".html", "github": ".md"}


def by_name(name: str) -> str:
    """The form that a file's name asks for; Markdown where it asks for none."""
    return next((form for form in ("json", "html") if name.endswith(SUFFIXES[form])), "markdown")


class FormedBoard(NamedTuple):
    """A board and its text in one form."""

    board: Board
    text: str


def make(context: Context, form: str, options: View, manager: str) -> FormedBoard:
    """The board in a form; `manager` is the reader's seat where it manages."""
    if form == "html":
        from tools.core.board.page import html  # only pages load jinja2

        view = take(context, options, manager)
        return FormedBoard(view.board, html.document(view))
    if form == "github":
        from tools.core.board import github

        view = take(context, options, manager)
        return FormedBoard(view.board, secrets.redact(github.document(view)))
    board = build.take(context, options._replace(reader=manager))
    return FormedBoard(board, json_text(board) if form == "json" else secrets.redact(markdown.document(board)))


def json_text(board: Board) -> str:
    """The board as a JSON document."""
    return files.dump_json(secrets.redact_value(build.as_document(board))).decode()


def document(view: BoardView, refresh: float | None = None) -> str:
    """The page; with `refresh` a browser loads it again after so many seconds."""
    from tools.core.board.page import html

    return html.document(view, refresh=refresh)


def substance(view: BoardView) -> object:
    """The parts of a view whose change needs a new page: all but the time."""
    return view.board._replace(generated_at=None), view.log, view.days, view.last_day  # type: ignore[arg-type]
