"""task-master: one `tasks.json`, today with a list of tasks under each tag, formerly one bare list."""

from __future__ import annotations

import json
import re
from typing import Any

from tools.core.backlog import items
from tools.core.errors import DataError
from tools.core.trackers import pieces
from tools.core.trackers.formats import source_files
from tools.core.trackers.formats.source_files import Source
from tools.core.trackers.pieces import Edge, Piece, Reading, Step

NAME = "taskmaster"
PATHS = (".taskmaster/tasks/tasks.json", "tasks/tasks.json")
PREFIX = "TM"
MASTER = "master"

_STATUSES = {
    "pending": items.OPEN,
    "blocked": items.OPEN,
    "in-progress": items.IN_PROGRESS,
    "review": items.IN_PROGRESS,
    "done": items.DONE,
    "completed": items.DONE,
    "cancelled": items.DROPPED,
    "deferred": items.DEFERRED,
}
_KNOWN = pieces.words(
    "id title description details testStrategy priority dependencies status subtasks assignee updatedAt"
)


def read_items(source: Source) -> Reading:
    """Every task of every tag; DataError when the file as a whole has another shape."""
    file = source_files.read(source)
    content = source_files.parse_json(file)
    tags = _tags(content)
    if tags is None:
        raise DataError(f"{file.name}:1: neither tags nor a list of tasks", code="import.unreadable")
    lines = source_files.Lines(file.text)
    reading = Reading.empty()
    for tag, tasks in tags:
        for number, task in enumerate(tasks):
            line = lines.of(task)
            if not isinstance(task, dict):
                reading.problems.append(
                    pieces.problem(file.name, line, f"task {number} of the tag {tag!r} is not an object")
                )
            elif not _id_of(task.get("id")) or not pieces.text_of(task.get("title")).strip():
                reason = f"task {number} of the tag {tag!r} has no id or no title"
                reading.problems.append(pieces.problem(file.name, line, reason))
            else:
                reading.pieces.append(_piece(task, tag, f"{file.name}:{line}"))
    return reading


def _tags(content: object) -> list[tuple[str, list[object]]] | None:
    if isinstance(content, list):
        return [(MASTER, content)]
    if not isinstance(content, dict):
        return None
    if isinstance(content.get("tasks"), list):
        return [(MASTER, content["tasks"])]
    tags = [
        (str(tag), value["tasks"])
        for tag, value in content.items()
        if isinstance(value, dict) and isinstance(value.get("tasks"), list)
    ]
    return tags or (None if content else [])


def _id_of(value: object) -> str:
    return str(value).strip() if isinstance(value, (int, str)) and not isinstance(value, bool) else ""


def _piece(task: dict[str, Any], tag: str, where: str) -> Piece:
    number = _id_of(task["id"])
    steps = _steps(task.get("subtasks"))
    return Piece(
        key=f"{tag}:{number}",
        where=where,
        title=pieces.text_of(task["title"]),
        status=_STATUSES.get(pieces.text_of(task.get("status") or "pending").lower(), items.OPEN),
        raw=json.dumps(task, ensure_ascii=False, separators=(",", ":")),
        task_id=f"{PREFIX}-{number}" if tag == MASTER else f"{PREFIX}-{tag}-{number}",
        priority=pieces.priority_of(task.get("priority")),
        sections=pieces.sections_of(
            ("Description", task.get("description")),
            ("Details", task.get("details")),
            ("Test strategy", task.get("testStrategy")),
            ("Subtasks", _subtasks(task.get("subtasks"))),
        ),
        depends=_depends(task.get("dependencies"), tag),
        labels=[] if tag == MASTER else [tag],
        assignee=pieces.text_of(task.get("assignee")),
        steps=steps,
        unknown={name: value for name, value in task.items() if name not in _KNOWN},
    )


def _depends(value: object, tag: str) -> list[Edge]:
    """Whole tasks that are waited for; of a subtask (`3.2`) the task it is part of."""
    numbers = [_id_of(target) for target in (value if isinstance(value, list) else ())]
    whole = [re.sub(r"^(\d+)\.\d+$", r"\1", number) for number in numbers]
    return [Edge(f"{tag}:{number}") for number in dict.fromkeys(whole) if number]


def _steps(value: object) -> list[Step]:
    return [
        Step(
            f"{_id_of(part.get('id'))} {pieces.text_of(part.get('title'))}".strip(),
            _STATUSES.get(pieces.text_of(part.get("status")).lower()) == items.DONE,
            pieces.text_of(part.get("description")),
        )
        for part in (value if isinstance(value, list) else ())
        if isinstance(part, dict)
    ]


def _subtasks(value: object) -> str:
    """The subtasks as a checklist; their texts stand indented below each."""
    lines: list[str] = []
    parts = [part for part in (value if isinstance(value, list) else ()) if isinstance(part, dict)]
    for part, step in zip(parts, _steps(value), strict=True):
        lines.append(pieces.ticked([step]))
        texts = (pieces.text_of(part.get(name)).strip() for name in ("description", "details", "testStrategy"))
        lines += [f"  {line}" for text in texts if text for line in text.split("\n")]
    return "\n".join(lines)
