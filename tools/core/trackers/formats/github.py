"""GitHub issues, as `gh issue list --json …` prints them: one JSON list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.core.backlog import items
from tools.core.errors import DataError
from tools.core.trackers import pieces
from tools.core.trackers.formats import source_files
from tools.core.trackers.formats.source_files import Source
from tools.core.trackers.outgoing import Outgoing
from tools.core.trackers.pieces import Comment, Edge, Piece, Reading

NAME = "github"
PATHS = ()
PREFIX = "GH"

_DROPPED = ("NOT_PLANNED", "DUPLICATE")
_KNOWN = pieces.words(
    "number title state stateReason body labels assignees author createdAt updatedAt closedAt closed url "
    "comments milestone blockedBy parent id isPinned"
)
_OURS = re.compile(r"<!-- teof task ([A-Za-z0-9._-]{1,128}) -->\s*")


# -- reading -------------------------------------------------------------------------------------


def read_items(source: Source) -> Reading:
    """Every issue of a list; DataError when the file is not a list."""
    file = source_files.read(source)
    content = source_files.parse_json(file)
    if isinstance(content, dict) and "number" in content:  # what `gh issue view --json …` prints
        content = [content]
    if not isinstance(content, list):
        raise DataError(f"{file.name}:1: not a list of issues", code="import.unreadable")
    reading = Reading.empty()
    lines = source_files.Lines(file.text)
    for issue in content:
        line = lines.of(issue)
        try:
            reading.pieces.append(_piece(issue, f"{file.name}:{line}"))
        except ValueError as problem:
            reading.problems.append(pieces.problem(file.name, line, str(problem)))
    return reading


def _piece(issue: Any, where: str) -> Piece:
    if not isinstance(issue, dict):
        raise ValueError("not a JSON object")
    title, body, number = issue.get("title"), pieces.text_of(issue.get("body")), issue.get("number")
    ours = _OURS.match(body)
    if not ours and (not isinstance(number, int) or isinstance(number, bool)):
        raise ValueError("an issue without a number")
    if not isinstance(title, str) or not title.strip():
        raise ValueError(f"issue {number} has no title")
    labels = [
        pieces.text_of(label.get("name")) if isinstance(label, dict) else str(label) for label in _list(issue, "labels")
    ]
    names = [pieces.text_of(person.get("login")) for person in _list(issue, "assignees") if isinstance(person, dict)]
    milestone = issue.get("milestone")
    parent = issue.get("parent")
    return Piece(
        key=ours[1] if ours else _key(issue),
        where=where,
        title=title,
        status=_status(issue),
        raw=json.dumps(issue, ensure_ascii=False, separators=(",", ":")),
        task_id=ours[1] if ours else f"{PREFIX}-{number}",
        priority=pieces.priority_of_labels(labels),
        sections=pieces.sections_of(("Description", _OURS.sub("", body, count=1).replace("\r\n", "\n"))),
        depends=[Edge(_key(target, issue)) for target in _list(issue, "blockedBy") if isinstance(target, dict)],
        parent=_key(parent, issue) if isinstance(parent, dict) else "",
        labels=labels,
        assignee=", ".join(names),
        milestone=pieces.text_of(milestone.get("title")) if isinstance(milestone, dict) else "",
        created=pieces.stamp(issue.get("createdAt")),
        comments=_comments(issue),
        unknown={name: value for name, value in issue.items() if value and name not in _KNOWN},
        is_ours=ours is not None,
    )


def _list(issue: Mapping[str, Any], name: str) -> list[Any]:
    """A list, or the list that gh wraps in `nodes`."""
    value = issue.get(name)
    if isinstance(value, dict):
        value = value.get("nodes")
    return value if isinstance(value, list) else []


def _key(issue: Mapping[str, Any], beside: Mapping[str, Any] | None = None) -> str:
    """`owner/name#12`, as far as the address says; an issue named beside another is in the same place."""
    url = issue.get("url") or (beside or {}).get("url") or ""
    match = re.match(r"https?://[^/]+/([^/]+/[^/]+)/(?:issues|pull)/", url) if isinstance(url, str) else None
    return f"{match[1] if match else ''}#{issue.get('number')}"


def _status(issue: Mapping[str, Any]) -> str:
    if pieces.text_of(issue.get("state")).upper() != "CLOSED":
        return items.OPEN
    return items.DROPPED if pieces.text_of(issue.get("stateReason")).upper() in _DROPPED else items.DONE


def _comments(issue: Mapping[str, Any]) -> list[Comment]:
    comments = []
    for number, comment in enumerate(_list(issue, "comments"), 1):
        text = pieces.text_of(comment.get("body")) if isinstance(comment, dict) else ""
        if text.strip():
            author = comment.get("author")
            name = pieces.text_of(author.get("login")) if isinstance(author, dict) else ""
            key = pieces.text_of(comment.get("id") or comment.get("url")) or f"{number}"
            comments.append(Comment(key, name, pieces.stamp(comment.get("createdAt")), text.replace("\r\n", "\n")))
    return comments


# -- writing -------------------------------------------------------------------------------------


def write_items(outgoing: Iterable[Outgoing]) -> Iterator[str]:
    """A list in the form of `gh issue list --json`; an issue that was not touched goes back as it came."""
    first = True
    for item in outgoing:
        issue = json.loads(item.raw) if item.source == NAME else _begun_here(item)
        if item.source == NAME and (item.changed or item.comments):
            _lay_over(issue, item)
        yield ("[\n" if first else ",\n") + json.dumps(issue, ensure_ascii=False)
        first = False
    yield "[]\n" if first else "\n]\n"


def _state(item: Outgoing) -> dict[str, object]:
    if item.status not in (items.DONE, items.DROPPED):
        return {"state": "OPEN", "stateReason": "", "closedAt": None}
    reason = "COMPLETED" if item.status == items.DONE else "NOT_PLANNED"
    return {"state": "CLOSED", "stateReason": reason, "closedAt": item.closed_at or item.updated}


def _lay_over(issue: dict[str, Any], item: Outgoing) -> None:
    if "status" in item.changed:
        issue.update(_state(item))
    if "title" in item.changed:
        issue["title"] = item.title
    if "assignee" in item.changed:
        issue["assignees"] = _people(item.assignee)
    if "labels" in item.changed:
        issue["labels"] = [{"name": label} for label in item.labels]
    if "## description" in item.changed:
        issue["body"] = dict(item.sections).get("Description", "")
    if item.comments:
        issue["comments"] = [*_list(issue, "comments"), *_comment_objects(item)]


def _people(assignee: str) -> list[dict[str, str]]:
    return [{"login": name} for name in assignee.split(", ") if name]


def _comment_objects(item: Outgoing) -> list[dict[str, object]]:
    return [
        {"id": comment.key, "author": {"login": comment.author}, "body": comment.text, "createdAt": comment.at}
        for comment in item.comments
    ]


def _begun_here(item: Outgoing) -> dict[str, object]:
    texts = [f"## {heading}\n\n{text}" if heading != "Description" else text for heading, text in item.sections]
    waits = f"Waits for {', '.join(item.depends)}" if item.depends else ""
    body = "\n\n".join(text for text in (item.body, *texts, waits) if text)
    return {
        "number": None,
        "title": item.title,
        **_state(item),
        "body": f"<!-- teof task {item.task_id} -->\n{body}",
        "labels": [{"name": label} for label in (*item.labels, f"priority: {item.priority}")],
        "assignees": _people(item.assignee),
        "createdAt": item.created or item.updated,
        "milestone": {"title": item.milestone} if item.milestone else None,
        "comments": _comment_objects(item),
    }
