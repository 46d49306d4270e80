"""Backlog.md: a folder of Markdown files with front matter, and a configuration that names the statuses."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from tools.core.backlog import items
from tools.core.errors import UsageError
from tools.core.trackers import pieces
from tools.core.trackers.formats import front_matter, markdown_sections, source_files
from tools.core.trackers.formats.front_matter import Value
from tools.core.trackers.formats.source_files import Source, SourceFile
from tools.core.trackers.pieces import Comment, Edge, LeftOut, Piece, Reading

NAME = "backlog"
PATHS = ("backlog", ".backlog")

_FOLDERS = ("tasks", "completed", "drafts", "archive")
"""The folders of tasks; an id in two of them belongs to the first."""

_DEFAULT = ("To Do", "In Progress", "Done")
_KNOWN = pieces.words(
    "id title status assignee reporter created_date updated_date created updated labels milestone "
    "dependencies parent_task_id parent priority ordinal due_date type subtasks"
)
_RENAMED = {"Acceptance Criteria": "Acceptance criteria"}
_COMMENT = re.compile(r"(?:^|\n)((?:[a-z]+: [^\n]*\n){1,6})---\n(.*?)\n---(?=\n|$)", re.DOTALL)


def read_items(source: Source) -> Reading:
    """Every task of the folder, drafts and the archive included; a file that cannot be read is a problem."""
    if not source.is_folder:
        raise UsageError(f"{source.name} is not the folder of Backlog.md", code="import.path")
    statuses = _statuses(source)
    reading = Reading.empty()
    keys: dict[str, str] = {}
    listed = [file for file in source_files.read_folder(source, (".md",)) if _folder_of(source, file)]
    for file in sorted(listed, key=lambda file: (_FOLDERS.index(_folder_of(source, file)), file.name)):
        try:
            document = front_matter.split(file.text)
            _add(reading, keys, document, file, _folder_of(source, file), statuses)
        except front_matter.NotUnderstood as problem:
            if os.path.basename(file.name).lower() == "readme.md":
                reading.left_out.append(LeftOut(file.name, "a README, not a task"))
            else:
                reading.problems.append(pieces.problem(file.name, problem.line, problem.reason))
    return reading


def _folder_of(source: Source, file: SourceFile) -> str:
    """The folder of Backlog.md that a file is in, or "" for a folder without tasks (docs, decisions)."""
    parts = os.path.relpath(file.name, source.name).split(os.sep)
    return parts[0] if parts[0] in _FOLDERS and len(parts) > 1 else ""


def _statuses(source: Source) -> tuple[str, ...]:
    """The statuses of the project, first to last, in lower case."""
    for name in ("config.yml", "backlog.config.yml"):
        path = os.path.join(source.path, name)
        if os.path.isfile(path):
            text = source_files.read(Source(path, os.path.join(source.name, name))).text
            listed = _key(text, "statuses")
            if listed:
                return tuple(status.lower() for status in listed)
    return tuple(status.lower() for status in _DEFAULT)


def _key(text: str, name: str) -> list[str]:
    """A list of the configuration; the rest of that file may be anything."""
    lines = text.replace("\r\n", "\n").split("\n")
    at = next((number for number, line in enumerate(lines) if line.startswith(f"{name}:")), -1)
    if at < 0:
        return []
    end = next((n for n in range(at + 1, len(lines)) if lines[n][:1] not in ("", " ", "-", "\t")), len(lines))
    try:
        return _list(front_matter.parse(lines[at:end])[0][name])
    except front_matter.NotUnderstood:
        return []


def _add(
    reading: Reading,
    keys: dict[str, str],
    document: front_matter.Document,
    file: SourceFile,
    folder: str,
    statuses: tuple[str, ...],
) -> None:
    fields = document.fields
    key = _text(fields.get("id", ""))
    title = _text(fields.get("title", ""))
    if not key or not title:
        raise front_matter.NotUnderstood(1, "a task without an id or without a title")
    stem = os.path.basename(file.name).removesuffix(".md")
    first = keys.setdefault(key.lower(), file.name)
    if first != file.name:
        reason = f"{key} is {first} already; this one is taken over under an id of its own"
        reading.problems.append(pieces.problem(file.name, document.lines["id"], reason))
    status = _status(_text(fields.get("status", "")).lower(), folder, statuses)
    reading.pieces.append(_piece(document, file, key if first == file.name else f"{key}@{folder}/{stem}", status))


def _piece(document: front_matter.Document, file: SourceFile, key: str, status: str) -> Piece:
    fields = document.fields
    sections = markdown_sections.split(document.body)
    comments = [comment for heading, text in sections if heading == "Comments" for comment in _comments(text)]
    assignees = [name.removeprefix("@") for name in _list(fields.get("assignee", ""))]
    return Piece(
        key=key,
        where=f"{file.name}:{document.lines['id']}",
        title=_text(fields.get("title", "")),
        status=status,
        raw=file.text,
        task_id=key,
        priority=pieces.priority_of(_text(fields.get("priority", ""))),
        sections=_shown(sections, without_comments=bool(comments)),
        depends=[Edge(target) for target in _list(fields.get("dependencies", ""))],
        parent=_text(fields.get("parent_task_id", "") or fields.get("parent", "")),
        kind=_text(fields.get("type", "")),
        labels=_list(fields.get("labels", "")),
        assignee=", ".join(assignees),
        milestone=_text(fields.get("milestone", "")),
        created=pieces.stamp(_text(fields.get("created_date", "") or fields.get("created", ""))),
        due=pieces.stamp(_text(fields.get("due_date", ""))),
        comments=comments,
        unknown=_unknown(fields),
    )


def _shown(sections: list[tuple[str, str]], *, without_comments: bool) -> list[tuple[str, str]]:
    return [
        (_RENAMED.get(heading, heading) or "Description", text)
        for heading, text in sections
        if text.strip() and not (without_comments and heading == "Comments")
    ]


def _unknown(fields: Mapping[str, Value]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name not in _KNOWN and value}


def _status(word: str, folder: str, statuses: tuple[str, ...]) -> str:
    if folder == "archive":
        return items.DROPPED
    if folder == "completed":
        return items.DONE
    if folder == "drafts" or word == "draft":
        return items.DEFERRED
    if word == statuses[-1] and len(statuses) > 1:
        return items.DONE
    return items.OPEN if word in ("", statuses[0]) or word not in statuses else items.IN_PROGRESS


def _comments(text: str) -> list[Comment]:
    """The blocks of `author:` and `created:` lines, a rule, the text, a rule."""
    comments = []
    for number, match in enumerate(_COMMENT.finditer(text), 1):
        head = dict(line.split(": ", 1) for line in match[1].strip().split("\n"))
        comments.append(
            Comment(
                f"{number}", head.get("author", "").removeprefix("@"), pieces.stamp(head.get("created", "")), match[2]
            )
        )
    return comments


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _list(value: Value) -> list[str]:
    return [text for text in ([value] if isinstance(value, str) else value) if text]
