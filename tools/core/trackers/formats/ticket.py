"""tk: a Markdown file with front matter for each ticket, in `.tickets/`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from tools.core.backlog import items
from tools.core.errors import UsageError
from tools.core.trackers import pieces
from tools.core.trackers.formats import front_matter, markdown_sections, source_files
from tools.core.trackers.formats.front_matter import Value
from tools.core.trackers.formats.source_files import Source, SourceFile
from tools.core.trackers.pieces import Comment, Edge, Piece, Reading

NAME = "ticket"
PATHS = (".tickets",)

_STATUSES = {"open": items.OPEN, "in_progress": items.IN_PROGRESS, "closed": items.DONE}
_KNOWN = pieces.words("id status deps links created type priority assignee parent tags title")
_NOTE = re.compile(r"(?:^|\n)\*\*(\d{4}-\d{2}-\d{2}T[0-9:.]+(?:Z|[+-]\d{2}:?\d{2}))\*\*[ \t]*\n")


def read_items(source: Source) -> Reading:
    """Every ticket of the folder; a file that cannot be read is a problem, the others count."""
    if not source.is_folder:
        raise UsageError(f"{source.name} is not a folder of tickets", code="import.path")
    reading = Reading.empty()
    for file in source_files.read_folder(source, (".md",)):
        try:
            reading.pieces.append(_piece(front_matter.split(file.text), file))
        except front_matter.NotUnderstood as problem:
            reading.problems.append(pieces.problem(file.name, problem.line, problem.reason))
    return reading


def _piece(document: front_matter.Document, file: SourceFile) -> Piece:
    fields = document.fields
    stem = os.path.basename(file.name).removesuffix(".md")
    key = _text(fields.get("id", "")) or stem
    title, body = _titled(document.body)
    title = title or _text(fields.get("title", "")) or stem
    sections = _notes_last(markdown_sections.split(body))
    comments = [note for heading, text in sections if heading == "Notes" for note in _notes(text)]
    return Piece(
        key=key,
        where=f"{file.name}:{document.lines.get('id', 1)}",
        title=title,
        status=_STATUSES.get(_text(fields.get("status", "")).lower(), items.OPEN),
        raw=file.text,
        task_id=key,
        priority=pieces.priority_of(_text(fields.get("priority", ""))),
        sections=[(_heading(heading), text) for heading, text in sections if text.strip() and _is_kept(heading, text)],
        depends=[Edge(target) for target in _list(fields.get("deps", ""))],
        parent=_text(fields.get("parent", "")),
        related=_list(fields.get("links", "")),
        kind=_text(fields.get("type", "")),
        labels=_list(fields.get("tags", "")),
        assignee=_text(fields.get("assignee", "")),
        created=pieces.stamp(_text(fields.get("created", ""))),
        comments=comments,
        unknown={name: value for name, value in fields.items() if name not in _KNOWN and value},
    )


def _titled(body: str) -> tuple[str, str]:
    """The heading of a ticket, and what stands below it."""
    lines = body.split("\n")
    at = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[at].startswith("# "):
        return lines[at][2:].strip(), "\n".join(lines[at + 1 :])
    return "", body


def _notes_last(sections: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The sections with everything below the first dated note as notes: tk appends them, whatever headings they have."""
    for number, (heading, text) in enumerate(sections):
        if heading == "Notes" and _NOTE.match(text):
            below = [f"## {title}\n\n{more}" for title, more in sections[number + 1 :]]
            return [*sections[:number], (heading, "\n\n".join([text, *below]))]
    return list(sections)


def _heading(heading: str) -> str:
    return {"": "Description", "Acceptance Criteria": "Acceptance criteria"}.get(heading, heading)


def _is_kept(heading: str, text: str) -> bool:
    """Whether a section stands in the task: all but notes that become messages."""
    return heading != "Notes" or not _NOTE.match(text)


def _notes(text: str) -> list[Comment]:
    parts = _NOTE.split(text)
    return [
        Comment(f"{number}", "", pieces.stamp(at), note.strip("\n"))
        for number, (at, note) in enumerate(zip(parts[1::2], parts[2::2], strict=True), 1)
        if note.strip()
    ]


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _list(value: Value) -> list[str]:
    return [text for text in ([value] if isinstance(value, str) else value) if text]
