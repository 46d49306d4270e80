"""What a writer does to a bus in files, under its lock: a commit, lines of another clone, a journal that was left.

The protocol of a commit, under the bus lock:

1. A journal that a dead process left is redone and removed.
2. Every version is compared.
3. One file: it is written. A record is one `write` at the end of the log; it is synced after the
   unlock, so that writers who wait share the flush, and before the caller hears of it. A document
   is built aside, synced, renamed, its folder synced.
4. Several files: the whole intent is written to `.journal`, synced and renamed in place; then
   applied, each file synced; then the journal is removed. From the rename on, the next process
   completes what this one began; before it, nothing has happened.

Redo is harmless: a record whose id is in the log behind the journal's mark is skipped, and a document is
replaced only while it is the one the journal expects. A last line without its line end is completed when
it is a record; else its write was never acknowledged: it moves to `.torn/`, and a `recovered` event says so.
"""

from __future__ import annotations

from tools.core.fs import append, files, locks
from tools.core.fs.append import sync
from tools.core.plain import TYPE_CHECKING
from tools.core.store.addresses import place_of
from tools.core.store.api import Append, Change, Expect, Replace, StaleVersion
from tools.core.store.files.transaction import (
    Transaction,
    as_written,
    is_absent,
    mend_tail,
    refuse_moved,
    refuse_other_case,
    refuse_twin,
)
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from tools.core.fs import folders
    from tools.core.store.contract import Store

MAX_JOURNAL = 1 << 28
"""Bytes of a journal that is read."""


class Writer:
    """The writer of a store, whose reader is told by `expire` that something was written."""

    def __init__(self, workspace: Workspace, store: Store, expire: Callable[[], None], patience: float) -> None:
        self._workspace = workspace
        self._store = store
        self._expire = expire
        self._patience = patience

    def commit(self, changes: Sequence[Change]) -> list[dict[str, object]]:
        """Writes the changes or none of them, and returns the records as written; StaleVersion where one is outdated."""
        changes = as_written(changes)
        if not self._store.exists():
            from tools.core import which_bus  # only the first record of a clone needs to know

            which_bus.require_none_elsewhere(self._workspace)
        with self._lock():
            refuse_moved(self._workspace)
            self._finish_journal()
            names: dict[str, folders.Names] = {}
            for change in changes:
                self._check(change, names)
            plan = Transaction(self._workspace, changes)
            if plan.is_single_append:
                to_sync = plan.append_one()
            else:
                to_sync = None
                self._apply_whole(plan)
            self._expire()
        if to_sync is not None:
            sync(to_sync, plan.streams[0][0])
        return plan.written

    def adopt(self, stream: str, lines: Sequence[bytes], behind: int = 0, agent: str = "") -> int:
        """Appends another clone's lines exactly as they are, but for those that are here; how many came.

        Only what the log has from byte `behind` on is compared; `agent` is who takes them in. Redo is
        harmless, so it needs no journal: what a dead process did not append is missing still.
        """
        from tools.core.store import merge  # only an exchange with another clone needs it

        place = place_of(self._workspace, stream)
        before = append.bytes_from(place, behind)
        if before is None:
            behind, before = 0, append.bytes_from(place, 0) or b""
        whole = before.rfind(b"\n") + 1  # a last line without its end may still be completed by its writer
        missing = merge.missing(merge.lines_of(before[:whole]), lines)
        if not missing:
            return 0
        with self._lock():
            refuse_moved(self._workspace)
            self._finish_journal()
            refuse_other_case(self._workspace, stream, {})
            later = append.bytes_from(place, behind + whole)
            if later is None:  # cut short meanwhile: what was compared may be gone
                later, missing = append.bytes_from(place, 0) or b"", list(lines)
            new = merge.missing(merge.lines_of(later), missing)
            if new:
                mend_tail(self._workspace, place, agent)
                sync(append.append_lines(self._workspace.torn, place, new), place)
        self._expire()
        return len(new)

    def recover(self) -> bool:
        """Completes a journal that a dead process left; whether there was one."""
        with self._lock():
            has_finished = self._finish_journal()
        self._expire()
        return has_finished

    def _lock(self) -> AbstractContextManager[None]:
        return locks.hold(self._workspace.bus, holder=self._workspace.cache.child("holder"), patience=self._patience)

    def _check(self, change: Change, names: dict[str, folders.Names]) -> None:
        """Raises where a change cannot be made; `names` are those of each folder, with what the changes before add."""
        if isinstance(change, Append):
            refuse_other_case(self._workspace, change.stream, names)
            return
        name = change.name if isinstance(change, Expect) else change.document
        if isinstance(change, Replace) and not change.expected and is_absent(self._workspace, name):
            refuse_twin(self._workspace, name, names)
            return
        if self._store.version(name) != change.expected:
            self._expire()
            raise StaleVersion(name)

    def _apply_whole(self, plan: Transaction) -> None:
        if plan.is_single_document:
            plan.apply(is_checked=True)
            return
        from tools.core.store.files import journal  # one record or one document needs none

        files.replace(self._workspace.journal, journal.dump(plan))
        plan.apply(is_checked=True)
        files.remove(self._workspace.journal)

    def _finish_journal(self) -> bool:
        data = files.read_bytes(self._workspace.journal, limit=MAX_JOURNAL)
        if data is None:
            return False
        from tools.core.store.files import journal

        journal.load(self._workspace, data).apply()
        files.remove(self._workspace.journal)
        return True
