"""Whose index it is: it remembers the folder of its bus and the first line of the event log.

One of them may change (a folder is restored elsewhere, a log is cut). An index of which neither is
right was copied from another bus.
"""

from __future__ import annotations

import os

from tools.core.errors import ToolkitError
from tools.core.fs import jsonl
from tools.core.plain import TYPE_CHECKING, NamedTuple, suppress
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from sqlite3 import Connection


class ForeignIndexError(Exception):
    """The index is of another bus."""


class Owner(NamedTuple):
    """What tells a bus from another one."""

    folder: int  # the inode of its folder, 0 where there is none
    first: str  # the hash of the event log's first line, "" where there is none


def of(workspace: Workspace) -> Owner:
    """The bus of a workspace as it is now."""
    folder = first = None
    with suppress(OSError):
        folder = os.stat(workspace.bus.path).st_ino
    with suppress(ToolkitError, FileNotFoundError):
        line = next(jsonl.lines(workspace.events), None)
        first = line.hash if line is not None and line.whole else ""
    return Owner(folder or 0, first or "")


def refuse_another(connection: Connection, owner: Owner) -> None:
    """ForeignIndexError for an index of another bus; an index that was just made is anyone's."""
    indexed = Owner(*connection.execute("SELECT folder, first FROM bus").fetchone())
    if indexed.folder and indexed.folder != owner.folder and (not owner.first or indexed.first != owner.first):
        raise ForeignIndexError("it is of another bus")
