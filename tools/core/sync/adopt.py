"""A bus folder and the branch it becomes a worktree of, united so that no record of either is lost."""

from __future__ import annotations

from collections.abc import Mapping

from tools.core.errors import DataError
from tools.core.fs import files, locks
from tools.core.workspace import Place, Workspace


def adopt(workspace: Workspace, tree: Mapping[str, bytes], pointer: Place, link: bytes) -> None:
    """Gives the folder what the branch has, then puts its pointer in place; under the bus lock."""
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        for name, committed in tree.items():
            place = workspace.bus.child(name)
            live = files.read_bytes(place, 1 << 30)
            data = united(name, committed, live)
            if data != live:
                files.replace(place, data)
        files.replace(pointer, link)


def united(name: str, committed: bytes, live: bytes | None) -> bytes:
    """What a file of the bus becomes when its branch and the folder both may have it; no record is lost."""
    if live is None or live == committed:
        return committed
    if name.endswith(".jsonl"):
        return _united_lines(committed, live)
    return committed if _fence(name, committed) > _fence(name, live) else live


def _united_lines(committed: bytes, live: bytes) -> bytes:
    """The lines of both, the branch's first; a last line without its end stays last."""
    if live.startswith(committed):
        return live
    known = set(committed.split(b"\n"))
    *whole, torn = live.split(b"\n")
    begun = committed if committed.endswith(b"\n") or not committed else committed + b"\n"
    new = b"".join(line + b"\n" for line in whole if line not in known)
    return begun + new + (b"" if torn in known else torn)


def _fence(name: str, data: bytes) -> int:
    try:
        fence = files.parse_object(data, name).get("fence")
    except DataError:
        return -1
    return fence if isinstance(fence, int) else 0
