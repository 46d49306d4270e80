"""Carrying an import out: files built aside, made durable, then moved into place one by one.

A process that dies while they are built has changed nothing that is read; one that dies while they
are moved leaves whole files, each naming the piece it came from, so that the next run recognises
them and goes on. What is kept of the source is written last.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from tools.core import hint
from tools.core.errors import ConflictError
from tools.core.fs import files
from tools.core.trackers import kept
from tools.core.trackers.imports.changes import Write
from tools.core.trackers.kept import Kept
from tools.core.workspace import Place, Workspace

_FEW = 32
"""Up to so many files are made durable one by one; more of them at once."""


def write(workspace: Workspace, writes: Sequence[Write], source: str, pieces: dict[str, Kept] | None) -> None:
    """Puts files into the backlog and replaces what is kept of the source (None: it stays); under the checkout's lock."""
    if writes:
        _put(workspace.queue, writes)
    if pieces is not None:
        files.replace(kept.place(workspace, source), kept.encoded(pieces))


def _put(queue: Place, writes: Sequence[Write]) -> None:
    aside = queue.child(".source/.new")
    with (
        files.folder_of(aside.child("x"), create=True) as new,
        files.folder_of(queue.child("x")) as folder,
        files.writable(queue),
    ):
        for name in os.listdir(new):  # of an import that was interrupted
            os.unlink(name, dir_fd=new)
        for item in writes:
            _build(new, item, sync=len(writes) <= _FEW)
        if len(writes) > _FEW:
            _sync_all(new, writes)
        taken = sorted({item.name for item in writes if item.is_new}.intersection(os.listdir(folder)))
        if taken:
            raise ConflictError(f"{queue.name}/{taken[0]} was made meanwhile", code="import.raced", hint=hint.again())
        for item in writes:
            os.rename(item.name, item.name, src_dir_fd=new, dst_dir_fd=folder)
        os.fsync(folder)
    with suppress(OSError):
        os.rmdir(aside.path)


def _build(folder: int, item: Write, *, sync: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(item.name, flags, 0o644, dir_fd=folder)
    try:
        files.write_whole(descriptor, item.data)
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_all(folder: int, writes: Sequence[Write]) -> None:
    """Makes many files durable: Linux waits in `sync` until all is on the disk, other systems sync file by file."""
    if sys.platform == "linux":
        os.sync()
        return
    for item in writes:
        descriptor = os.open(item.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
