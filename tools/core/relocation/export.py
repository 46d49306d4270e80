"""The files of a bus brought to what its server has: each log gets what it lacks, each document its bytes.

The repository stays the auditor that a database's administrator cannot rewrite. A folder that is not a
beginning of what the server has is left as it is. An export that dies leaves a beginning, with which the
next one goes on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from tools.core import hint
from tools.core.errors import DataError
from tools.core.fs import files, locks
from tools.core.plain import NamedTuple
from tools.core.problem import Problem
from tools.core.relocation import folder
from tools.core.store.addresses import address_of
from tools.core.store.postgres import filling
from tools.core.store.postgres.driver import Connection
from tools.core.workspace import Workspace


class Exported(NamedTuple):
    """What an export brought: bytes of logs, and documents."""

    bytes: int
    documents: int


def bring(workspace: Workspace, connection: Connection, bus: int) -> Exported:
    """Brings the files to what the server has; DataError where they are not a beginning of it."""
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        streams = filling.streams_of(connection, bus)
        starts = {stream: _start(workspace, connection, bus, stream) for stream in streams}
        _refuse_more(workspace, connection, bus, streams)
        brought = sum(_extend(workspace, stream, *starts[stream], connection, bus) for stream in streams)
        replaced = 0
        for name, data in filling.documents_of(connection, bus):
            if folder.content(workspace, name) != data:
                files.replace(folder.place_of(workspace, name), data)
                replaced += 1
    return Exported(brought, replaced)


def _start(workspace: Workspace, connection: Connection, bus: int, stream: str) -> tuple[int, int]:
    """Where in the file the last line begins that both have, and how long the file is."""
    size, number = folder.size(workspace, stream), 0
    for block in folder.blocks(workspace, stream):
        number += block.count(b"\n")
    if not size:
        return 0, 0
    last = b"".join(folder.blocks(workspace, stream, max(0, size - 1)))
    number += last != b"\n"
    there = filling.start_of_line(connection, bus, stream, number)
    start = size if there is None else there
    here = b"".join(folder.blocks(workspace, stream, start))
    if not here or here != _head(filling.raw_blocks(connection, bus, stream, start), len(here)):
        raise _differs(stream, number, "the server has another line there")
    return start, size


def _head(blocks: Iterator[bytes], size: int) -> bytes:
    data = b""
    for block in blocks:
        data += block
        if len(data) >= size:
            break
    return data[:size]


def _refuse_more(workspace: Workspace, connection: Connection, bus: int, streams: list[str]) -> None:
    for stream in folder.streams(workspace):
        if stream not in streams:
            raise _differs(stream, 1, "the server has no such log")
    present = {name for name, _ in filling.documents_of(connection, bus)}
    for name in folder.documents(workspace):
        if name not in present:
            raise _differs(name, 1, "the server has no such document")


def _extend(workspace: Workspace, stream: str, start: int, size: int, connection: Connection, bus: int) -> int:
    """Appends what the file lacks, in blocks that begin with the last line that both have."""
    place, skipped, written = folder.place_of(workspace, stream), size - start, 0
    with files.folder_of(place, create=True) as parent, files.writable(place):
        descriptor = files.open_in(parent, place, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            for block in filling.raw_blocks(connection, bus, stream, start):
                news = block[skipped:]
                skipped = max(0, skipped - len(block))
                if news:
                    files.write_whole(descriptor, news)
                    written += len(news)
            os.fsync(descriptor)
            os.fsync(parent)
        finally:
            os.close(descriptor)
    return written


def differences(workspace: Workspace, connection: Connection, bus: int) -> list[Problem]:
    """Every log and document that is not byte for byte what the server has."""
    problems = []
    streams = filling.streams_of(connection, bus)
    for stream in sorted({*streams, *folder.streams(workspace)}):
        here = filling.digest_of(folder.blocks(workspace, stream))
        there = filling.digest_of(filling.raw_blocks(connection, bus, stream))
        if here != there:
            problems.append(_problem(stream, 1, f"{here.bytes} bytes here, {there.bytes} on the server"))
    contents = dict(filling.documents_of(connection, bus))
    for name in sorted({*contents, *folder.documents(workspace)}):
        if folder.content(workspace, name) != contents.get(name):
            problems.append(_problem(name, 1, "another document than on the server"))
    return problems


def _problem(name: str, number: int, reason: str) -> Problem:
    return Problem(address_of(name), number, reason, "export.differs")


def _differs(name: str, number: int, reason: str) -> DataError:
    reason = f"the files are not a beginning of what the server has: {reason}"
    look = hint.git("log", "-p", "--", address_of(name))
    return DataError(Problem(address_of(name), number, reason, "export.differs"), hint=look)
