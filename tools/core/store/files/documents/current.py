"""The catalogue as the folders are now; most often it is as it is kept."""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING
from tools.core.store.files.documents.catalogue import KINDS, NONE, Catalogue, facts, folder, holds, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.core.workspace import Workspace


def current(workspace: Workspace, now: int, kinds: Iterable[str] = KINDS) -> Catalogue:
    """The catalogue as the folders of some kinds are now, which is in nanoseconds."""
    kept = read(workspace)
    if kept is not None and holds(workspace, kept, kinds):
        return kept.head
    if kept is None and not any(facts(folder(workspace, kind)) for kind in kinds):
        return NONE  # there may be no bus to keep anything in
    from tools.core.store.files.documents import bringing_up  # after a change

    return bringing_up.brought_up(workspace, kept, now).head
