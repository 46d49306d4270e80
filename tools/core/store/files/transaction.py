"""One commit, checked and laid out: which records go where, which documents become what.

It can be written down as the redo journal and read back by another process. Redo is harmless: a
record whose id is already behind the journal's mark is skipped, and a document is replaced only
while it is the one the journal expects.
"""

from __future__ import annotations

import os

from tools.core import clock, hint, ids
from tools.core.errors import UsageError
from tools.core.fs import append, files, jsonl
from tools.core.models.bus import EVENTS, MESSAGES, Event, stream_of
from tools.core.models.lenient import text_of
from tools.core.models.record import to_mapping
from tools.core.plain import TYPE_CHECKING, suppress
from tools.core.store.addresses import place_of, suffix_of
from tools.core.store.api import Append, Change, Replace, version_of
from tools.core.store.redacted import without_secrets
from tools.core.workspace import Place, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from tools.core.fs import folders


_MANY = 1 << 15
"""Bytes of a folder that has hundreds of files."""


def refuse_moved(workspace: Workspace) -> None:
    """SetupError for a write to files of a bus that moved to a server."""
    if os.path.lexists(workspace.signpost.path):
        from tools.core.store import signpost  # most buses never move

        signpost.refuse_moved(workspace)


def refuse_other_case(workspace: Workspace, stream: str, names: dict[str, folders.Names]) -> None:
    """Refuses a log that is new and differs only in case from another one; see `refuse_twin`."""
    is_thread = "/" in stream
    if is_thread and not files.exists(place_of(workspace, stream)) and is_absent(workspace, stream):
        refuse_twin(workspace, stream, names)  # most logs are there


def refuse_twin(workspace: Workspace, name: str, names: dict[str, folders.Names]) -> None:
    """No two ids may differ only in case: some file systems would make them one file.

    `name` is not there; `names` are those of each folder that was read for a commit, with what the commit adds.
    """
    kind, _, task = name.partition("/")
    if kind not in names:
        names[kind] = _names(workspace, kind)
    if twin := names[kind].twin(task + suffix_of(kind)).removesuffix(suffix_of(kind)):
        reason = f"{task!r} differs only in case from {twin!r}, which exists"
        raise UsageError(reason, code="id.case", hint=hint.again("--task", twin))


def is_absent(workspace: Workspace, name: str) -> bool:
    """Whether there is no such file; some file systems find one that differs in its case."""
    place = place_of(workspace, name)
    try:
        os.lstat(place.path)
    except FileNotFoundError:
        return True
    except OSError as problem:
        raise files.not_a_file(place, problem) from problem
    folder, _, file = place.name.rpartition("/")
    return file not in files.names_in(Place(place.base, folder))


def _names(workspace: Workspace, kind: str) -> folders.Names:
    """The names in a folder, which is read once for a commit, or not at all where the catalogue has them."""
    from tools.core.fs import folders  # few names are new

    place, listed = workspace.bus.child(kind), ""
    with suppress(OSError):
        folder, kept = os.stat(place.path), os.stat(workspace.catalogue.path)
        if folder.st_size > _MANY and kept.st_mtime_ns >= folder.st_mtime_ns:
            from tools.core.store.files.documents import catalogue  # else listing the folder costs less

            listed = catalogue.listed_names(workspace, kind)
    return folders.Names(place, listed)


