"""Full-text search over the bus: ranked, filled by itself alone, harmless to any query text.

The words of events and messages lie in a file of their own beside the index, so that nobody else
pays for them. It holds no text, only where words occur, and is filled from where it stopped; when
the index was built anew its numbers mean other records, and the words are read again. Where SQLite
has no full-text search the newest records are compared one by one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from tools.core import feed
from tools.core.errors import DataError
from tools.core.index import Index, Row

_BATCH = 5000
MAX_WORDS = 32
"""Words of a query that count; the rest of a longer one is not looked at."""

_COMPARED = 20_000
"""Newest records that are compared where there is no full-text search."""


class Search(NamedTuple):
    """What to look for; an empty filter lets everything through."""

    text: str
    agents: Sequence[str] = ()
    tasks: Sequence[str] = ()
    since: datetime | None = None
    limit: int = 20


class Hit(NamedTuple):
    """A record that has words of the query; a higher score is better."""

    entry: feed.Entry
    score: float


def words_of(text: str) -> list[str]:
    """The words of a query, each once, in order."""
    return list(dict.fromkeys(re.findall(r"\w+", text.casefold())))[:MAX_WORDS]


def find(index: Index, search: Search) -> list[Hit]:
    """The best records, best first, those with all words before those with some; equals newest first."""
    words = words_of(search.text)
    if not words:
        return []
    if not index.has_words():
        return _compare(index, search, words)
    try:
        return _ranked(index, search, words)
    except DataError:
        index.discard_words()
        return _ranked(index, search, words)


def _ranked(index: Index, search: Search, words: Sequence[str]) -> list[Hit]:
    index.open_words()
    fill(index)
    hits: dict[int, Hit] = {}
    for joined in (" AND ", " OR "):
        if len(hits) < search.limit and (joined == " AND " or len(words) > 1):
            for seq, hit in _ask(index, search, joined.join(f'"{word}"' for word in words), len(hits)):
                hits.setdefault(seq, hit)
    return _unrepeated(hits.values())[: search.limit]


def _ask(index: Index, search: Search, match: str, known: int) -> Iterator[tuple[int, Hit]]:
    terms, values = _filters(search)
    rows = index.ask(
        "SELECT entries.seq, entries.stream, entries.number, entries.raw, bm25(words) FROM words"
        f" CROSS JOIN entries ON entries.seq=words.rowid WHERE words MATCH :match {terms}"
        " ORDER BY bm25(words), entries.seq DESC LIMIT :many",
        {**values, "match": match, "many": 2 * search.limit + known},
    )
    for *row, score in rows:
        yield row[0], Hit(feed.entry_of(Row(*row)), round(-score, 8))


def _filters(search: Search) -> tuple[str, dict[str, object]]:
    terms, values = [], dict[str, object]()
    for column, wanted in (("agent", search.agents), ("task", search.tasks)):
        if wanted:
            names = [f"{column}{number}" for number in range(len(wanted))]
            terms.append(f"AND entries.{column} IN ({', '.join(f':{name}' for name in names)})")
            values.update(zip(names, wanted, strict=True))
    if search.since is not None:
        terms.append("AND entries.at>=:since")
        values["since"] = int(search.since.timestamp())
    return " ".join(terms), values


def _unrepeated(hits: Iterable[Hit]) -> list[Hit]:
    """A message and its inbox copy are one hit."""
    kept: dict[str, Hit] = {}
    for number, hit in enumerate(hits):
        kept.setdefault(hit.entry.record.id or f"#{number}", hit)
    return list(kept.values())


def fill(index: Index) -> None:
    """Reads the words of what came since the last search; all of it or nothing."""
    with index.writing_words() as done:
        batch: list[tuple[int, str]] = []
        for seq, raw in index.each("SELECT seq, raw FROM entries WHERE seq>? ORDER BY seq", (done,)):
            batch.append((seq, text_in(raw)))
            if len(batch) >= _BATCH:
                index.add_words(batch)
        index.add_words(batch)


def text_in(raw: bytes) -> str:
    """What can be searched in a record: its values, ids and stamps left out."""
    parts: list[str] = []
    for name, value in json.loads(raw).items():
        if name not in ("id", "ts", "prev", "reply_to", "claim"):
            parts.append(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return " ".join(parts).encode("utf-8", "replace").decode()


def _compare(index: Index, search: Search, words: Sequence[str]) -> list[Hit]:
    terms, values = _filters(search)
    rows = index.ask(
        f"SELECT seq, stream, number, raw FROM entries WHERE 1 {terms} ORDER BY seq DESC LIMIT {_COMPARED}", values
    )
    found = []
    for row in rows:
        text = text_in(row[3]).casefold()
        present = [text.count(word) for word in words if word in text]
        if present:
            found.append((len(present), sum(present), row))
    found.sort(key=lambda one: one[:2], reverse=True)
    hits = (Hit(feed.entry_of(Row(*row)), float(count)) for count, _, row in found[: 2 * search.limit])
    return _unrepeated(hits)[: search.limit]
