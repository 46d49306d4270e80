"""Loose objects of the bus, packed in passing: an exchange makes some, and no command of git that tidies follows it.

Only what the bus's own commits name is packed. It may take two seconds and is tried again after ten
minutes; who is killed meanwhile leaves every object where it was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from contextlib import suppress

from tools.core.errors import ToolkitError
from tools.core.git import packs
from tools.core.store.files import small
from tools.core.workspace import Workspace, git_lock_place

MOST_LOOSE = 500
LARGEST_LOOSE = 50_000_000
PATIENCE = 2.0
"""Seconds that packing may take."""

_PAUSE = 600
"""Seconds between two tries."""

_SAMPLE = 16
"""Of the 256 folders of loose objects, those that are counted."""


def pack(workspace: Workspace, commits: Collection[str]) -> None:
    """Packs what some commits name and no pack has, once loose objects are many. Under the lock of git work."""
    lock = git_lock_place(workspace)
    if lock is None or not commits:
        return
    folder = lock.path
    mark = workspace.cache.child("packed").path
    if _is_tried_lately(mark) or not _are_many(os.path.join(folder, "objects")):
        return
    done = [name for name in (small.read(mark) or b"").decode("ascii", "replace").split() if name.isalnum()]
    small.replace(mark, b"")
    with suppress(ToolkitError):
        packs.pack_loose(folder, commits, done, timeout=PATIENCE)
        small.replace(mark, "\n".join(commits).encode())


def _is_tried_lately(mark: str) -> bool:
    try:
        return 0 <= time.time() - os.stat(mark, follow_symlinks=False).st_mtime < _PAUSE
    except OSError:
        return False


def _are_many(objects: str) -> bool:
    """Whether loose objects are too many or too large together, by the first folders of them."""
    count = size = 0
    for number in range(_SAMPLE):
        with suppress(OSError), os.scandir(os.path.join(objects, f"{number:02x}")) as entries:
            for entry in entries:
                count += 1
                size += entry.stat(follow_symlinks=False).st_size
    share = 256 // _SAMPLE
    return count * share >= MOST_LOOSE or size * share >= LARGEST_LOOSE
