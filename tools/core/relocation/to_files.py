"""A bus from its server back to files, byte for byte, killed at any moment.

The bus on the server is sealed, so that nobody writes there any more; the files are brought to what it has
and compared; then the signpost says that the bus is in files: this is the moment. Before it the next try goes
on where this one ended, and a try that fails opens the bus again. What is on the server stays there, sealed.
"""

from __future__ import annotations

from tools.core.context import Context
from tools.core.errors import DataError
from tools.core.fs import files
from tools.core.relocation import export, survey
from tools.core.store import signpost
from tools.core.store.files.store import FileStore
from tools.core.store.postgres import filling
from tools.core.store.postgres.driver import Connection
from tools.core.store.postgres.opening import Bus


def move(context: Context) -> Context:
    """Moves the bus; returns the context of its new place. ConflictError when it is in files."""
    workspace = context.workspace
    mark = signpost.read(workspace)
    if mark is None:
        raise survey.same_place("in files")
    connection, key = Connection(mark.address), mark.address.bus
    bus = Bus(workspace, mark.address, mark.token).opened.bus
    filling.seal(connection, key, closed=True)
    try:
        export.bring(workspace, connection, bus)
        if problems := export.differences(workspace, connection, bus):
            raise DataError(problems[0])
        files.replace(workspace.signpost, signpost.spelled_files(signpost.stamp_after_present(workspace, context.now)))
    except Exception:
        filling.seal(connection, key, closed=False)
        raise
    connection.close()
    moved = Context(workspace, seat=context.seat, store=FileStore(workspace), now=context.now, warn=context.warn,
                    spell=context.spell)  # fmt: skip
    survey.announce(
        moved, f"{context.seat.agent_id} moved the bus from postgresql://{mark.address.shown} back to files"
    )
    return moved
