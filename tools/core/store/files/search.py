"""Full-text search over the bus: ranked, filled by itself alone, harmless to any query text.

The words of events and messages lie in a file of their own beside the index, so that nobody else
pays for them. It holds no text, only where words occur, and is filled from where it stopped; when
the index was built anew its numbers mean other records, and the words are read again. Where SQLite
has no full-text search the newest records are compared one by one. Only the newest records that match are
ranked, against each other, and the answer says so: weighing a word in all of history would read all of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from math import log
from typing import NamedTuple

from tools.core.bus import feed
from tools.core.errors import DataError
from tools.core.models.entry import Entry
from tools.core.store.files.index import Index, Row

_BATCH = 5000
MAX_WORDS = 32
"""Words of a query that count; the rest of a longer one is not looked at."""

_RANKED = 2000
"""Newest records that match and are ranked: a common word must not cost more the longer the history is."""

_WALKED = 20_000
"""Newest records that match and are held against the filters."""

_SEQ_BITS = 28
_SEQ = (1 << _SEQ_BITS) - 1

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

    entry: Entry
    score: float


class Found(NamedTuple):
    """What a search found, and whether older records that match were not looked at."""

    hits: list[Hit]
    is_cut: bool


def words_of(text: str) -> list[str]:
    """The words of a query, each once, in order."""
    return list(dict.fromkeys(re.findall(r"\w+", text.casefold())))[:MAX_WORDS]


def find(index: Index, search: Search) -> Found:
    """The best records, best first, those with all words before those with some; equals newest first."""
    words = words_of(search.text)
    if not words:
        return Found([], False)
    if not index.has_words():
        return _compare(index, search, words)
    try:
        return _ranked(index, search, words)
    except DataError:
        index.discard_words()
        return _ranked(index, search, words)


def _ranked(index: Index, search: Search, words: Sequence[str]) -> Found:
    index.open_words()
    fill(index)
    hits: dict[int, Hit] = {}
    is_cut = False
    for joined in (" AND ", " OR "):
        if len(hits) < search.limit and (joined == " AND " or len(words) > 1):
            rows, more = _newest(index, search, joined.join(f'"{word}"' for word in words))
            is_cut |= more
            for seq, hit in _by_score(rows, words, 2 * search.limit + len(hits)):
                hits.setdefault(seq, hit)
    return Found(_unrepeated(hits.values())[: search.limit], is_cut)


def _newest(index: Index, search: Search, match: str) -> tuple[list[Row], bool]:
    """The newest records that match, and whether older ones were left out."""
    terms, values = _filters(search)
    values |= {"match": match, "walked": _WALKED if terms else _RANKED, "ranked": _RANKED}
    walked = "SELECT rowid AS place FROM words WHERE words MATCH :match ORDER BY rowid DESC LIMIT :walked"
    rows = index.ask(
        f"SELECT seq, stream, number, raw FROM ({walked}) CROSS JOIN entries ON seq=(place & {_SEQ}) WHERE 1 {terms}"
        " ORDER BY place DESC LIMIT :ranked",
        values,
    )
    count = index.ask(f"SELECT COUNT(*) FROM ({walked})", values)[0][0]
    return [Row(*row) for row in rows], count == values["walked"] or len(rows) == _RANKED


def _by_score(rows: Sequence[Row], words: Sequence[str], many: int) -> list[tuple[int, Hit]]:
    """The records by BM25 with the rows as the whole collection; of equals the first."""
    texts = [re.findall(r"\w+", text_in(row.raw).casefold()) for row in rows]
    mean = sum(map(len, texts)) / max(len(texts), 1) or 1.0
    weights = {word: log(1 + len(texts) / (1 + sum(word in text for text in texts))) for word in words}
    scored = []
    for row, text in zip(rows, texts, strict=True):
        dampened = 1.2 * (0.25 + 0.75 * len(text) / mean)
        counts = [(weights[word], text.count(word)) for word in words]
        scored.append((sum(weight * 2.2 * count / (count + dampened) for weight, count in counts), row))
    scored.sort(key=lambda one: -one[0])
    return [(row.seq, Hit(feed.entry_of(row), round(score, 8))) for score, row in scored[:many]]


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
    """Reads the words of what came since the last search; all of it or nothing.

    A record's number among the words is its moment and its `seq`, so that they can be walked newest first.
    """
    with index.writing_words() as done:
        batch: list[tuple[int, str]] = []
        rows = index.each(
            f"SELECT place, raw FROM (SELECT (MAX(COALESCE(placed, at, 0), 0) << {_SEQ_BITS}) | seq AS place, seq AS known"
            " FROM entries WHERE seq>? ORDER BY place) CROSS JOIN entries ON seq=known",
            (done,),
        )
        for place, raw in rows:
            batch.append((place, text_in(raw)))
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


def _compare(index: Index, search: Search, words: Sequence[str]) -> Found:
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
    return Found(_unrepeated(hits)[: search.limit], len(rows) == _COMPARED)
