"""Whether a file of the index is as it was left: one that was changed from outside is read through before it is believed.

SQLite notices damage to the frame of a page it reads; zeros among the rows of a page read as rows that are not there.
So what tells one state of the file from the next is kept beside it, and only a file in another state pays for the check.
"""

from __future__ import annotations

import os

from tools.core.errors import ToolkitError
from tools.core.fs import files
from tools.core.plain import TYPE_CHECKING, suppress
from tools.core.workspace import Place, Workspace

if TYPE_CHECKING:
    from sqlite3 import Connection


def refuse_damaged(connection: Connection, workspace: Workspace, which: str = "", schema: str = "main") -> None:
    """DatabaseError for a file that is not as it was left, and damaged; `schema` is what the connection calls it."""
    kept = None
    with suppress(ToolkitError, OSError):
        kept = files.read_bytes(_place(workspace, which))
    if kept is not None and kept == _state(workspace, which):
        return
    (answer,) = connection.execute(f"PRAGMA {schema}.quick_check(1)").fetchone()
    if answer != "ok":
        raise connection.DatabaseError(answer)


def keep(workspace: Workspace, which: str = "") -> None:
    """Remembers the state of a file that was closed, where that can be kept."""
    with suppress(ToolkitError, OSError):
        place, state = _place(workspace, which), _state(workspace, which)
        if state and files.read_bytes(place) != state:
            with files.opened(place, os.O_WRONLY | os.O_CREAT) as descriptor:
                os.ftruncate(descriptor, os.pwrite(descriptor, state, 0))


def _state(workspace: Workspace, which: str) -> bytes:
    """What changes whenever the file does; b"" for one that is not there."""
    with suppress(OSError):
        stat = os.stat(workspace.cache.child(f"index.sqlite{which}").path, follow_symlinks=False)
        return b"%d %d %d\n" % (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return b""


def _place(workspace: Workspace, which: str) -> Place:
    return workspace.cache.child(f"index{which}.seal")
