"""The view as HTML, in one file that fetches nothing or in parts for a server; the home of jinja2.

Every text of a record goes through `clean` and then through autoescape; undefined names are errors.
The policy allows the one style block and the one script block by their hashes, so no attribute may
carry style or script: geometry is in attributes of SVG.
"""

from __future__ import annotations

import base64
import functools
import os
from datetime import datetime
from typing import Any

import jinja2
from markupsafe import Markup

from tools.core import clock, hint, ids
from tools.core.board.alerts import assign
from tools.core.board.model import AlertRow
from tools.core.board.page import words
from tools.core.board.page.names import Links, LiveLinks, context
from tools.core.board.verdict import AMBER, GREEN, RED
from tools.core.board.view import BoardView
from tools.core.hashing import sha256_hex
from tools.core.text import secrets, terminal

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")
SECTIONS = ("bar", "top", "needs", "waiting", "agents", "work", "evidence", "log")
COMMAND = hint.tool("agent.coord_dashboard", "report", "--format", "html")

_SHAPES = {
    RED: "%3Crect width='16' height='16' rx='3' fill='%23a61b1b'/%3E",
    AMBER: "%3Cpath d='M8 0 16 8 8 16 0 8z' fill='%23b87a14'/%3E",
    GREEN: "%3Ccircle cx='8' cy='8' r='8' fill='%231d6436'/%3E",
}


def icon(colour: str) -> str:
    """The verdict as the icon of a tab."""
    return f"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E{_SHAPES[colour]}%3C/svg%3E"


def title(view: BoardView) -> str:
    """The title of a page: its verdict, the repository, the time."""
    count = view.verdict.things
    head = {
        RED: f"{count} {'needs' if count == 1 else 'need'} somebody",
        AMBER: f"{count} {'waits' if count == 1 else 'wait'} for you",
        GREEN: "All green",
    }[view.verdict.colour]
    return f"{head} · {view.repository} · {view.board.generated_at:%a %d %b %H:%M} UTC"


@functools.cache
def asset(name: str) -> str:
    """A style sheet or script of ours."""
    with open(os.path.join(FOLDER, name), encoding="utf-8") as source:
        return source.read()


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(bytes.fromhex(sha256_hex(text.encode()))).decode()}'"


def policy() -> str:
    """The policy of the page: its own style and script, nothing else."""
    return (
        f"default-src 'none'; style-src {_hash(asset('board.css'))}; script-src {_hash(asset('board.js'))};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _shown(value: object) -> object:
    """A value between the markup: control characters made visible, secrets removed."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return terminal.clean(secrets.redact(value))


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        optimized=False,
    )
    environment.filters.update(
        stamp=clock.to_text,
        when=lambda at: f"{at:%a %d %b %H:%M}",
        short=terminal.short,
        kind=words.kind,
        edge=words.edge,
        act=_act,
        spelled=_spelled,
        assign=_assign,
        parts=words.parts,
        many=lambda rows, noun: words.many(rows if isinstance(rows, int) else len(rows), noun),
        window=words.window,
        evidence_slices=words.evidence_slices,
        age=_age,
        lateness=_lateness,
        lasted=words.age,
    )
    environment.globals.update(answering=words.answering, assigning=words.assigning)
    environment.filters.update(is_task=ids.is_task, is_agent=ids.is_agent, is_plan=ids.is_plan, is_record=ids.is_record)
    return environment


@jinja2.pass_context
def _age(names: jinja2.runtime.Context, at: datetime | None, never: str = "never") -> str:
    return words.age(at, names["now"], never)


@jinja2.pass_context
def _lateness(names: jinja2.runtime.Context, at: datetime | None) -> str:
    return words.lateness(at, names["now"])


@jinja2.pass_context
def _spelled(names: jinja2.runtime.Context, command: str, *arguments: str) -> str:
    text: str = names["view"].spell(hint.tool(command, *arguments))
    return text


@jinja2.pass_context
def _assign(names: jinja2.runtime.Context, task: str) -> str:
    text: str = names["view"].spell(assign(task))
    return text


@jinja2.pass_context
def _act(names: jinja2.runtime.Context, row: AlertRow) -> words.Act | None:
    return words.act(row, names["acting"], names["view"].spell)


def _names(view: BoardView, *, is_live: bool, acting: str) -> dict[str, Any]:
    now = view.board.generated_at
    return {
        **context(view),
        "links": LiveLinks(view) if is_live else Links(view),
        "live": is_live,
        "acting": acting,
        "home": "",
        "now": now,
    }


def document(view: BoardView, *, refresh: float | None = None) -> str:
    """The page as one file; `refresh` makes a browser load it again after so many seconds."""
    return _render(
        "page.html",
        {
            **_names(view, is_live=False, acting=""),
            "policy": policy(),
            "refresh": f"{refresh:g}" if refresh else "",
            "title": title(view),
            "icon": icon(view.verdict.colour),
            "style": Markup(asset("board.css")),
            "script": Markup(asset("board.js")),
            "made_by": view.spell(COMMAND),
        },
    )


def live_document(view: BoardView, *, acting: str) -> str:
    """The page as a server shows it: style and script are files of their own, and it is kept up to date."""
    names = _names(view, is_live=True, acting=acting)
    return _render(
        "page.html",
        {**names, **_head(view), "policy": "", "refresh": "", "made_by": view.spell(hint.tool("agent.serve"))},
    )


def parts(view: BoardView, *, acting: str) -> dict[str, str]:
    """Each section as a server sends it after a change."""
    names = _names(view, is_live=True, acting=acting)
    return {name: _render(f"sections/{name}.html", names) for name in SECTIONS}


def place(name: str, view: BoardView, *, acting: str, **more: Any) -> str:
    """A further page of a server, by the name of its template."""
    names = {**_names(view, is_live=True, acting=acting), **_head(view), "home": "/", "policy": "", "refresh": ""}
    return _render(f"{name}.html", {**names, **more})


def _head(view: BoardView) -> dict[str, str]:
    return {"title": title(view), "icon": icon(view.verdict.colour)}


def _render(name: str, names: dict[str, Any]) -> str:
    text: str = _environment().get_template(name).render(names)
    return text
