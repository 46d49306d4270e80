"""The backlog's files as an import meets them: which piece each came from, under which id, with which text."""

from __future__ import annotations

import re
from typing import NamedTuple

from tools.core.fs import files
from tools.core.trackers import item_text
from tools.core.trackers.item_text import Parts
from tools.core.workspace import Workspace

_NUMBERED = re.compile(r"(\d+)-.*\.md")


class BacklogFile(NamedTuple):
    """A file of `queue/` by its name, in parts."""

    name: str
    task_id: str
    parts: Parts
    text: str


class BacklogFiles(NamedTuple):
    """All files by the source they name (`beads bd-12`) and by id without regard to case, and the highest number."""

    by_source: dict[str, BacklogFile]
    by_id: dict[str, BacklogFile]
    last_number: int
    width: int


def read(workspace: Workspace) -> BacklogFiles:
    """The backlog as it stands; a file that cannot be read raises DataError, before anything is written."""
    backlog = BacklogFiles({}, {}, 0, 3)
    last, width = 0, 3
    for name in files.names_in(workspace.queue, ".md"):
        match = _NUMBERED.fullmatch(name)
        if not match:
            continue
        last, width = max(last, int(match[1])), max(width, len(match[1]))
        data = files.read_bytes(workspace.queue.child(name)) or b""
        file = _file(name, match[1], data.decode("utf-8", "replace"))
        backlog.by_id.setdefault(file.task_id.casefold(), file)
        source = value_of(file.parts, "source")
        if source:
            backlog.by_source.setdefault(source, file)
    return backlog._replace(last_number=last, width=width)


def _file(name: str, digits: str, text: str) -> BacklogFile:
    parts = item_text.split(text)
    return BacklogFile(name, value_of(parts, "id") or f"QUEUE-{digits}", parts, text)


def value_of(parts: Parts, key: str) -> str:
    """The value of a field; "" where the file does not have it."""
    return parts.get(key, "").partition(":")[2].strip()
