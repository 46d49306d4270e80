"""beads: one JSON object a line in `.beads/issues.jsonl`, as `bd export` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.core.backlog import items
from tools.core.trackers import pieces
from tools.core.trackers.formats import beads_no_work, inheritance, source_files
from tools.core.trackers.formats.source_files import Source
from tools.core.trackers.outgoing import Outgoing
from tools.core.trackers.pieces import Comment, Edge, LeftOut, Piece, Reading

NAME = "beads"
PATHS = (".beads/issues.jsonl",)

_STATUSES = {
    "open": items.OPEN,
    "blocked": items.OPEN,
    "in_progress": items.IN_PROGRESS,
    "hooked": items.IN_PROGRESS,
    "closed": items.DONE,
    "deferred": items.DEFERRED,
}
_WORK_TYPES = ("", "task", "bug", "feature", "epic", "chore", "docs", "spike", "story", "question", "decision")
_KNOWN = pieces.words(
    "id title description design acceptance_criteria notes status priority issue_type assignee owner "
    "created_at created_by updated_at started_at closed_at close_reason due_at defer_until labels dependencies "
    "comments content_hash _type dependency_count dependent_count comment_count parent is_template "
    "ephemeral pinned wisp source_system compaction_level original_size"
)
ORIGIN = "teof"
"""The `source_system` of a line about a task that began here."""

_SECTIONS = (
    ("description", "Description"),
    ("design", "Design"),
    ("acceptance_criteria", "Acceptance criteria"),
    ("notes", "Notes"),
)
_FIRST = 0
"""The priority of an issue that names none: beads reads it as its zero, and its own merges left a zero out."""

_WAITS = frozenset(("blocks", "conditional-blocks", "waits-for"))
"""The relations for which `bd ready` holds an issue back; those to parents are told apart."""

_TO_NUMBER = {"high": 1, "medium": 2, "low": 3}
_TO_STATUS = {
    items.OPEN: "open",
    items.IN_PROGRESS: "in_progress",
    items.DONE: "closed",
    items.DROPPED: "closed",
    items.DEFERRED: "deferred",
    items.UNKNOWN: "open",
}


# -- reading -------------------------------------------------------------------------------------


def read_items(source: Source) -> Reading:
    """Every issue of an export; a line that cannot be read is a problem, the others count."""
    file = source_files.read(source)
    reading = Reading.empty()
    decode = source_files.json_line_decoder()
    for number, line in enumerate(file.text.split("\n"), 1):
        line = line.strip()
        where = f"{file.name}:{number}"
        if line:
            try:
                _add(reading, decode(line), line, where)
            except RecursionError:
                reading.problems.append(pieces.problem(file.name, number, "nested too deeply"))
            except json.JSONDecodeError as problem:
                reading.problems.append(pieces.problem(file.name, number, f"not JSON: {problem.msg}"))
            except ValueError as problem:
                reading.problems.append(pieces.problem(file.name, number, str(problem)))
    return reading._replace(pieces=inheritance.handed_down(reading.pieces))


def _add(reading: Reading, issue: object, line: str, where: str) -> None:
    if not isinstance(issue, dict):
        raise ValueError("not a JSON object")
    reason = beads_no_work.reason(issue)
    if reason:
        reading.left_out.append(LeftOut(where, reason))
        return
    key, title = issue.get("id"), issue.get("title")
    if not isinstance(key, str) or not key.strip():
        raise ValueError("an issue without an id")
    if not isinstance(title, str) or not title.strip():
        raise ValueError(f"{key[:80]!r} has no title")
    reading.pieces.append(_piece(issue, key, title, line, where))


def _piece(issue: dict[str, Any], key: str, title: str, line: str, where: str) -> Piece:
    text = pieces.text_of
    depends, parent, related = _relations(issue, key)
    return Piece(  # by position: thousands of them cost a tenth of an import with names
        key,
        where,
        title,
        _status(issue),
        line,
        key,
        pieces.priority_of(issue.get("priority", _FIRST)),
        [
            (heading, section)
            for field, heading in _SECTIONS
            if field in issue and (section := text(issue[field])) and not section.isspace()
        ],
        depends,
        parent,
        related,
        text(issue.get("issue_type")),
        pieces.texts_of(issue["labels"]) if "labels" in issue else (),
        text(issue["assignee"]) if "assignee" in issue else "",
        "",
        pieces.stamp(issue.get("created_at")),
        pieces.stamp(issue["due_at"]) if "due_at" in issue else "",
        _comments(issue["comments"]) if "comments" in issue else (),
        (),
        {} if issue.keys() <= _KNOWN else {name: issue[name] for name in issue if name not in _KNOWN},
        issue.get("source_system") == ORIGIN,
    )


def _status(issue: dict[str, Any]) -> str:
    status = pieces.text_of(issue.get("status") or "open")
    if status in _STATUSES:
        return _STATUSES[status]
    return items.DONE if issue.get("closed_at") else items.OPEN  # a status of the user's own


def _relations(issue: dict[str, Any], key: str) -> tuple[list[Edge], str, list[str]]:
    depends: list[Edge] = []
    related: list[str] = []
    parent = pieces.text_of(issue["parent"]) if "parent" in issue else ""
    listed = issue.get("dependencies")
    if not isinstance(listed, list):
        return depends, parent, related
    for edge in listed:
        if not isinstance(edge, dict) or edge.get("issue_id", key) != key:
            continue
        target, kind = pieces.text_of(edge.get("depends_on_id")), edge.get("type", "blocks")
        if not target:
            continue
        if kind in _WAITS:
            depends.append(Edge(target, pieces.text_of(edge.get("created_at"))))
        elif kind == "parent-child":
            parent = target
        else:
            related.append(f"{target} ({pieces.text_of(kind)})")
    return depends, parent, related


def _comments(value: object) -> list[Comment]:
    if not isinstance(value, list):
        return []
    return [
        Comment(
            pieces.text_of(comment.get("id")) or f"{number}",
            pieces.text_of(comment.get("author")),
            pieces.stamp(comment.get("created_at")),
            pieces.text_of(comment.get("text")),
        )
        for number, comment in enumerate(value)
        if isinstance(comment, dict) and pieces.text_of(comment.get("text")).strip()
    ]


# -- writing -------------------------------------------------------------------------------------


def write_items(outgoing: Iterable[Outgoing]) -> Iterator[str]:
    """One line an item; what came from beads and was not touched goes back byte for byte."""
    for item in outgoing:
        if item.source != NAME:
            yield _dumped(_begun_here(item)) + "\n"
        elif not item.changed and not item.comments:
            yield item.raw + "\n"
        else:
            yield _dumped(_laid_over(item)) + "\n"


def _dumped(issue: Mapping[str, object]) -> str:
    return json.dumps(issue, ensure_ascii=False, separators=(",", ":"))


def _laid_over(item: Outgoing) -> dict[str, object]:
    issue: dict[str, Any] = json.loads(item.raw)
    changed = item.changed
    if "status" in changed:
        issue.update(
            _closing(item, issue) if _TO_STATUS[item.status] == "closed" else {"status": _TO_STATUS[item.status]}
        )
        if issue["status"] != "closed":
            issue.pop("closed_at", None)
            issue.pop("close_reason", None)
    if "assignee" in changed:
        issue["assignee"] = item.assignee
    if "priority" in changed:
        issue["priority"] = _TO_NUMBER[item.priority]
    if "title" in changed:
        issue["title"] = item.title
    if "labels" in changed:
        issue["labels"] = list(item.labels)
    for field, heading in _SECTIONS:
        if f"## {heading}".lower() in changed:
            issue[field] = dict(item.sections).get(heading, "")
    if item.depends_added or item.depends_removed:
        issue["dependencies"] = _edges(item, issue)
    if item.comments:
        issue["comments"] = [*(issue.get("comments") or []), *_spoken(item)]
    issue["updated_at"] = item.updated
    return issue


def _closing(item: Outgoing, issue: Mapping[str, object]) -> dict[str, object]:
    reason = item.close_reason or ("dropped" if item.status == items.DROPPED else "")
    closed: dict[str, object] = {
        "status": "closed",
        "closed_at": issue.get("closed_at") or item.closed_at or item.updated,
    }
    return {**closed, "close_reason": reason} if reason else closed


def _edges(item: Outgoing, issue: Mapping[str, Any]) -> list[object]:
    kept = [
        edge
        for edge in issue.get("dependencies") or []
        if not (edge.get("type", "blocks") in _WAITS and edge.get("depends_on_id") in item.depends_removed)
    ]
    return [*kept, *(_blocks(item, target) for target in item.depends_added)]


def _blocks(item: Outgoing, target: str) -> dict[str, object]:
    return {
        "issue_id": item.key,
        "depends_on_id": target,
        "type": "blocks",
        "created_at": item.updated,
        "created_by": ORIGIN,
    }


def _spoken(item: Outgoing) -> list[dict[str, object]]:
    return [
        {
            "id": comment.key,
            "issue_id": item.key,
            "author": comment.author,
            "text": comment.text,
            "created_at": comment.at,
        }
        for comment in item.comments
    ]


def _begun_here(item: Outgoing) -> dict[str, object]:
    texts = dict(item.sections)
    issue: dict[str, object] = {
        "id": item.key,
        "title": item.title,
        "description": texts.get("Description", item.body),
        "status": _TO_STATUS[item.status],
        "priority": _TO_NUMBER[item.priority],
        "issue_type": item.kind if item.kind in _WORK_TYPES and item.kind else "task",
        "created_at": item.created or item.updated,
        "updated_at": item.updated,
        "source_system": ORIGIN,
    }
    if issue["status"] == "closed":
        issue.update(_closing(item, {}))
    if item.assignee:
        issue["assignee"] = item.assignee
    if item.labels:
        issue["labels"] = list(item.labels)
    issue.update((field, texts[heading]) for field, heading in _SECTIONS if heading in texts)
    if item.depends:
        issue["dependencies"] = [_blocks(item, target) for target in item.depends]
    if item.comments:
        issue["comments"] = _spoken(item)
    return issue
