"""The live documents of a bus in files: few are read, of many the catalogue is asked."""

from __future__ import annotations

import os
import time

from tools.core import ids
from tools.core.models.bus import ASSIGNMENTS, CLAIMS
from tools.core.models.claim_state import LIVE
from tools.core.plain import TYPE_CHECKING, NamedTuple, suppress
from tools.core.store import live, one_by_one
from tools.core.store.api import Live
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from tools.core.errors import ToolkitError
    from tools.core.store.api import Document
    from tools.core.store.contract import Store
    from tools.core.store.files.documents.catalogue import Catalogue

FEW = 100
"""Documents of a kind that are read without the catalogue, finished ones too."""


class Question(NamedTuple):
    """Which documents are asked for: see Store.live."""

    kinds: tuple[str, ...]
    also: tuple[str, ...]
    newest: int


def read(store: Store, workspace: Workspace, question: Question) -> Live:
    """See Store."""
    if all(_are_few(workspace, kind) for kind in (CLAIMS, *question.kinds)):
        needed = (CLAIMS, ASSIGNMENTS) if ASSIGNMENTS in question.kinds else (CLAIMS,)
        return live.of_all(one_by_one.documents(store, needed), *question)
    known, newest = _known(workspace, question.newest)
    open_claims = {f"{CLAIMS}/{task}" for task in (*known.live, *known.unread)}
    documents = _read(store, open_claims | _also(workspace, known, newest, question))
    answer = live.of_all(documents, *question)
    counts = dict(known.counts)
    for name in open_claims & documents.keys():  # one that was edited in place may be over
        state = live.state(documents[name])
        if state and state not in LIVE:
            counts[state] = counts.get(state, 0) + 1
    return Live(answer.documents, counts)


def _known(workspace: Workspace, count: int) -> tuple[Catalogue, list[str]]:
    """The catalogue as it is now, and the tasks whose claims ended last."""
    if count:
        from tools.core.store.files.documents import bringing_up  # few ask for what is over

        return bringing_up.with_newest(workspace, count, time.time_ns())
    from tools.core.store.files.documents.current import current  # few documents need no catalogue

    return current(workspace, time.time_ns()), []


def _read(store: Store, names: set[str]) -> dict[str, Document | ToolkitError]:
    """The documents of these names, as far as there are any."""
    misnamed = {name for name in names if not ids.is_task(name.partition("/")[2])}
    documents = one_by_one.documents(store, tuple(sorted(names - misnamed)))
    return documents | {name: one_by_one.misnamed(store.where(name)) for name in misnamed}


def _also(workspace: Workspace, known: Catalogue, newest: list[str], question: Question) -> set[str]:
    """The documents that a question needs besides the claims that are not over."""
    from tools.core.store.files.documents.catalogue import facts  # see `_known`

    names = {f"{kind}/{task}" for kind in question.kinds for task in question.also if ids.is_task(task)}
    names = {name for name in names if facts(workspace.bus.child(f"{name}.json").path)}  # few have any
    names.update(f"{CLAIMS}/{task}" for task in newest)
    if ASSIGNMENTS in question.kinds:
        names.update(f"{ASSIGNMENTS}/{task}" for task in known.standing)
        names.update(f"{CLAIMS}/{task}" for task, state in known.standing.items() if state)
    return names


def _are_few(workspace: Workspace, kind: str) -> bool:
    folder = workspace.bus.child(kind).path
    with suppress(OSError), os.scandir(folder) as entries:
        return os.path.islink(folder) or all(count < FEW for count, _ in enumerate(entries, 1))
    return True
