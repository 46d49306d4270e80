"""The bus as streams and documents, behind four verbs: read, tail, get, commit.

A *stream* is a log that only grows (`events`, `messages/<task>`); a *document* is replaced whole
(`claims/<task>`, `assignments/<task>`). `commit` takes all its changes or none: each document must
still have the version the caller decided on, else `StaleVersion` and nothing is written. This is the
only module that knows they are files; the contract in tests/core/test_store_contract.py is what
another store must pass.

The protocol of a commit, under the bus lock:

1. A journal that a dead process left is redone and removed.
2. Every version is compared.
3. One file: it is written. A record is one `write` at the end of the log; it is synced after the
   unlock, so that writers who wait share the flush, and before the caller hears of it. A document
   is built aside, synced, renamed, its folder synced.
4. Several files: the whole intent is written to `.journal`, synced and renamed in place; then
   applied, each file synced; then the journal is removed. From the rename on, the next process
   completes what this one began; before it, nothing has happened.

Redo is harmless: a record whose id is already in the log behind the journal's mark is skipped, and a
document is replaced only while it is the one the journal expects. A last line without its line end
is completed when it is a record; when it is not, nobody was ever told of it: it moves to `.torn/`
and a `recovered` event says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from tools.core import clock, files, ids, jsonl, locks, records
from tools.core.digests import sha256_hex
from tools.core.errors import BusyError, DataError, UsageError
from tools.core.workspace import Place, Workspace

EVENTS = "events"
CLAIMS = "claims"
ASSIGNMENTS = "assignments"
MESSAGES = "messages"


class Document(NamedTuple):
    """A document as it was read; `version` is what a later commit must still find."""

    content: dict[str, object]
    version: str


class Append(NamedTuple):
    """One more record at the end of a stream; the store adds `prev`."""

    stream: str
    record: Mapping[str, object]


class Replace(NamedTuple):
    """A document's new content; `expected` is the version it replaces, "" where there was none."""

    document: str
    content: Mapping[str, object]
    expected: str


class Expect(NamedTuple):
    """A document this commit depends on but does not change."""

    document: str
    expected: str


Change = Append | Replace | Expect


class StaleVersion(Exception):
    """A document is no longer the one the caller decided on: read it again and decide anew."""


class Store(Protocol):
    """What every store of the bus offers; `names` lists what can be asked for."""

    def read(self, stream: str, start: int = 0) -> jsonl.Reading:
        """All records of a stream, oldest first, and the lines that could not be read."""

    def tail(self, stream: str, count: int, wanted: Callable[[dict[str, object]], bool] | None = None) -> jsonl.Reading:
        """The last `count` records (that are wanted), oldest first, read from the end."""

    def get(self, document: str) -> Document | None:
        """A document; None where there is none; DataError when it cannot be read."""

    def commit(self, changes: Sequence[Change]) -> list[dict[str, object]]:
        """Makes all changes durable, or none; returns the records as they were written."""

    def names(self, kind: str) -> list[str]:
        """The names of all documents or streams of a kind, sorted."""


def stream_of(task: str) -> str:
    """The stream that is a task's thread."""
    return f"{MESSAGES}/{task}"


