"""What every store of the bus offers: streams, documents and commits, and a history that answers questions.

`commit` takes all its changes or none: each document and each stream that it expects must still have the
version the caller decided on, else `StaleVersion` and nothing is written. A `History` answers with values
of the domain, never with rows, and each question takes all agents or tasks it is about, so that a store
across a network needs one exchange for it. The contract in tests/core/store/test_store_contract.py and
test_history_contract.py is what a store must pass. Only annotations name these protocols.
"""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING, Protocol
from tools.core.store.api import MAX_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from tools.core.clock import datetime
    from tools.core.errors import ToolkitError
    from tools.core.fs import jsonl
    from tools.core.models.bus import Event
    from tools.core.models.entry import Entry, Query, Search
    from tools.core.problem import Problem
    from tools.core.store.answers import Loss, Matches, Recorded, Totals, Volume
    from tools.core.store.api import Change, Document, Live


class Following(Protocol):
    """What a query matches from now on."""

    def poll(self) -> Iterator[Entry | Problem]:
        """The entries that came since the last poll, oldest first, and the lines that cannot be read."""

    def sleep(self, seconds: float) -> None:
        """Waits until something may have come, at most so long."""


class History(Protocol):
    """Answers about the records, as of the first question or the last `refresh`, own commits included."""

    def refresh(self) -> None:
        """Makes the next question answer as of now."""

    # -- entries of a query ------------------------------------------------------------------
    def select(self, query: Query, limit: int | None) -> tuple[list[Entry], int]:
        """The newest entries of a query, oldest first, and how many more there are, up to `MAX_COUNTED`.

        A stamp from the future counts as the moment the record arrived.
        """

    def search(self, search: Search) -> Matches:
        """The newest entries that have all words of a text."""

    def follow(self, query: Query) -> Following:
        """What a query matches from now on; what is there already counts as seen."""

    # -- who was here ------------------------------------------------------------------------
    def agents(self) -> list[str]:
        """Everyone who wrote something, by name, whether or not the name is an agent's id."""

    def last_seen(self, agents: Collection[str], now: datetime) -> dict[str, datetime]:
        """The last credible sign of each agent; an agent without one is left out.

        A recent event is no older than those that stand just before it, nor than the exchange that brought it,
        whatever its writer's clock says.
        """

    def last_entries(self, agents: Collection[str], kinds: Collection[str], now: datetime) -> dict[str, Entry]:
        """The last credible entry of some kinds by each agent; an agent without one is left out."""

    def last_words(self, agents: Collection[str], now: datetime) -> dict[str, Entry]:
        """The last credible entry of each agent; an agent without one is left out."""

    def retirements(self) -> dict[str, str]:
        """By agent, the kind of the last event that retired or revived it."""

    # -- messages ----------------------------------------------------------------------------
    def open_requests(
        self, *, threads: Collection[str] | None = None, target: str | None = None, limit: int = MAX_REQUESTS
    ) -> list[Entry]:
        """Requests and directives without a reply in their thread, oldest first; of too many, each sender's oldest are taken."""

    def count_requests(self) -> int:
        """How many requests and directives are open; a message and its inbox copy are one."""

    def count_messages(self, thread: str) -> int:
        """How many messages a thread has."""

    def sender_of(self, record_id: str) -> str | None:
        """Who wrote the message with this id; None where no thread has one."""

    def messages_with(self, thread: str, key: str) -> list[Entry]:
        """The messages of a thread whose `meta` has a key, oldest first."""

    # -- events ------------------------------------------------------------------------------
    def events_of(self, kinds: Collection[str]) -> list[Event]:
        """All events of some kinds, oldest first; meant for kinds there are few of."""

    def events_about_plan(self, plan: str, limit: int) -> list[Event]:
        """The newest events that name a plan, oldest first."""

    def claim_changes(self, task: str) -> Iterator[Event]:
        """The events that carry a claim of a task, newest first."""

    # -- lines as they are -------------------------------------------------------------------
    def lines_with(self, stream: str, record_ids: Collection[str]) -> dict[str, bytes]:
        """By id, the line of the first record with this id in a stream; an id that no record has is left out."""

    # -- how much there is -------------------------------------------------------------------
    def totals(self) -> Totals:
        """How many records there are; an inbox copy counts."""

    def volume(self, since: datetime, until: datetime) -> Volume:
        """How much was written within a window; an inbox copy counts."""

    def signs(
        self, agents: Collection[str], since: datetime, until: datetime, seconds: int
    ) -> dict[str, dict[int, int]]:
        """How many records each agent wrote in each period of so many seconds, numbered from the epoch."""

    # -- records by what they say ------------------------------------------------------------
    def about_decisions(self) -> list[Entry]:
        """All entries that name a decision, oldest first."""

    def with_receipts(self, since: datetime) -> list[Recorded]:
        """The entries since a moment that cite receipts, in the order they were read."""

    # -- what is wrong -----------------------------------------------------------------------
    def problems(self, streams: Collection[str] | None = None) -> list[Problem]:
        """Lines (of some streams) that cannot be read, by stream and number; the first thousand."""

    def losses(self, streams: Collection[str] | None = None) -> list[Loss]:
        """The streams (among some) that have lost records, by name."""


