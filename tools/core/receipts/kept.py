"""Snapshots that a command writes each time it runs: the newest are kept, and those that git tracks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from tools.core.errors import SetupError
from tools.core.fs import files
from tools.core.workspace import Place, Workspace

NEWEST = 10
"""Snapshots of one kind that are kept."""


def prune(workspace: Workspace, folder: Place, kinds: Sequence[str]) -> None:
    """Removes old snapshots whose names begin with a kind and a stamp; one that git tracks is evidence and stays."""
    old: list[str] = []
    for kind in kinds:
        names = [name for name in files.names_in(folder) if name.startswith(f"{kind}-")]
        old += names[:-NEWEST]
    if not old:
        return
    from tools.core.git import tracked  # most runs have nothing to remove

    with suppress(SetupError):  # without git nothing says what is evidence: all of it stays
        loose = set(tracked.untracked(workspace.root, folder.name))
        for name in old:
            if folder.child(name).name in loose:
                files.remove(folder.child(name))