class FileStore:
    """The store in `_bus/`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    # -- reading: never waits for the lock ---------------------------------------------------
    def read(self, stream: str, start: int = 0) -> jsonl.Reading:
        """See Store."""
        return jsonl.read(self.place(stream), start)

    def tail(self, stream: str, count: int, wanted: Callable[[dict[str, object]], bool] | None = None) -> jsonl.Reading:
        """See Store."""
        place = self.place(stream)
        found: list[jsonl.Found] = []
        problems: list[jsonl.Problem] = []
        with suppress(FileNotFoundError), files.opened(place) as descriptor:
            for line in jsonl.lines_backwards(descriptor):
                if len(found) >= count:
                    break
                outcome = jsonl.examine(place, line, None)
                if isinstance(outcome, jsonl.Problem):
                    problems.append(outcome)
                elif outcome and (wanted is None or wanted(outcome.record)):
                    found.append(outcome)
        return jsonl.Reading(found[::-1], problems[::-1])

    def get(self, document: str) -> Document | None:
        """See Store."""
        place = self.place(document)
        data = files.read_bytes(place)
        if data is None:
            return None
        return Document(files.parse_object(data, place.name), _version(data))

    def names(self, kind: str) -> list[str]:
        """See Store."""
        suffix = ".jsonl" if kind == MESSAGES else ".json"
        names = files.names_in(self._workspace.bus.child(kind), suffix)
        return [name.removesuffix(suffix) for name in names]

    def place(self, name: str) -> Place:
        """Where a stream or a document lies; UsageError for a name that is not an id."""
        kind, _, task = name.partition("/")
        if kind == EVENTS and not task:
            return self._workspace.events
        make = {
            CLAIMS: self._workspace.claim,
            ASSIGNMENTS: self._workspace.assignment,
            MESSAGES: self._workspace.thread,
        }[kind]
        return make(ids.require_task(task))

    # -- writing -----------------------------------------------------------------------------
    def commit(self, changes: Sequence[Change]) -> list[dict[str, object]]:
        """See Store."""
        for change in changes:
            _refuse_too_long(change)
        with locks.hold(self._workspace.bus, holder=self._workspace.cache.child("holder")):
            self._finish_journal()
            for change in changes:
                self._check(change)
            plan = _Plan(self, changes)
            if plan.is_single_append:
                to_sync = plan.append_one()
            else:
                to_sync = None
                self._apply_whole(plan)
        if to_sync is not None:
            _sync(to_sync, plan.streams[0][0])
        return plan.written

    def recover(self) -> bool:
        """Completes a journal that a dead process left; whether there was one."""
        with locks.hold(self._workspace.bus, holder=self._workspace.cache.child("holder")):
            return self._finish_journal()

    def torn_folder(self) -> Place:
        """Where unfinished last lines are kept."""
        return self._workspace.torn

    def _check(self, change: Change) -> None:
        if isinstance(change, Append):
            self._refuse_other_case(change.stream)
            return
        if self.version(change.document) != change.expected:
            raise StaleVersion(change.document)
        if isinstance(change, Replace) and not change.expected:
            self._refuse_other_case(change.document)

    def version(self, document: str) -> str:
        """The version of a document now; "" where there is none."""
        data = files.read_bytes(self.place(document))
        return "" if data is None else _version(data)

    def _refuse_other_case(self, name: str) -> None:
        """No two ids may differ only in case: some file systems would make them one file."""
        kind, _, task = name.partition("/")
        if not task or files.exists(self.place(name)):
            return
        folded = task.casefold()
        for other in self.names(kind):
            if other.casefold() == folded and other != task:
                raise UsageError(
                    f"{task!r} differs only in case from {other!r}, which exists",
                    code="id.case",
                    hint=f"--task {other}",
                )

    def _apply_whole(self, plan: _Plan) -> None:
        if plan.is_single_document:
            plan.apply()
            return
        journal = self._workspace.journal
        files.replace(journal, files.dump_json(plan.as_journal()))
        plan.apply()
        files.remove(journal)

    def _finish_journal(self) -> bool:
        data = files.read_bytes(self._workspace.journal, limit=1 << 28)
        if data is None:
            return False
        try:
            intent = files.parse_object(data, self._workspace.journal.name)
            plan = _Plan.from_journal(self, intent)
        except (DataError, UsageError, KeyError, TypeError, ValueError, AttributeError) as problem:
            raise DataError(
                f"{self._workspace.journal.name}:1: not a journal of this toolkit ({problem})",
                code="bus.journal",
                hint="python -m tools.maintenance.bus_repair",
            ) from problem
        plan.apply()
        files.remove(self._workspace.journal)
        return True


class _Plan:
    """A commit that has been checked: which records go where, which documents become what."""

    def __init__(self, store: FileStore, changes: Iterable[Change]) -> None:
        self._store = store
        self.streams: list[tuple[Place, list[dict[str, object]]]] = []
        self._marks: dict[str, int] = {}
        self._replaced = [change for change in changes if isinstance(change, Replace)]
        self.written: list[dict[str, object]] = []
        for change in changes:
            if isinstance(change, Append):
                self._add(change.stream, dict(change.record))
        self._announce_torn_tails()

    def _add(self, stream: str, record: dict[str, object]) -> None:
        place = self._store.place(stream)
        self.written.append(record)
        for known, waiting in self.streams:
            if known == place:
                waiting.append(record)
                return
        self.streams.append((place, [record]))
        size, torn = _tail_state(place)
        self._marks.setdefault(place.name, size - len(torn))

    def _announce_torn_tails(self) -> None:
        """One `recovered` event for each log whose last line will be moved away."""
        for place, waiting in list(self.streams):
            _, torn = _tail_state(place)
            if torn and not _is_record(torn):
                self._add(EVENTS, _recovered(place, len(torn), waiting[0]))

    @property
    def is_single_append(self) -> bool:
        """Whether one write to one log is all there is to do."""
        return len(self.streams) == 1 and len(self.streams[0][1]) == 1 and not self._replaced

    @property
    def is_single_document(self) -> bool:
        """Whether one document, and no log, is all there is to change."""
        return not self.streams and len(self._replaced) <= 1

    def append_one(self) -> int:
        """Writes the one record; returns a descriptor to be synced once the lock is free."""
        place, waiting = self.streams[0]
        return _append(self._store, place, waiting)

    def as_journal(self) -> dict[str, object]:
        """The whole intent, as `from_journal` reads it."""
        return {
            "appends": [
                {"name": place.name, "mark": self._marks.get(place.name, 0), "records": waiting}
                for place, waiting in self.streams
            ],
            "documents": [
                {"name": change.document, "expected": change.expected, "content": dict(change.content)}
                for change in self._replaced
            ],
        }

    @classmethod
    def from_journal(cls, store: FileStore, intent: Mapping[str, Any]) -> _Plan:
        """A plan that another process wrote down; KeyError and the like when it did not."""
        plan = cls(store, ())
        for part in intent["appends"]:
            place = store.place(stream_name(part["name"]))
            plan._marks[place.name] = int(part["mark"])
            plan.streams.append((place, [dict(record) for record in part["records"]]))
        for part in intent["documents"]:
            store.place(part["name"])
            plan._replaced.append(Replace(part["name"], dict(part["content"]), part["expected"]))
        plan._announce_torn_tails()
        return plan

    def apply(self) -> None:
        """Does what is not yet done, and syncs all of it."""
        for place, waiting in self.streams:
            present = _ids_behind(place, self._marks.get(place.name, 0))
            missing = [record for record in waiting if record.get("id") not in present]
            descriptor = _append(self._store, place, missing)
            _sync(descriptor, place)
        for change in self._replaced:
            place = self._store.place(change.document)
            if self._store.version(change.document) == change.expected:
                files.replace(place, files.dump_json(change.content))


def stream_name(path: str) -> str:
    """The stream whose file has this path in a bus; ValueError when it is none."""
    parts = path.split("/")
    if parts[1:] == ["events", "events.jsonl"]:
        return EVENTS
    if len(parts) == 3 and parts[1] == MESSAGES and parts[2].endswith(".jsonl"):
        return stream_of(parts[2].removesuffix(".jsonl"))
    raise ValueError(f"{path} is no stream")


def _refuse_too_long(change: Change) -> None:
    """A record that cannot be written is refused before anything is locked."""
    if isinstance(change, Append):
        jsonl.encode({**change.record, "prev": "0" * 16})


def _version(data: bytes) -> str:
    return sha256_hex(data)


def _tail_state(place: Place) -> tuple[int, bytes]:
    """The size of a log, and its last line where that has no line end."""
    try:
        with files.opened(place) as descriptor:
            size = os.fstat(descriptor).st_size
            if not size or os.pread(descriptor, 1, size - 1) == b"\n":
                return size, b""
            last = next(jsonl.lines_backwards(descriptor))
            return size, os.pread(descriptor, size - last.offset, last.offset)
    except FileNotFoundError:
        return 0, b""


def _is_record(raw: bytes) -> bool:
    try:
        jsonl.parse(raw)
    except ValueError:
        return False
    return True


def _recovered(place: Place, size: int, cause: Mapping[str, object]) -> dict[str, object]:
    agent = records.text_of(cause.get("agent_id") or cause.get("from"))
    return records.to_mapping(
        records.Event(
            id=ids.new_record_id(),
            ts=clock.to_text(clock.now()),
            agent_id=agent,
            event="recovered",
            summary=f"moved an unfinished last line of {place.name} ({size} bytes) to _bus/.torn/",
            meta={"stream": place.name, "bytes": str(size)},
        )
    )


def _ids_behind(place: Place, mark: int) -> set[object]:
    try:
        with files.opened(place) as descriptor:
            size = os.fstat(descriptor).st_size
    except FileNotFoundError:
        return set()
    start = mark if mark <= size else 0
    return {found.record.get("id") for found in jsonl.read(place, start).found}


def _append(store: FileStore, place: Place, waiting: Sequence[dict[str, object]]) -> int:
    """Appends records in one write, after mending the tail; the descriptor is the caller's to sync."""
    with files.folder_of(place, create=True) as folder, files.writable(place):
        is_new = False
        try:
            descriptor = files.open_in(folder, place, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            descriptor = files.open_in(folder, place, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            is_new = True
        try:
            _mend_tail(store, place, descriptor)
            _write_records(descriptor, waiting)
            if is_new:
                os.fsync(descriptor)
                os.fsync(folder)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def _write_records(descriptor: int, waiting: Sequence[dict[str, object]]) -> None:
    if not waiting:
        return
    last = jsonl.last_line(descriptor)
    prev = last.hash if last else ""
    lines = []
    for record in waiting:
        record.pop("prev", None)
        if prev:
            record["prev"] = prev
        raw = jsonl.encode(record)
        prev = jsonl.line_hash(raw)
        lines.append(raw + b"\n")
    data = b"".join(lines)
    size = os.fstat(descriptor).st_size
    try:
        files.write_whole(descriptor, data)
    except OSError:
        with suppress(OSError):  # what was begun was never acknowledged; leave no torn tail behind
            os.ftruncate(descriptor, size)
        raise


def _mend_tail(store: FileStore, place: Place, descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    if not size or os.pread(descriptor, 1, size - 1) == b"\n":
        return
    last = next(jsonl.lines_backwards(descriptor))
    torn = os.pread(descriptor, size - last.offset, last.offset)
    if _is_record(torn):
        files.write_whole(descriptor, b"\n")
        return
    keep_torn(store, place, torn)
    os.ftruncate(descriptor, last.offset)


def keep_torn(store: FileStore, place: Place, torn: bytes) -> None:
    """Keeps a copy of bytes that are about to leave a log."""
    name = f"{os.path.basename(place.name)}-{clock.file_stamp(clock.now())}"
    folder = store.torn_folder()
    for number in range(1, 10_000):
        with suppress(FileExistsError):
            files.create(folder.child(name if number == 1 else f"{name}-{number}"), torn)
            return
    raise DataError(f"{folder.name} is full of torn lines", code="bus.torn")


def _sync(descriptor: int, place: Place) -> None:
    try:
        with files.writable(place):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def retry_stale(attempt: Callable[[], Any], limit: int = 1000) -> Any:
    """Runs read-decide-commit again while others change what it read; each round one of them won."""
    for _ in range(limit):
        try:
            return attempt()
        except StaleVersion:
            continue
    raise BusyError("the bus kept changing under this command", code="store.contention")