class Store(Protocol):
    """What every store of the bus offers."""

    @property
    def history(self) -> History:
        """The questions about events and messages; opened with the first of them."""

    def now(self) -> datetime:
        """The present moment by the store's clock, in whole seconds."""

    def read(self, stream: str, start: int = 0) -> jsonl.Reading:
        """All records of a stream, oldest first, and the lines that could not be read."""

    def tail(
        self, stream: str, count: int, accepts: Callable[[dict[str, object]], bool] | None = None
    ) -> jsonl.Reading:
        """The last `count` records (that `accepts` lets through), oldest first, read from the end."""

    def lines(self, stream: str) -> Iterator[jsonl.Line]:
        """Every line of a stream as it is, readable or not; DataError where there is something else."""

    def content(self, document: str) -> bytes | None:
        """A document as it is, readable or not; None where there is none."""

    def get(self, document: str) -> Document | None:
        """A document; None where there is none; DataError when it cannot be read."""

    def documents(self, *names: str) -> dict[str, Document | ToolkitError]:
        """Some documents in one question, or its error for each that cannot be read; a kind stands for all of its own."""

    def live(self, *kinds: str, also: Collection[str] = (), newest: int = 0) -> Live:
        """The live claims and the assignments of tasks that are not done, in one question.

        With the claims those assignments are about, the documents of the tasks in `also`, and the `newest`
        claims that are over.
        """

    def version(self, name: str) -> str:
        """What a document or a stream is now; "" where there is none. Each record changes its stream's."""

    def require_one_moment(self, versions: Mapping[str, str]) -> None:
        """StaleVersion where documents that were asked for in one question may not have been so at one moment.

        A refusal is not compared with the documents as a commit is, and a commit changes one behind the other.
        """

    def names(self, kind: str) -> list[str]:
        """The names of all documents or streams of a kind, sorted."""

    def strays(self, kind: str) -> list[str]:
        """The addresses of what lies among the documents or streams of a kind and is none."""

    def where(self, name: str) -> str:
        """The address of a stream or a document, as people are shown it and records cite it."""

    def exists(self) -> bool:
        """Whether there is a bus; the first record makes one."""

    def commit(self, changes: Sequence[Change]) -> list[dict[str, object]]:
        """Makes all changes durable, or none; returns the records as they were written."""

    def adopt(self, stream: str, lines: Sequence[bytes], behind: int = 0, agent: str = "") -> int:
        """Appends another place's lines exactly as they are, but for those that are here; how many came.

        Only what the stream has from byte `behind` on needs to be compared; `agent` takes them in.
        """

    def recover(self) -> bool:
        """Completes what a dead process left half done; whether there was something."""

    def close(self) -> None:
        """Gives back what is held open; the next question opens it again."""
