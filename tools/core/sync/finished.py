"""Finished claims in a tree: two weeks after its end a claim moves from a file of its own to the log of its month.

The log is append-only and holds each document as one line. A task that is taken up again gets a file again;
of a task's line and file the rules of `merge` choose, as they do between clones. On the disk a claim stays
the file it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from tools.core import clock, ids
from tools.core.fs import jsonl
from tools.core.models.bus import CLAIMS
from tools.core.models.lenient import claim_from, text_of
from tools.core.store import layout
from tools.core.sync.tree_format import object_of

AGE = timedelta(days=14)
"""How long after its end a claim keeps a file of its own."""

FOLDERS = 256
"""Folders that claims lie in; a commit tidies one of them, so that its cost does not grow with the claims."""


def stream_of(document: str, content: Mapping[str, object]) -> str:
    """The log of the month in which a claim ended; "" for one that is not over, and for other documents."""
    kind, _, task = document.partition("/")
    ended = clock.parse(text_of(content.get("released_at")))
    if kind != CLAIMS or content.get("task_id") != task or ended is None or claim_from(content, task).is_live:
        return ""
    return f"{layout.FINISHED}/{ended.astimezone(clock.UTC):%Y-%m}" if len(line_of(content)) <= jsonl.MAX_LINE else ""


def is_due(content: Mapping[str, object], now: datetime) -> bool:
    """Whether a claim ended long enough ago to move."""
    ended = clock.parse(text_of(content.get("released_at")))
    return ended is not None and now - ended >= AGE


def line_of(content: Mapping[str, object]) -> bytes:
    """A document as its log has it."""
    return jsonl.spelled(content)


def folder_of(commit: str) -> str:
    """The folder of claims that a commit on top of another one tidies: over many commits, each in turn."""
    return f"{CLAIMS}/{int(commit[:8] or '0', 16) % FOLDERS:02x}"


def claim_in(path: str, data: bytes | None) -> tuple[str, dict[str, object]] | None:
    """The document under a path of a tree, by its name; None for what is no readable claim in its place."""
    address = layout.address(path)
    if address is None or address.kind != CLAIMS or not address.is_current or not ids.is_task(address.name):
        return None
    content = object_of(data, address.of)
    return None if content is None else (address.of, content)
