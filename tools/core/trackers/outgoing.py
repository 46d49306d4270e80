"""A task of this backlog on its way into another tracker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tools.core.trackers.pieces import Comment


class Outgoing(NamedTuple):
    """One task that leaves; `key` and all relations are ids of the tracker it came from, else ours.

    `changed` names the parts that were changed here since the import: `title`, `status`, `priority`,
    `assignee`, `labels`, and sections as `## description`. `comments` are those that did not come
    from there. `raw` is what was imported, "" for a task that began here or came from elsewhere.
    """

    key: str
    task_id: str
    title: str
    status: str
    priority: str
    updated: str
    path: str = ""
    source: str = ""
    raw: str = ""
    body: str = ""
    sections: Sequence[tuple[str, str]] = ()
    depends: Sequence[str] = ()
    depends_added: Sequence[str] = ()
    depends_removed: Sequence[str] = ()
    parent: str = ""
    kind: str = ""
    labels: Sequence[str] = ()
    assignee: str = ""
    milestone: str = ""
    created: str = ""
    closed_at: str = ""
    close_reason: str = ""
    changed: frozenset[str] = frozenset()
    comments: Sequence[Comment] = ()
    fields: Mapping[str, str] = {}
