"""Which store a workspace has: the one place that chooses."""

from __future__ import annotations

import os

from tools.core.plain import TYPE_CHECKING
from tools.core.store.files.store import FileStore
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tools.core.hint import Note
    from tools.core.store.contract import Store


def open_store(workspace: Workspace, remark: Callable[[Sequence[str | Note]], None] = lambda _: None) -> Store:
    """The live bus of a workspace; `remark` hears what a reader should know of its history.

    `TEOF_STORE` comes first, then the signpost in the bus's folder; without either the bus is in files.
    """
    if not workspace.store and not os.path.lexists(workspace.signpost.path):
        return FileStore(workspace, remark)
    from tools.core.store import signpost  # most buses are in files

    mark = None if workspace.store else signpost.read(workspace)
    if workspace.store == signpost.FILES or (mark is None and not workspace.store):
        return FileStore(workspace, remark)
    from tools.core.store.postgres.store import PostgresStore

    if mark is not None:
        return PostgresStore(workspace, mark.address, mark.token)
    return PostgresStore(workspace, signpost.parse_address(workspace.store))
