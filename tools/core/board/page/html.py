"""The view as HTML, in one file that fetches nothing or in parts for a server.

The policy allows the one style block and the one script block by their hashes, so no attribute may
carry style or script: geometry is in attributes of SVG.
"""

from __future__ import annotations

import base64
import functools
import os
from typing import Any

from tools.core import hint
from tools.core.board.model import AMBER, GREEN, RED
from tools.core.board.page.engine import FOLDER, constant, render
from tools.core.board.page.names import Links, LiveLinks, context
from tools.core.board.view import BoardView
from tools.core.hashing import sha256_hex

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
    return render(
        "page.html",
        {
            **_names(view, is_live=False, acting=""),
            "policy": policy(),
            "refresh": f"{refresh:g}" if refresh else "",
            "title": title(view),
            "icon": icon(view.verdict.colour),
            "style": constant(asset("board.css")),
            "script": constant(asset("board.js")),
            "made_by": view.spell(COMMAND),
        },
    )


def live_document(view: BoardView, *, acting: str) -> str:
    """The page as a server shows it: style and script are files of their own, and it is kept up to date."""
    names = _names(view, is_live=True, acting=acting)
    return render(
        "page.html",
        {**names, **_head(view), "policy": "", "refresh": "", "made_by": view.spell(hint.tool("agent.serve"))},
    )


def parts(view: BoardView, *, acting: str) -> dict[str, str]:
    """Each section as a server sends it after a change."""
    names = _names(view, is_live=True, acting=acting)
    return {name: render(f"sections/{name}.html", names) for name in SECTIONS}


def place(name: str, view: BoardView, *, acting: str, **more: Any) -> str:
    """A further page of a server, by the name of its template."""
    names = {**_names(view, is_live=True, acting=acting), **_head(view), "home": "/", "policy": "", "refresh": ""}
    return render(f"{name}.html", {**names, **more})


def _head(view: BoardView) -> dict[str, str]:
    return {"title": title(view), "icon": icon(view.verdict.colour)}
