"""What a commit to a store is made of, and what it reads: records, documents, and the versions a caller decided on.

A *stream* is a log that only grows (`events`, `messages/<task>`); a *document* is replaced whole
(`claims/<task>`, `assignments/<task>`). What every store offers is in `contract`, which no command has to load.
"""

from __future__ import annotations

from tools.core.errors import BusyError
from tools.core.hashing import sha256_hex
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from tools.core.errors import ToolkitError


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
    """A document or a stream this commit depends on, with the version that was read."""

    name: str
    expected: str


Change = Append | Replace | Expect


class Document(NamedTuple):
    """A document as it was read; `version` is what a later commit must still find."""

    content: dict[str, object]
    version: str


def version_of(data: bytes | None) -> str:
    """The version of a document with this content; "" where there is none."""
    return "" if data is None else sha256_hex(data)


class Live(NamedTuple):
    """Documents of tasks that are not finished, or an error for each that cannot be read, by name."""

    documents: dict[str, Document | ToolkitError]
    finished: dict[str, int]
    """How many claims are over, by state."""


class StaleVersion(Exception):
    """A document or a stream is no longer what the caller decided on: read it again and decide anew."""


MAX_COUNTED = 200
"""From here on older entries are not counted: that would cost more the longer the history is."""

MAX_REQUESTS = 200
"""Open requests that are read at once."""


def retry_stale(attempt: Callable[[], Any], limit: int = 1000) -> Any:
    """Runs read-decide-commit again while others change what it read; each round one of them won."""
    for _ in range(limit):
        try:
            return attempt()
        except StaleVersion:
            continue
    raise BusyError("the bus kept changing under this command", code="store.contention")
