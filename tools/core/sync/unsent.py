"""How long records of this clone have been waiting to be exchanged."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime

from tools.core import clock, gitdir
from tools.core.errors import ToolkitError
from tools.core.fs import jsonl
from tools.core.store import signpost
from tools.core.sync import live, memory
from tools.core.workspace import Place, Workspace


def unsent_since(workspace: Workspace) -> datetime | None:
    """The moment of the oldest record that only this clone has; None where all is sent, or nothing is exchanged.

    As of the last exchange: no remote is asked. A bus on a server or in a plain folder, and a clone without a
    remote, exchange nothing.
    """
    if not os.path.lexists(workspace.bus.child(".git").path) or signpost.address_of(workspace):
        return None
    remembered = memory.load(workspace)
    if not remembered.shared and not _has_remotes(workspace):
        return None
    moments = []
    for stream, stat in live.logs_of(workspace).items():
        log = remembered.logs.get(stream, memory.Log())
        start = log.starts() if log.inode == stat.st_ino else 0
        if start < stat.st_size and (at := _moment_at(live.log_place(workspace, stream), start)):
            moments.append(at)
    return min(moments, default=None)


def _has_remotes(workspace: Workspace) -> bool:
    own = gitdir.git_folder(workspace.root)
    return own is not None and gitdir.has_remotes(gitdir.common_folder(own))


def _moment_at(place: Place, start: int) -> datetime | None:
    """The stamp of the first record behind a place in a log; None where there is none or it cannot be read."""
    with suppress(ToolkitError, OSError):
        records = (outcome for outcome in jsonl.scan(place, start) if isinstance(outcome, jsonl.StoredRecord))
        if record := next(records, None):
            return clock.parse(record.record.get("ts"))
    return None
