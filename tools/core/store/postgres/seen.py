"""How far this clone has seen a bus, so that a server that went back is noticed.

After a failover to a standby that lagged, or a restore, records may be gone that were acknowledged. The
number and the hash of the last record that was seen tell it, in a small file that is worth nothing else.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress

from tools.core.errors import ToolkitError
from tools.core.fs import files
from tools.core.plain import NamedTuple
from tools.core.store.files import small
from tools.core.store.signpost import Address
from tools.core.workspace import Place, Workspace


class Seen(NamedTuple):
    """The last record that was seen: its number, 0 for none, and the hash of its line."""

    head: int
    hash: str


def read(workspace: Workspace, address: Address) -> Seen:
    """How far this clone has seen a bus."""
    with suppress(ToolkitError, OSError, ValueError, KeyError, TypeError):
        content = json.loads(files.read_bytes(_place(workspace, address)) or b"")
        return Seen(int(content["head"]), str(content["hash"]))
    return Seen(0, "")


def write(workspace: Workspace, address: Address, seen: Seen) -> None:
    """Keeps it where it can be kept, without waiting for the disk."""
    data = json.dumps(seen._asdict()).encode()
    if os.path.isdir(workspace.bus.path):
        small.replace(_place(workspace, address).path, data)


def _place(workspace: Workspace, address: Address) -> Place:
    return workspace.cache.child(f"server-{address.bus}.json")
