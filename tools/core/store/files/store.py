"""The store in `_bus/`: the only module that knows how streams and documents lie in files.

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

import os

from tools.core import clock, hint
from tools.core.clock import datetime
from tools.core.errors import DataError, ToolkitError
from tools.core.fs import files, jsonl, locks
from tools.core.models.lenient import shortcoming
from tools.core.plain import TYPE_CHECKING, suppress
from tools.core.problem import Problem
from tools.core.store.addresses import address_of
from tools.core.store.api import Append, Change, Document, Expect, Live, Replace, StaleVersion
from tools.core.store.files import append
from tools.core.store.files.append import sync
from tools.core.store.files.index import marks
from tools.core.store.files.transaction import (
    Transaction,
    as_written,
    is_absent,
    is_stream,
    mend_tail,
    place_of,
    refuse_moved,
    refuse_other_case,
    suffix_of,
    version_of,
)
from tools.core.workspace import Place, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    from tools.core.fs import folders
    from tools.core.hint import Note
    from tools.core.store.files.history import FileHistory

MAX_JOURNAL = 1 << 28
"""Bytes of a journal that is read."""


class FileStore:
    """The store in `_bus/`; `remark` hears what a reader should know of its history."""

    def __init__(
        self,
        workspace: Workspace,
        remark: Callable[[Sequence[str | Note]], None] = lambda _: None,
        *,
        patience: float = locks.PATIENCE,
    ) -> None:
        self._workspace = workspace
        self._patience = patience
        self._remark = remark
        self._history: FileHistory | None = None

    @property
    def history(self) -> FileHistory:
        """See Store."""
        if self._history is None:
            from tools.core.store.files.history import FileHistory  # most writers never ask

            self._history = FileHistory(self._workspace, self, self._remark)
        return self._history

    def now(self) -> datetime:
        """See Store; the machine's clock."""
        return clock.now()

    # -- reading: never waits for the lock ---------------------------------------------------
    def read(self, stream: str, start: int = 0) -> jsonl.Reading:
        """See Store."""
        place = self.place(stream)
        reading = jsonl.read(place, start)
        records = [stored for stored in reading.records if not shortcoming(stored.record)]
        if len(records) == len(reading.records):
            return reading
        problems = [_no_record(place, stored) for stored in reading.records if shortcoming(stored.record)]
        return jsonl.Reading(records, sorted([*reading.problems, *problems], key=lambda problem: problem.line))

    def tail(
        self, stream: str, count: int, accepts: Callable[[dict[str, object]], bool] | None = None
    ) -> jsonl.Reading:
        """See Store."""
        place = self.place(stream)
        records: list[jsonl.StoredRecord] = []
        problems: list[Problem] = []
        with suppress(FileNotFoundError), files.opened(place) as descriptor:
            for line in jsonl.lines_backwards(descriptor):
                if len(records) >= count:
                    break
                outcome = jsonl.examine(place, line, None)
                if isinstance(outcome, jsonl.StoredRecord) and shortcoming(outcome.record):
                    outcome = _no_record(place, outcome)
                if isinstance(outcome, Problem):
                    problems.append(outcome)
                elif outcome and (accepts is None or accepts(outcome.record)):
                    records.append(outcome)
        return jsonl.Reading(records[::-1], problems[::-1])

    def lines(self, stream: str) -> Iterator[jsonl.Line]:
        """See Store; the name is one of `names`, be it an id or not."""
        return jsonl.lines(Place(self._workspace.bus_root, self.where(stream)))

    def content(self, document: str) -> bytes | None:
        """See Store; the name is one of `names`, be it an id or not."""
        return files.read_bytes(Place(self._workspace.bus_root, self.where(document)))

    def get(self, document: str) -> Document | None:
        """See Store."""
        place = self.place(document)
        data = files.read_bytes(place)
        if data is None:
            return None
        try:
            return Document(files.parse_object(data, place.name), version_of(data))
        except DataError as error:
            error.hint = hint.tool("maintenance.bus_repair")
            raise

    def documents(self, *names: str) -> dict[str, Document | ToolkitError]:
        """See Store."""
        from tools.core.store import one_by_one  # most records need none

        return one_by_one.documents(self, names)

    def names(self, kind: str) -> list[str]:
        """See Store."""
        suffix = suffix_of(kind)
        names = files.names_in(self._workspace.bus.child(kind), suffix)
        return [name.removesuffix(suffix) for name in names]

    def live(self, *kinds: str, also: Collection[str] = (), newest: int = 0) -> Live:
        """See Store."""
        from tools.core.store.files import live

        question = live.Question(kinds, tuple(also), newest)
        return live.read(self, self._workspace, lambda: self.history.index, question)

    def strays(self, kind: str) -> list[str]:
        """See Store."""
        folder = self._workspace.bus.child(kind)
        return [f"{folder.name}/{name}" for name in files.names_in(folder) if not name.endswith(suffix_of(kind))]

    def where(self, name: str) -> str:
        """See Store."""
        return address_of(name)

    def exists(self) -> bool:
        """See Store."""
        return os.path.isdir(self._workspace.bus.path)

    def place(self, name: str) -> Place:
        """Where a stream or a document lies; UsageError for a name that is not an id."""
        return place_of(self._workspace, name)

    # -- writing -----------------------------------------------------------------------------
    def commit(self, changes: Sequence[Change]) -> list[dict[str, object]]:
        """See Store."""
        changes = as_written(changes)
        if not self.exists():
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
            self._expire_history()
        if to_sync is not None:
            sync(to_sync, plan.streams[0][0])
        if self._history is None and marks.has_lost(self._workspace):  # else who asked it was told
            self._remark([loss.note(self.where(loss.stream)) for loss in self.history.losses()])
        return plan.written

    def adopt(self, stream: str, lines: Sequence[bytes], behind: int = 0, agent: str = "") -> int:
        """Appends another clone's lines exactly as they are, but for those that are here; how many came.

        Only what the log has from byte `behind` on is compared; `agent` is who takes them in. Redo is
        harmless, so it needs no journal: what a dead process did not append is missing still.
        """
        from tools.core.store import merge  # only an exchange with another clone needs it

        place = self.place(stream)
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
        self._expire_history()
        return len(new)

    def recover(self) -> bool:
        """Completes a journal that a dead process left; whether there was one."""
        with self._lock():
            has_finished = self._finish_journal()
        self._expire_history()
        return has_finished

    def close(self) -> None:
        """See Store."""
        if self._history is not None:
            self._history.close()

    def _expire_history(self) -> None:
        if self._history is not None:
            self._history.refresh()

    def _lock(self) -> AbstractContextManager[None]:
        return locks.hold(self._workspace.bus, holder=self._workspace.cache.child("holder"), patience=self._patience)

    def _check(self, change: Change, names: dict[str, folders.Names]) -> None:
        """Raises where a change cannot be made; `names` are those of each folder, with what the changes before add."""
        if isinstance(change, Append):
            refuse_other_case(self._workspace, change.stream, names)
            return
        name = change.name if isinstance(change, Expect) else change.document
        if isinstance(change, Replace) and not change.expected and is_absent(self._workspace, name, names):
            refuse_other_case(self._workspace, name, names)
            return
        if self.version(name) != change.expected:
            self._expire_history()
            raise StaleVersion(name)

    def version(self, name: str) -> str:
        """See Store."""
        place = self.place(name)
        if not is_stream(name):
            return version_of(files.read_bytes(place))
        with suppress(FileNotFoundError), files.opened(place) as descriptor:
            last = jsonl.last_line(descriptor)
            return f"{last.end}-{last.hash}" if last else ""
        return ""

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


def _no_record(place: Place, stored: jsonl.StoredRecord) -> Problem:
    number = stored.number or jsonl.number_of(place, stored.line.offset)
    return Problem(place.name, number, shortcoming(stored.record), jsonl.UNREADABLE)
