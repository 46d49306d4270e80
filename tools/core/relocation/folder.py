"""The bytes of a bus in files: its logs in blocks, its documents whole; nothing is parsed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from tools.core.fs import files
from tools.core.models.bus import ASSIGNMENTS, CLAIMS, EVENTS, MESSAGES
from tools.core.store.addresses import address_of
from tools.core.store.files.store import FileStore
from tools.core.workspace import Place, Workspace

_BLOCK = 1 << 20


def streams(workspace: Workspace) -> list[str]:
    """The names of the logs that are there and hold something, whether or not they are ids; the events first."""
    names = [EVENTS, *(f"{MESSAGES}/{name}" for name in FileStore(workspace).names(MESSAGES))]
    return [name for name in names if size(workspace, name)]


def documents(workspace: Workspace) -> list[str]:
    """The names of all claims and assignments."""
    store = FileStore(workspace)
    return [f"{kind}/{name}" for kind in (CLAIMS, ASSIGNMENTS) for name in store.names(kind)]


def place_of(workspace: Workspace, name: str) -> Place:
    """Where a log or a document lies."""
    return Place(workspace.bus_root, address_of(name))


def size(workspace: Workspace, stream: str) -> int:
    """The bytes of a log; 0 where there is none."""
    with suppress(FileNotFoundError), files.opened(place_of(workspace, stream)) as descriptor:
        return os.fstat(descriptor).st_size
    return 0


def blocks(workspace: Workspace, stream: str, start: int = 0) -> Iterator[bytes]:
    """The bytes of a log from one on, in bounded memory."""
    with suppress(FileNotFoundError), files.opened(place_of(workspace, stream)) as descriptor:
        while block := os.pread(descriptor, _BLOCK, start):
            start += len(block)
            yield block


def content(workspace: Workspace, document: str) -> bytes | None:
    """The bytes of a document; None where there is none."""
    return files.read_bytes(place_of(workspace, document))
