#!/usr/bin/env python3
"""Watch the bus: events, and with --task a thread's messages, once or as they come."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import time

from tools.core.bus import feed
from tools.core.cli import app as cli
from tools.core.clock import datetime, timedelta
from tools.core.errors import UsageError
from tools.core.models.bus import EVENTS, SEVERITIES
from tools.core.models.entry import Entry, Query
from tools.core.models.record import to_mapping
from tools.core.plain import TYPE_CHECKING
from tools.core.problem import Problem
from tools.core.store.streams import streams_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tools.core.store.contract import Following

DEFAULT_LIMIT = 20


@cli.command(doc=__doc__)
@cli.repeated("--task", type=cli.TASK, help="This task's events and thread; manager-report is the hub.")
@cli.repeated("--agent", type=cli.AGENT, help="Only this agent's.")
@cli.repeated("--event", type=cli.EVENT, help="Only events (or messages) of this kind.")
@cli.option("--since", type=cli.SINCE, help="From a stamp, or a distance back: 90m, 24h, 7d.")
@cli.option("--limit", type=cli.COUNT, help="The last N that match (20 when neither this nor --since is given).")
@cli.repeated("--severity", type=cli.Choice(SEVERITIES), help="Only events of this severity.")
@cli.option("--follow", is_flag=True, help="Go on printing what comes.")
@cli.option("--count", type=cli.COUNT, help="With --follow: end after N new records.")
@cli.option("--timeout", type=cli.DURATION, help="With --follow: end after this long.")
@cli.option("--interval", type=cli.SECONDS, default="0.5s", show_default=True, help="With --follow: how often to look.")
@cli.option("--events-only", is_flag=True, help="No messages.")
@cli.option("--messages-only", is_flag=True, help="No events.")
def main(
    run: cli.Run,
    *,
    task: tuple[str, ...],
    agent: tuple[str, ...],
    event: tuple[str, ...],
    since: datetime | None,
    limit: int | None,
    severity: tuple[str, ...],
    follow: bool,
    count: int | None,
    timeout: timedelta | None,
    interval: float,
    events_only: bool,
    messages_only: bool,
) -> None:
    if not follow and (count is not None or timeout is not None):
        raise UsageError("--count and --timeout need --follow", code="usage")
    if events_only and messages_only:
        raise UsageError("--events-only and --messages-only exclude each other", code="usage")
    messages = not events_only and (bool(task) or messages_only)
    query = Query(task, agent, event, severity, since, not messages_only, messages)
    limit = DEFAULT_LIMIT if limit is None and since is None else limit
    following = run.store.history.follow(query) if follow else None  # first, so that nothing falls between the two
    entries = _present(run, query, limit)
    if task and not entries:
        run.note(f"no records of {', '.join(task)}" + (" match" if agent or event or since or severity else ""))
    if following is None:
        _show_all(run, entries)
        return
    for entry in entries:
        run.emit_line(_document(entry), feed.line_of(entry))
    _follow(run, following, entries, count, timeout, interval)


def _present(run: cli.Run, query: Query, limit: int | None) -> list[Entry]:
    if limit is not None and query == Query(messages=False):
        run.warn(run.losses([EVENTS]))
        entries, problems = feed.newest_events(run.store, limit + 1)
        run.skipped(problems)
        if len(entries) > limit:
            run.note(f"older events are not shown; --limit {max(limit, 10) * 10} or --since 24h shows more")
        return entries[-limit:] if limit else []
    run.skipped(run.history.problems(streams_of(run.store, query)))
    entries, more = run.history.select(query, limit)
    if more:
        run.note(f"{feed.counted(more)} older not shown; --limit {len(entries) + more} shows them")
    return entries


def _show_all(run: cli.Run, entries: list[Entry]) -> None:
    text = "\n".join(feed.line_of(entry) for entry in entries)
    run.emit({"entries": [_document(entry) for entry in entries]}, text)


def _follow(
    run: cli.Run,
    following: Following,
    shown: list[Entry],
    count: int | None,
    timeout: timedelta | None,
    interval: float,
) -> None:
    seen = {entry.record.id for entry in shown if entry.record.id}
    deadline = None if timeout is None else time.monotonic() + timeout.total_seconds()
    new = 0
    try:
        while count is None or new < count:
            for entry in _new(run, following):
                if entry.record.id and entry.record.id in seen:
                    continue
                seen.add(entry.record.id)
                run.emit_line(_document(entry), feed.line_of(entry))
                new += 1
                if count is not None and new >= count:
                    return
            if deadline is not None and time.monotonic() >= deadline:
                run.finish(0 if new or shown else 1)
            following.sleep(interval if deadline is None else max(0.0, min(interval, deadline - time.monotonic())))
    except KeyboardInterrupt:
        return


def _new(run: cli.Run, following: Following) -> Iterator[Entry]:
    for outcome in following.poll():
        if isinstance(outcome, Problem):
            run.skipped([outcome])
        else:
            yield outcome


def _document(entry: Entry) -> dict[str, Any]:
    return {"source": entry.source, **to_mapping(entry.record)}


if __name__ == "__main__":
    cli.main(main)