class Transaction:
    """A commit that has been checked: which records go where, which documents become what."""

    def __init__(self, workspace: Workspace, changes: Iterable[Change]) -> None:
        self._workspace = workspace
        self.streams: list[tuple[Place, list[dict[str, object]]]] = []
        self._marks: dict[str, int] = {}
        self._replaced = [change for change in changes if isinstance(change, Replace)]
        self.written: list[dict[str, object]] = []
        for change in changes:
            if isinstance(change, Append):
                self._add(change.stream, dict(change.record))
        self._announce_torn_tails()

    def _add(self, stream: str, record: dict[str, object]) -> None:
        place = place_of(self._workspace, stream)
        self.written.append(record)
        for target, waiting in self.streams:
            if target == place:
                waiting.append(record)
                return
        self.streams.append((place, [record]))
        size, torn = append.tail_of(place)
        self._marks.setdefault(place.name, size - len(torn))

    def _announce_torn_tails(self) -> None:
        """One `recovered` event for each log whose last line will be moved away, unless a journal has it."""
        for place, waiting in list(self.streams):
            _, torn = append.tail_of(place)
            if torn and not append.is_record(torn) and not self._announces(place):
                self._add(EVENTS, recovered(place, len(torn), waiting[0]))

    def _announces(self, place: Place) -> bool:
        records = (record for target, waiting in self.streams if target == self._workspace.events for record in waiting)
        return any(record.get("event") == "recovered" and place.name in str(record.get("meta")) for record in records)

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
        return append.append(self._workspace.torn, place, waiting)

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
    def from_journal(cls, workspace: Workspace, intent: Mapping[str, Any]) -> Transaction:
        """A plan that another process wrote down; KeyError and the like when it did not."""
        plan = cls(workspace, ())
        for part in intent["appends"]:
            place = place_of(workspace, stream_name(part["name"]))
            waiting = [dict(record) for record in part["records"]]
            plan._marks[place.name] = int(part["mark"])
            if plan._marks[place.name] < 0 or not all(ids.is_record(record.get("id")) for record in waiting):
                raise ValueError("an append without a mark or a record without an id")
            plan.streams.append((place, waiting))
        for part in intent["documents"]:
            place_of(workspace, part["name"])
            plan._replaced.append(Replace(part["name"], dict(part["content"]), part["expected"]))
        plan._announce_torn_tails()
        return plan

    def apply(self, *, is_checked: bool = False) -> None:
        """Does what is not yet done, and syncs all of it; `is_checked` where every document is at its version."""
        for place, waiting in self.streams:
            present = append.ids_behind(place, self._marks.get(place.name, 0))
            missing = [record for record in waiting if record.get("id") not in present]
            descriptor = append.append(self._workspace.torn, place, missing)
            append.sync(descriptor, place)
        due: dict[str, list[tuple[Place, bytes]]] = {}
        for change in self._replaced:
            place = place_of(self._workspace, change.document)
            if is_checked or version_of(files.read_bytes(place)) == change.expected:
                due.setdefault(change.document.partition("/")[0], []).append((place, files.dump_json(change.content)))
        for contents in due.values():
            if len(contents) == 1:
                files.replace(*contents[0])
                continue
            from tools.core.fs import together  # only an exchange brings many

            together.replace(contents)


def stream_name(path: str) -> str:
    """The stream whose file has this path in a bus; ValueError when it is none."""
    parts = path.split("/")
    if parts[1:] == ["events", "events.jsonl"]:
        return EVENTS
    if len(parts) == 3 and parts[1] == MESSAGES and parts[2].endswith(".jsonl"):
        return stream_of(parts[2].removesuffix(".jsonl"))
    raise ValueError(f"{path} is no stream")


def recovered(place: Place, size: int, cause: Mapping[str, object]) -> dict[str, object]:
    """The event that tells of an unfinished last line that was moved aside, in the name of the agent that met it."""
    agent = text_of(cause.get("agent_id") or cause.get("from"))
    return to_mapping(
        Event(
            id=ids.new_record_id(),
            ts=clock.to_text(clock.now()),
            agent_id=agent,
            event="recovered",
            summary=f"moved an unfinished last line of {place.name} ({size} bytes) to _bus/.torn/",
            meta={"stream": place.name, "bytes": str(size)},
        )
    )


def mend_tail(workspace: Workspace, place: Place, agent: str) -> None:
    """Moves an unfinished last line aside and records that, as a commit does; under the lock."""
    _, torn = append.tail_of(place)
    if not torn or append.is_record(torn):
        return
    append.sync(append.append(workspace.torn, place, []), place)
    notice = Append(EVENTS, recovered(place, len(torn), {"agent_id": agent}))
    append.sync(Transaction(workspace, [notice]).append_one(), workspace.events)


# -- what is written -------------------------------------------------------------------------------


def as_written(changes: Sequence[Change]) -> list[Change]:
    """Changes with secrets replaced, so that they are also not shown; UsageError for a record that is too long."""
    written = without_secrets(changes)
    for change in written:
        if isinstance(change, Append):
            jsonl.encode({**change.record, "prev": "0" * 16})
    return written
