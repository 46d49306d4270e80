"""The store in `_bus/`: the verbs over files.

Readers never wait for the lock; what a writer does under it is in `writing`, which no reader loads.
"""

from __future__ import annotations

import os

from tools.core import clock, hint
from tools.core.clock import datetime
from tools.core.errors import DataError, ToolkitError
from tools.core.fs import files, jsonl, locks
from tools.core.models.lenient import shortcoming
from tools.core.plain import TYPE_CHECKING, cached_property, suppress
from tools.core.problem import Problem
from tools.core.store.addresses import address_of, is_stream, place_of, suffix_of
from tools.core.store.api import Change, Document, Live, StaleVersion, version_of
from tools.core.store.files.index import marks
from tools.core.workspace import Place, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tools.core.hint import Note
    from tools.core.store.files.history import FileHistory
    from tools.core.store.files.writing import Writer


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
        from tools.core.store.files.documents import live

        return live.read(self, self._workspace, live.Question(kinds, tuple(also), newest))

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

    def require_one_moment(self, versions: Mapping[str, str]) -> None:
        """See Store; a commit of several files has a journal until the last is written."""
        if self._are_being_changed(versions):
            self.recover()  # waits for who is at it; what a dead process left is completed
            raise StaleVersion(*versions)
        for name, version in versions.items():
            if self.version(name) != version:
                self._expire_history()
                raise StaleVersion(name)

    def _are_being_changed(self, names: Iterable[str]) -> bool:
        try:
            data = files.read_bytes(self._workspace.journal)
        except DataError:  # too large to look through, or no journal: a writer says what it is
            return True
        return data is not None and any(f'"{name}"'.encode() in data for name in names)

    # -- writing -----------------------------------------------------------------------------
    def commit(self, changes: Sequence[Change]) -> list[dict[str, object]]:
        """See Store."""
        written = self._writer.commit(changes)
        if self._history is None and marks.has_lost(self._workspace):  # else who asked it was told
            self._remark([loss.note(self.where(loss.stream)) for loss in self.history.losses()])
        return written

    def adopt(self, stream: str, lines: Sequence[bytes], behind: int = 0, agent: str = "") -> int:
        """See Store."""
        return self._writer.adopt(stream, lines, behind, agent)

    def recover(self) -> bool:
        """Completes a journal that a dead process left; whether there was one."""
        return self._writer.recover()

    @cached_property
    def _writer(self) -> Writer:
        from tools.core.store.files.writing import Writer  # a reader needs nothing of it

        return Writer(self._workspace, self, self._expire_history, self._patience)

    def close(self) -> None:
        """See Store."""
        if self._history is not None:
            self._history.close()

    def _expire_history(self) -> None:
        if self._history is not None:
            self._history.refresh()

    def version(self, name: str) -> str:
        """See Store."""
        place = self.place(name)
        if not is_stream(name):
            return version_of(files.read_bytes(place))
        with suppress(FileNotFoundError), files.opened(place) as descriptor:
            last = jsonl.last_line(descriptor)
            return f"{last.end}-{last.hash}" if last else ""
        return ""


def _no_record(place: Place, stored: jsonl.StoredRecord) -> Problem:
    number = stored.number or jsonl.number_of(place, stored.line.offset)
    return Problem(place.name, number, shortcoming(stored.record), jsonl.UNREADABLE)
