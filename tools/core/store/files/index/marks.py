"""How far the index has read the event log, in a file that is read without SQLite.

A reader of the newest events looks here whether the log still goes on from there. Where it does not,
or records are missing already, the index is asked, which knows what they were.
"""

from __future__ import annotations

import os

from tools.core import plain_json
from tools.core.errors import ToolkitError
from tools.core.fs import files, jsonl
from tools.core.plain import NamedTuple, suppress
from tools.core.workspace import Place, Workspace


class Mark(NamedTuple):
    """The end of the part of the event log that the index knows."""

    end: int  # the byte behind its last line
    hash: str  # of that line, "" in an empty log
    lost: int  # records that the log once had

    def holds(self, workspace: Workspace) -> bool:
        """Whether the log still goes on from here and has lost nothing."""
        if self.lost:
            return False
        try:
            with files.opened(workspace.events) as descriptor:
                if os.fstat(descriptor).st_size < self.end:
                    return False
                last = next(jsonl.lines_backwards(descriptor, self.end), None) if self.end else None
        except (ToolkitError, FileNotFoundError):
            return not self.end
        return not self.end or (last is not None and last.whole and last.hash == self.hash)


def read(workspace: Workspace) -> Mark | None:
    """The mark; None where there is none that can be read."""
    with suppress(ToolkitError, OSError, KeyError, TypeError, ValueError):
        if data := files.read_bytes(_place(workspace)):
            content = plain_json.load_object(data)
            return Mark(int(str(content["end"])), str(content["hash"]), int(str(content["lost"])))
    return None


def has_lost(workspace: Workspace) -> bool:
    """Whether the event log has lost what an index knew; without one nothing knows."""
    mark = read(workspace)
    return mark is not None and not mark.holds(workspace)


def write(workspace: Workspace, mark: Mark) -> None:
    """Keeps the mark where it can be kept; one that is half written counts as none."""
    data = plain_json.dumps(mark._asdict()).encode()
    with suppress(ToolkitError, OSError), files.opened(_place(workspace), os.O_WRONLY | os.O_CREAT) as descriptor:
        os.ftruncate(descriptor, os.pwrite(descriptor, data, 0))


def exists_index(workspace: Workspace) -> bool:
    """Whether an index was ever made, so that it may know more than a mark that is missing."""
    return files.exists(workspace.cache.child("index.sqlite"))


def _place(workspace: Workspace) -> Place:
    return workspace.cache.child("events.mark")
