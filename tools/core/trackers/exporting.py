"""The backlog as outgoing tasks: what the files say, what the claims override, and each task's messages."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from tools.core import clock, ids
from tools.core.backlog import items
from tools.core.bus import claim_documents
from tools.core.context import Context
from tools.core.models.bus import Claim, stream_of
from tools.core.problem import Problem
from tools.core.text import terminal
from tools.core.trackers import backlog_files, comments, item_text, kept
from tools.core.trackers.backlog_files import BacklogFile, value_of
from tools.core.trackers.formats.registry import IMPORTERS
from tools.core.trackers.item_text import Parts
from tools.core.trackers.kept import Kept
from tools.core.trackers.outgoing import Outgoing
from tools.core.trackers.pieces import Comment

_COMPARED = ("title", "status", "priority", "assignee", "labels")


class Export(NamedTuple):
    """All tasks in the order of the backlog, and what could not be read."""

    tasks: list[Outgoing]
    problems: list[Problem]


class _Origin(NamedTuple):
    """The tracker and key a task was imported from, and what was kept of it."""

    source: str = ""
    key: str = ""
    kept: Kept | None = None


def read(context: Context, target: str) -> Export:
    """The backlog for a tracker: tasks that came from it carry its ids, all others ours."""
    tasks, problems = items.all_items(context.workspace)
    claims, more = claim_documents.all_claims(context.store)
    held = {claim.task_id: claim for claim in claims}
    files = backlog_files.read(context.workspace)
    origins, damaged = _origins(context, files.by_source)
    keys = {task_id: origin.key for task_id, origin in origins.items() if origin.source == target}
    outgoing = []
    for task in sorted(tasks, key=lambda task: task.number):
        file = files.by_id.get(task.task_id.casefold())
        if file is not None:
            outgoing.append(
                _outgoing(context, task, file, held.get(task.task_id), origins.get(task.task_id, _Origin()), keys)
            )
    return Export(outgoing, [*problems, *more, *damaged])


def _origins(context: Context, by_source: Mapping[str, BacklogFile]) -> tuple[dict[str, _Origin], list[Problem]]:
    """Where each task came from, by its id here."""
    origins: dict[str, _Origin] = {}
    problems: list[Problem] = []
    sources = {line.partition(" ")[0] for line in by_source}
    for source in sources & IMPORTERS.keys():
        pieces, damaged = kept.read(context.workspace, source)
        problems += damaged
        for key, piece in pieces.items():
            file = by_source.get(item_text.source_line(source, key))
            if file is not None:
                origins[file.task_id] = _Origin(source, key, piece)
    return origins, problems


def _outgoing(
    context: Context,
    task: items.Item,
    file: BacklogFile,
    claim: Claim | None,
    origin: _Origin,
    keys: Mapping[str, str],
) -> Outgoing:
    parts = file.parts
    status = _status(task, claim)
    written_at = _written_at(context, file)
    assignee = claim.agent_id if claim is not None and claim.is_live else value_of(parts, "assignee")
    changed = _changed(parts, origin.kept, status, assignee)
    added, removed = _depends_changed(parts, origin.kept, keys)
    return Outgoing(
        key=keys.get(task.task_id, task.task_id),
        task_id=task.task_id,
        title=_title(task, parts),
        status=status,
        priority=task.priority,
        updated=max(written_at, *_moments(claim)),
        path=task.path,
        source=origin.source,
        raw=origin.kept.raw if origin.kept else "",
        body="" if origin.kept else _body(parts),
        sections=_sections(parts),
        depends=[keys.get(name, name) for name in task.depends if ids.is_task(name)],
        depends_added=added,
        depends_removed=removed,
        parent=value_of(parts, "parent"),
        kind=value_of(parts, "type"),
        labels=[label for label in value_of(parts, "labels").split(", ") if label],
        assignee=assignee,
        milestone=value_of(parts, "milestone"),
        created=value_of(parts, "created") or written_at,
        closed_at=(claim.released_at or "") if claim is not None and claim.state == "done" else "",
        close_reason=(claim.notes or "") if claim is not None and claim.state == "done" else "",
        changed=changed | ({"depends"} if added or removed else set()),
        comments=_new_comments(context, task.task_id, origin),
    )


def _written_at(context: Context, file: BacklogFile) -> str:
    """When a file of the backlog was last written."""
    seconds = os.stat(context.workspace.queue.child(file.name).path, follow_symlinks=False).st_mtime
    return clock.to_text(datetime.fromtimestamp(int(seconds), clock.UTC))


def _moments(claim: Claim | None) -> list[str]:
    if claim is None:
        return [""]
    return [claim.claimed_at, claim.updated_at or "", claim.released_at or ""]


def _status(task: items.Item, claim: Claim | None) -> str:
    """What the claim says, else the file."""
    if claim is not None and claim.is_live:
        return items.IN_PROGRESS
    if claim is not None and claim.state == "done":
        return items.DONE
    return items.OPEN if claim is not None and task.status == items.IN_PROGRESS else task.status


def _changed(parts: Parts, piece: Kept | None, status: str, assignee: str) -> frozenset[str]:
    """The parts that are not as they were imported."""
    if piece is None:
        return frozenset()
    now = {**parts, "status": f"Status: {status}", "assignee": f"Assignee: {assignee}" if assignee else ""}
    names = {*_COMPARED, *(name for name in (*parts, *piece.marks) if name.startswith("## "))}
    return frozenset(name for name in names if item_text.mark(now.get(name, "")) != piece.marks.get(name, ""))


def _depends_changed(parts: Parts, piece: Kept | None, keys: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The dependencies that were added and taken away here since the import, by the tracker's ids."""
    line = parts.get("depends", "")
    if piece is None or item_text.mark(line) == piece.marks.get("depends", ""):
        return [], []
    now, before = _names(line), _names(piece.marks.get("depends", ""))
    added = [keys.get(name, name) for name in now if name not in before]
    return added, [keys.get(name, name) for name in before if name not in now]


