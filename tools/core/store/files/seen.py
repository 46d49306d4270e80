"""When an agent's own program was last seen on this machine: the times of small files in `_bus/.cache/seen/`.

A hook touches one at every event, so that this costs neither a record nor a lock; other clones do not see it.
"""

from __future__ import annotations

import os

from tools.core import ids
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.core.workspace import Workspace

ENDED = b"ended\n"
"""What the file says once the session has ended."""


def touch(workspace: Workspace, agent: str, *, ended: bool = False) -> None:
    """Marks an agent as seen now on this machine, or its session as ended."""
    path = workspace.cache.child(f"seen/{agent}").path
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        try:
            descriptor = os.open(path, flags, 0o666)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            descriptor = os.open(path, flags, 0o666)
    except OSError:
        return
    try:
        if ended or os.fstat(descriptor).st_size:
            os.ftruncate(descriptor, 0)
        if ended:
            os.write(descriptor, ENDED)
        os.utime(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def seen_at(workspace: Workspace, agent: str) -> float | None:
    """When an agent was last seen on this machine, in seconds; None for never."""
    if not ids.is_agent(agent):
        return None
    try:
        return os.stat(workspace.cache.child(f"seen/{agent}").path, follow_symlinks=False).st_mtime
    except OSError:
        return None
