"""A bus from files to a server, byte for byte, killed at any moment.

All of it happens under the bus's own lock. The server's half is filled in one transaction and compared; then
the signpost is put in place: this is the moment. Before it nothing has happened, and what is left on the
server is removed by the next try. After it every command goes to the server, which is opened by whoever reads
the signpost first.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from tools.core.context import Context
from tools.core.errors import BusyError, DataError
from tools.core.fs import files, locks
from tools.core.problem import Problem
from tools.core.relocation import folder, survey
from tools.core.store import signpost
from tools.core.store.addresses import address_of
from tools.core.store.files.store import FileStore
from tools.core.store.postgres import driver, filling
from tools.core.store.postgres.driver import Connection
from tools.core.store.postgres.store import PostgresStore
from tools.core.store.signpost import Address, Signpost

Progress = Callable[[str], None]


def move(context: Context, address: Address, progress: Progress = lambda _: None) -> Context:
    """Moves the bus; returns the context of its new place. ConflictError when it is there, or others are."""
    workspace = context.workspace
    signpost.refuse_secret(address)
    present = signpost.read(workspace)
    if present is not None:
        raise survey.same_place(f"on postgresql://{present.address.shown}")
    connection = Connection(address)
    mark = Signpost(address, address.bus, signpost.stamp_after_present(workspace, context.now), os.urandom(16).hex())
    FileStore(workspace).recover()
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        if files.exists(workspace.journal):
            raise BusyError("another command is in the middle of a change of the bus", code="lock.busy")
        fill(context, connection, mark, progress)
        files.replace(workspace.signpost, signpost.spelled(mark))
    connection.close()
    moved = Context(workspace, seat=context.seat, store=PostgresStore(workspace, address, mark.token), now=context.now,
                    warn=context.warn, spell=context.spell)  # fmt: skip
    survey.announce(moved, f"{context.seat.agent_id} moved the bus to postgresql://{address.shown}, bus {address.bus}")
    return moved


def fill(context: Context, connection: Connection, mark: Signpost, progress: Progress = lambda _: None) -> None:
    """Fills a bus of the server in one transaction and compares what arrived; nothing is left when it fails."""
    bus = filling.begin(connection, mark.address.bus, mark.token)
    try:
        for stream in folder.streams(context.workspace):
            progress(stream)
            sent = filling.load_stream(connection, bus, stream, folder.blocks(context.workspace, stream))
            _require_same(stream, sent, filling.digest_of(filling.raw_blocks(connection, bus, stream)))
        for name in folder.documents(context.workspace):
            filling.load_document(connection, bus, name, folder.content(context.workspace, name) or b"")
        for name, data in filling.documents_of(connection, bus):
            here = folder.content(context.workspace, name) or b""
            _require_same(name, filling.digest_of([here]), filling.digest_of([data]))
        filling.commit(connection, bus, mark.token)
    except driver.Lost as error:
        raise driver.unreachable(mark.address, "the connection broke; nothing was moved") from error
    except BaseException:
        connection.close()  # what was begun is rolled back
        raise


def _require_same(name: str, sent: filling.Digest, there: filling.Digest) -> None:
    if sent != there:
        reason = f"{sent.bytes} bytes were sent, {there.bytes} others are on the server; nothing was moved"
        raise DataError(Problem(address_of(name), 1, reason, "move.differs"))
