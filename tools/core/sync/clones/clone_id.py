"""The name of this clone among all clones of a repository: random, made once, never carried to a copy."""

from __future__ import annotations

import os
import re

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.fs import files
from tools.core.workspace import Place, Workspace, git_lock_place

_KEPT = re.compile(r"([0-9a-f]{16}) ([0-9]+)\n")


def of(workspace: Workspace) -> str:
    """The clone's id; a copy of its git folder, which is another folder, gets one of its own."""
    folder = git_lock_place(workspace)
    if folder is None:
        raise SetupError(
            f"{workspace.root} is no git repository", code="git.none", hint=hint.git("init", workspace.root)
        )
    inode = os.stat(folder.path).st_ino
    place = Place(folder.base, f"{folder.name}/teof/clone")
    kept = _KEPT.fullmatch((files.read_bytes(place, 4096) or b"").decode("ascii", "replace"))
    if kept and int(kept[2]) == inode:
        return kept[1]
    name = os.urandom(8).hex()
    files.replace(place, f"{name} {inode}\n".encode())
    return name
