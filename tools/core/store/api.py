"""What every store of the bus offers: streams and documents, behind four verbs, and what a commit is made of.

A *stream* is a log that only grows (`events`, `messages/<task>`); a *document* is replaced whole
(`claims/<task>`, `assignments/<task>`). `commit` takes all its changes or none: each document must
still have the version the caller decided on, else `StaleVersion` and nothing is written. The contract
in tests/core/store/test_store_contract.py is what a store must pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from tools.core.errors import BusyError
from tools.core.fs import jsonl


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


class Document(NamedTuple):
    """A document as it was read; `version` is what a later commit must still find."""

    content: dict[str, object]
    version: str


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


def retry_stale(attempt: Callable[[], Any], limit: int = 1000) -> Any:
    """Runs read-decide-commit again while others change what it read; each round one of them won."""
    for _ in range(limit):
        try:
            return attempt()
        except StaleVersion:
            continue
    raise BusyError("the bus kept changing under this command", code="store.contention")
