"""The entries of a query, in one question whatever it filters by: the newest of each half, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence

from tools.core.models.bus import stream_of
from tools.core.models.entry import Query, Search
from tools.core.plain import NamedTuple
from tools.core.store.api import MAX_COUNTED

COLUMNS = "stream, number, raw"


class Question(NamedTuple):
    """SQL and its values; each row ends with how many entries there are, as far as counted."""

    sql: str
    values: list[object]


def question(query: Query, limit: int | None) -> Question:
    """What a query asks; the rows come newest first."""
    if limit is not None and query == Query(messages=False):
        return _newest_in_log(limit)
    enough = "" if limit is None else f"LIMIT {limit + MAX_COUNTED}"
    halves = [half for half in (_events(query), _messages(query)) if half]
    if not halves:
        return Question("SELECT stream, number, raw, 0 FROM teof.records WHERE bus = :bus AND false", [])
    parts = [
        f"(SELECT moment, seq FROM teof.records WHERE bus = :bus AND {terms} ORDER BY moment DESC, seq DESC {enough})"
        for terms, _ in halves
    ]
    shown = "" if limit is None else f"LIMIT {limit}"
    sql = (
        f"WITH matching AS ({' UNION ALL '.join(parts)}) SELECT {COLUMNS}, (SELECT count(*) FROM matching) FROM (SELECT"
        f" moment, seq FROM matching ORDER BY moment DESC, seq DESC {shown}) AS newest"
        " JOIN teof.records USING (seq) WHERE bus = :bus ORDER BY newest.moment DESC, seq DESC"
    )
    return Question(sql, [value for _, values in halves for value in values])


def _newest_in_log(limit: int) -> Question:
    """The last events as they stand in the log, whatever their stamps say."""
    which = "FROM teof.records WHERE bus = :bus AND stream = 'events' AND kind IS NOT NULL ORDER BY number DESC LIMIT"
    sql = (
        f"SELECT {COLUMNS}, (SELECT count(*) FROM (SELECT 1 {which} {limit + MAX_COUNTED}) AS counted) {which} {limit}"
    )
    return Question(sql, [])


def _events(query: Query) -> tuple[str, list[object]] | None:
    if not query.events:
        return None
    terms, values = ["stream = 'events'", "kind IS NOT NULL"], list[object]()
    for column, accepted in (("task", query.tasks), ("severity", query.severities)):
        if accepted:
            terms.append(f"{column} = ANY (%s)")
            values.append(list(accepted))
    return _with_common(query, terms, values)


def _messages(query: Query) -> tuple[str, list[object]] | None:
    if not query.messages or query.severities:
        return None
    terms, values = ["stream <> 'events'", "kind IS NOT NULL"], list[object]()
    if query.tasks:
        terms.append("stream = ANY (%s)")
        values.append([stream_of(task) for task in query.tasks])
    return _with_common(query, terms, values)


def _with_common(query: Query, terms: list[str], values: list[object]) -> tuple[str, list[object]]:
    _add_choices(terms, values, agent=query.agents, kind=query.kinds)
    if query.since is not None:
        terms.append("moment >= %s AND at >= %s")
        values += [int(query.since.timestamp())] * 2
    return " AND ".join(terms), values


def _add_choices(terms: list[str], values: list[object], **accepted: Sequence[str]) -> None:
    """Adds a condition for each column of which only some values are accepted."""
    for column, choices in accepted.items():
        if choices:
            terms.append(f"{column} = ANY (%s)")
            values.append(list(choices))


def is_thread(query: Query) -> bool:
    """Whether a query is about all messages of one thread."""
    return len(query.tasks) == 1 and query == Query(tasks=query.tasks, events=False)


def search_question(search: Search, walked: int) -> Question:
    """The newest records that have all words; the last column says whether older ones were not looked at."""
    terms, values = list[str](), list[object]()
    _add_choices(terms, values, agent=search.agents, task=search.tasks)
    if search.since is not None:
        terms.append("at >= %s")
        values.append(int(search.since.timestamp()))
    words = [part for word in search.words for part in word.split("_") if part]
    sql = (
        "WITH walked AS (SELECT moment, seq, agent, task, at FROM teof.records WHERE bus = :bus AND kind IS NOT NULL"
        f" AND teof.words_of(raw) @> %s::text[] ORDER BY moment DESC, seq DESC LIMIT {walked}),"
        f" matching AS (SELECT moment, seq FROM walked {'WHERE ' if terms else ''}{' AND '.join(terms)}"
        f" ORDER BY moment DESC, seq DESC LIMIT {2 * search.limit})"
        f" SELECT {COLUMNS}, {'(SELECT count(*) FROM walked)' if terms else '0'} FROM matching JOIN teof.records USING (seq)"
        " WHERE bus = :bus ORDER BY matching.moment DESC, seq DESC"
    )
    return Question(sql, [words, *values])


def among(streams: Sequence[str] | None) -> tuple[str, list[object]]:
    """The condition that a row belongs to one of some streams, and its values."""
    return ("true", []) if streams is None else ("stream = ANY (%s)", [list(streams)])