def _names(line: str) -> list[str]:
    return [name.strip() for name in line.partition(":")[2].split(",") if name.strip()]


def _title(task: items.Item, parts: Parts) -> str:
    """The whole title: a long one stands in a section of its own."""
    whole = item_text.unquoted(parts["## title"]) if "## title" in parts else ""
    return terminal.clean(whole if whole and task.title.endswith("…") else task.title)


def _sections(parts: Parts) -> list[tuple[str, str]]:
    headings = {name: part.split("\n")[0][3:].strip() for name, part in parts.items() if name.startswith("## ")}
    return [(heading, item_text.unquoted(parts[name])) for name, heading in headings.items() if name != "## title"]


_FIELDS = ("id", "status", "priority", "depends", "source", "source digest", "type", "parent", "labels", "assignee")
_DATED = ("milestone", "related", "created", "due", "title")


def _body(parts: Parts) -> str:
    """The text of a task that began here, without the parts that have a place of their own."""
    return "\n".join(
        part for name, part in parts.items() if name not in (*_FIELDS, *_DATED) and not name.startswith("## ")
    )


def _new_comments(context: Context, task: str, origin: _Origin) -> Sequence[Comment]:
    """The messages of a task's thread that the tracker does not have yet: neither imported from it nor exported before."""
    raw = origin.kept.raw if origin.kept else ""
    return [
        Comment(str(record["id"]), str(record["from"]), str(record.get("ts", "")), _text(record))
        for record in (line.record for line in context.store.read(stream_of(task)).records)
        if isinstance(record.get("id"), str)
        and isinstance(record.get("from"), str)
        and str(record["id"]) not in raw
        and not (origin.source and comments.came_from(record, origin.source))
    ]


def _text(record: Mapping[str, object]) -> str:
    note = record.get("note")
    summary = str(record.get("summary", ""))
    return f"{summary}\n\n{note}" if isinstance(note, str) and note else summary
