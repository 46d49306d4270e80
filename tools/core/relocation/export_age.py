"""How old the copy on git's branch is of a bus that is on a server."""

from __future__ import annotations

from datetime import datetime, timedelta

from tools.core import clock, hint
from tools.core.errors import ToolkitError
from tools.core.git import refs
from tools.core.plain import NamedTuple
from tools.core.sync import bus_branch

EXPORT_WITHIN = timedelta(days=1)
"""From here on an export is old: hourly is what the documentation asks for."""

EXPORT = hint.tool("maintenance.bus_export", "--push")
"""The command that makes a new one."""


class ExportAge(NamedTuple):
    """The moment of the last export, None before the first; and that in words."""

    at: datetime | None
    is_old: bool
    text: str


def of(root: str, now: datetime) -> ExportAge:
    """The age of the last export in a clone."""
    try:
        commit = refs.commit_of(root, f"refs/heads/{bus_branch.BRANCH}")
        at = refs.committed_at(root, commit) if commit else None
    except ToolkitError:
        at = None
    if at is None:
        return ExportAge(None, is_old=True, text=f"the bus was never exported to the branch {bus_branch.BRANCH}")
    return ExportAge(at, now - at > EXPORT_WITHIN, f"the last export is {clock.age(at, now)} old")
