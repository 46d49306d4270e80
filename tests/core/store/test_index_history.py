"""What the index answers without walking through history, and what it does when history changes under it."""

import os
import sqlite3

import pytest

from tools.core import clock
from tools.core.bus import feed
from tools.core.bus import presence as liveness
from tools.core.models.entry import Query
from tools.core.store.files import index
from tools.core.store.files import index_build as indexing
from tools.core.store.files.index import open_index


@pytest.fixture
def asked(workspace):
    """Whatever a function of the open index returns."""

    def ask(question):
        with open_index(workspace) as known:
            return question(known)

    return ask


def summaries(entries):
    return [entry.record.summary for entry in entries]


def test_a_stamp_from_the_future_hides_nothing_that_came_after_it(logged, asked):
    logged(summary="liar", ts="9999-01-01T00:00:00Z", task_id="T")
    for number in range(3):
        logged(summary=f"honest {number}", ts=f"2026-01-31T1{number}:00:00Z", task_id="T")
    query = Query(tasks=["T"])
    found, more = asked(lambda known: feed.select(known, query, 2))
    assert (summaries(found), more) == (["honest 1", "honest 2"], 2)


@pytest.mark.parametrize("bulk", [0, indexing._BULK], ids=["in bulk", "row by row"])
def test_a_reply_closes_a_request_in_any_order_and_a_rewrite_opens_it_again(
    workspace, logged, asked, monkeypatch, bulk
):
    monkeypatch.setattr(indexing, "_BULK", bulk)
    asked_id = logged(thread="T", type="request", summary="asked")["id"]
    logged(thread="A", summary="reply from a thread that is read first", reply_to=asked_id)
    assert asked(feed.open_requests) == [] and asked(feed.count_requests) == 0
    os.remove(workspace.thread("A").path)
    assert summaries(asked(feed.open_requests)) == ["asked"]
    assert asked(feed.count_requests) == 1


@pytest.mark.parametrize("bulk", [0, indexing._BULK], ids=["in bulk", "row by row"])
def test_lost_records_are_counted_until_they_are_back(workspace, logged, asked, monkeypatch, bulk):
    monkeypatch.setattr(indexing, "_BULK", bulk)
    for number in range(4):
        logged(summary=f"n{number}", id="" if number == 1 else None)
    asked(lambda known: None)
    path = workspace.events.path
    with open(path, "rb") as log:
        lines = log.read().splitlines(keepends=True)
    for kept, gone in ((lines[:1], 3), (lines[:3], 1), (lines, 0)):
        with open(path + ".new", "wb") as log:
            log.writelines(kept)
        os.replace(path + ".new", path)
        told = asked(index.losses)
        assert len(asked(lambda known: known.lost())) == gone
        assert bool(told) == bool(gone) and (not gone or f"{gone} records" in told[0])


def test_every_filter_walks_along_an_index(logged, asked):
    logged(summary="an event", task_id="T", severity="high")
    logged(thread="T", summary="a message")
    since = clock.parse("2020-01-01T00:00:00Z")
    for query in [Query(tasks=["T"]), Query(agents=["a", "b"]), Query(kinds=["x"], agents=["a"]),
                  Query(severities=["high"]), Query(since=since), Query(events=False),
                  Query(tasks=["T"], agents=["a"], kinds=["x"], since=since)]:  # fmt: skip
        asked(lambda known, query=query: feed.select(known, query, 5))
        asked(lambda known, query=query: feed.select(known, query, None))

    def plans(known):
        sql = "SELECT MAX(at) FROM entries WHERE agent='a' AND kind='x' AND at<=1"
        return " ".join(str(row) for row in known.ask(f"EXPLAIN QUERY PLAN {sql}"))

    assert "COVERING INDEX by_agent" in asked(plans)


def test_a_retired_agent_is_back_once_it_is_revived(logged, asked):
    now = clock.parse("2026-02-01T00:00:00Z")
    logged(event="retired", meta={"agent": "codex-7"}, ts="2026-01-01T00:00:00Z")
    assert asked(lambda known: liveness.retired(known, now, ())) == {"codex-7"}
    logged(event="revived", meta={"agent": "codex-7"}, ts="2026-01-02T00:00:00Z")
    assert asked(lambda known: liveness.retired(known, now, ())) == frozenset()


def test_an_index_that_is_locked_away_is_built_for_the_process_alone(workspace, logged, asked, monkeypatch):
    monkeypatch.setattr(index, "_PATIENCE", 0.05)
    logged(summary="one")
    asked(lambda known: None)
    holder = sqlite3.connect(workspace.cache.child("index.sqlite").path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    logged(summary="two")
    found, _ = asked(lambda known: feed.select(known, Query(messages=False), 5))
    holder.close()
    assert summaries(found) == ["one", "two"]


def test_commands_warn_once_of_what_was_lost_and_name_the_repair(workspace, logged, run, seat):
    seat("codex-1")
    for number in range(3):
        logged(summary=f"n{number}")
    run("agent.bus_status")
    with open(workspace.events.path, "rb+") as log:
        log.truncate(len(log.readline()))
    for command in (["agent.bus_status"], ["agent.bus_watch", "--agent", "codex-1"], ["agent.bus_heartbeat", "--dry-run"],
                    ["agent.bus_search", "n"], ["agent.bus_inbox"], ["agent.bus_claim", "list", "--stale"]):  # fmt: skip
        assert run(*command).err.count("bus_repair") == 1, command
