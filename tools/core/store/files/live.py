"""The live documents of a bus in files: few are read, many are asked of the index."""

from __future__ import annotations

import os

from tools.core.errors import DataError, ToolkitError
from tools.core.fs import files
from tools.core.models.bus import ASSIGNMENTS, CLAIMS
from tools.core.plain import TYPE_CHECKING, NamedTuple, suppress
from tools.core.store import live, one_by_one
from tools.core.store.api import Document, Live, version_of
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.core.store.contract import Store
    from tools.core.store.files.index.database import Index
    from tools.core.store.files.index.documents import Row

FEW = 100
"""Documents of a kind that are read without the index: that costs less than opening it."""


class Question(NamedTuple):
    """Which documents are asked for: see Store.live."""

    kinds: tuple[str, ...]
    also: tuple[str, ...]
    newest: int


def read(store: Store, workspace: Workspace, index: Callable[[], Index], question: Question) -> Live:
    """See Store."""
    if all(_are_few(workspace, kind) for kind in (CLAIMS, *question.kinds)):
        needed = (CLAIMS, ASSIGNMENTS) if ASSIGNMENTS in question.kinds else (CLAIMS,)
        return live.of_all(one_by_one.documents(store, needed), *question)
    from tools.core.store.files.index import documents

    rows, counts = index().ask_documents(lambda connection: documents.live(connection, *question))
    return Live({row.name: _document(store, row) for row in rows}, counts)


def _are_few(workspace: Workspace, kind: str) -> bool:
    with suppress(OSError), os.scandir(workspace.bus.child(kind).path) as entries:
        return all(count < FEW for count, _ in enumerate(entries, 1))
    return True


def _document(store: Store, row: Row) -> Document | ToolkitError:
    """The document of a row; a damaged one is read again for what is wrong with it."""
    try:
        if row.state:
            return Document(files.parse_object(row.raw, store.where(row.name)), version_of(row.raw))
        return one_by_one.documents(store, (row.name,))[row.name]
    except DataError as error:
        return error
