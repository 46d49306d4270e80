"""Which store a workspace has: the one place that chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tools.core.store.api import Store
from tools.core.store.files.store import FileStore
from tools.core.workspace import Workspace


def open_store(workspace: Workspace, remark: Callable[[Sequence[str]], None] = lambda _: None) -> Store:
    """The live bus of a workspace; `remark` hears what a reader should know of its history."""
    return FileStore(workspace, remark)
