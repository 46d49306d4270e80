"""The store in PostgreSQL: the only module of it that writes.

The first question of a process also asks for the version of the schema, the clock of the server and whether
the bus still has what this clone has seen of it. A commit is one message to a function of the schema; agents
have no right to write any table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from tools.core import clock, hint, ids
from tools.core.errors import DataError, ToolkitError
from tools.core.fs import files, jsonl
from tools.core.models.claim_state import LIVE as LIVE_STATES
from tools.core.problem import Problem
from tools.core.store import live, merge
from tools.core.store.addresses import address_of
from tools.core.store.api import Change, Document, Live, StaleVersion, retry_stale
from tools.core.store.one_by_one import misnamed
from tools.core.store.postgres import commit, driver
from tools.core.store.postgres.commit import require_name
from tools.core.store.postgres.documents import LIVE, NAMED
from tools.core.store.postgres.lines import backwards, examined, is_readable, numbered
from tools.core.store.postgres.opening import Bus
from tools.core.store.redacted import without_secrets
from tools.core.store.signpost import Address
from tools.core.workspace import Workspace

if TYPE_CHECKING:
    from tools.core.store.postgres.history import PostgresHistory

_BATCH = 2000
_SAME_CLOCK = 1.0
"""Seconds by which two clocks may differ that count as the same, because stamps have whole ones."""


class PostgresStore:
    """The store of a bus on a server; `token` is the signpost's."""

    def __init__(self, workspace: Workspace, address: Address, token: str = "") -> None:
        self._bus = Bus(workspace, address, token)
        self._history: PostgresHistory | None = None

    @property
    def history(self) -> PostgresHistory:
        """See Store."""
        if self._history is None:
            from tools.core.store.postgres.history import PostgresHistory

            self._history = PostgresHistory(self._bus)
        return self._history

    def now(self) -> datetime:
        """See Store; what the server's answer needed to come here is no difference of clocks."""
        ahead = self._bus.opened.ahead
        return clock.now() + timedelta(seconds=round(ahead) if abs(ahead) >= _SAME_CLOCK else 0)

    # -- reading -----------------------------------------------------------------------------
    def read(self, stream: str, start: int = 0) -> jsonl.Reading:
        """See Store."""
        records: list[jsonl.StoredRecord] = []
        problems: list[Problem] = []
        for number, line in numbered(self._bus.ask, require_name(stream), start):
            outcome = examined(self.where(stream), number, line)
            if isinstance(outcome, Problem):
                problems.append(outcome)
            elif outcome is not None:
                records.append(outcome)
        return jsonl.Reading(records, problems)

    def tail(
        self, stream: str, count: int, accepts: Callable[[dict[str, object]], bool] | None = None
    ) -> jsonl.Reading:
        """See Store."""
        records: list[jsonl.StoredRecord] = []
        problems: list[Problem] = []
        for number, line in backwards(self._bus.ask, require_name(stream)) if count else ():
            if len(records) >= count:
                break
            outcome = examined(self.where(stream), number, line)
            if isinstance(outcome, Problem):
                problems.append(outcome)
            elif outcome and (accepts is None or accepts(outcome.record)):
                records.append(outcome)
        return jsonl.Reading(records[::-1], problems[::-1])

    def lines(self, stream: str) -> Iterator[jsonl.Line]:
        """See Store."""
        return (line for _, line in numbered(self._bus.ask, stream, 0))

    def content(self, document: str) -> bytes | None:
        """See Store."""
        rows = self._bus.ask("SELECT content FROM teof.documents WHERE bus = :bus AND name = %s", document)
        return bytes(rows[0][0]) if rows else None

    def get(self, document: str) -> Document | None:
        """See Store."""
        sql = "SELECT content, version FROM teof.documents WHERE bus = :bus AND name = %s"
        rows = self._bus.ask(sql, require_name(document))
        return self._document(document, *rows[0]) if rows else None

    def documents(self, *names: str) -> dict[str, Document | ToolkitError]:
        """See Store."""
        kinds = [f"{name}/" for name in names if "/" not in name]
        return self._judged(self._bus.ask(NAMED, [require_name(name) for name in names if "/" in name], kinds))

    def _judged(self, rows: Iterable[tuple[str, Any, str]]) -> dict[str, Document | ToolkitError]:
        answer: dict[str, Document | ToolkitError] = {}
        for name, content, version in rows:
            is_named = ids.is_task(name.partition("/")[2])
            try:
                answer[name] = self._document(name, content, version) if is_named else misnamed(self.where(name))
            except DataError as error:
                answer[name] = error
        return answer

    def live(self, *kinds: str, also: Collection[str] = (), newest: int = 0) -> Live:
        """See Store."""
        rows = self._bus.ask(LIVE, [f"{kind}/{task}" for kind in kinds for task in also], newest)
        documents = self._judged(
            (row[0], row[1], row[2]) for row in sorted(rows, key=itemgetter(0)) if row[1] is not None
        )
        answer = live.of_all(documents, kinds, also, newest)
        finished = {state: int(count) for state, content, count, _ in rows if content is None}
        for name in (row[0] for row in rows if row[1] is not None and row[3] is None):  # the server could not read it
            if (state := live.state(documents[name])) not in ("", *LIVE_STATES):
                finished[state] = finished.get(state, 0) + 1
        return Live(answer.documents, finished)

    def _document(self, name: str, content: Any, version: str) -> Document:
        try:
            return Document(files.parse_object(bytes(content), self.where(name)), version)
        except DataError as error:
            error.hint = hint.tool("maintenance.bus_repair")
            raise

    def version(self, name: str) -> str:
        """See Store."""
        return str(self._bus.ask("SELECT teof.version_of(:bus, %s)", require_name(name))[0][0])

    def require_one_moment(self, versions: Mapping[str, str]) -> None:
        """See Store; a question is one statement, which sees one moment."""

    def names(self, kind: str) -> list[str]:
        """See Store."""
        table, column = ("streams", "stream") if kind == "messages" else ("documents", "name")
        rows = self._bus.ask(
            f"SELECT {column} FROM teof.{table} WHERE bus = :bus AND starts_with({column}, %s)", f"{kind}/"
        )
        return sorted(name.partition("/")[2] for (name,) in rows)

    def strays(self, kind: str) -> list[str]:
        """See Store."""
        return []

    def where(self, name: str) -> str:
        """See Store."""
        return address_of(name)

    def exists(self) -> bool:
        """See Store."""
        return bool(self._bus.opened)

    # -- writing -----------------------------------------------------------------------------
    def commit(self, changes: Sequence[Change]) -> list[dict[str, object]]:
        """See Store."""
        parcel = commit.parcel_of(without_secrets(changes))
        if not changes:
            return []
        opened = self._bus.opened
        try:
            written = commit.send(self._bus.connection, opened.bus, parcel, is_flushed_after=opened.flushes_after)
        finally:
            self._expire_history()  # after a version that was stale too: the decision is made anew
        for record, place in zip(parcel.records, written, strict=True):
            if place.prev:
                record["prev"] = place.prev
        if written:
            self._bus.saw(written[-1].seq, jsonl.line_hash(jsonl.spelled(parcel.records[-1])))
        return parcel.records

    def adopt(self, stream: str, lines: Sequence[bytes], behind: int = 0, agent: str = "") -> int:
        """See Store."""
        count = int(retry_stale(lambda: self._adopt_once(require_name(stream), lines, behind)))
        self._expire_history()
        return count

    def _expire_history(self) -> None:
        self._bus.forget()
        if self._history is not None:
            self._history.refresh()

    def _adopt_once(self, stream: str, raws: Sequence[bytes], behind: int) -> int:
        expected = self.version(stream)
        new = merge.missing([line.raw for _, line in numbered(self._bus.ask, stream, behind) if line.raw.strip()], raws)
        for begin in range(0, len(new), _BATCH):
            batch = new[begin : begin + _BATCH]
            try:
                self._bus.connection.tell(
                    "SELECT teof.adopt_1(%s, %s, %s, %s::bytea[], %s::boolean[])",
                    self._bus.opened.bus,
                    stream,
                    expected,
                    [driver.binary(line) for line in batch],
                    [is_readable(line) for line in batch],
                )
            except driver.Lost as error:  # what came is not taken again
                raise StaleVersion(stream) from error
            expected = self.version(stream)
        return len(new)

    def accept_losses(self) -> None:
        """Warns no more of the records that the server has lost."""
        self._bus.accept()
        self._expire_history()

    def recover(self) -> bool:
        """See Store."""
        return False

    def close(self) -> None:
        """See Store."""
        self._bus.close()
