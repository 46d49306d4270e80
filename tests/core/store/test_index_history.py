"""What the index answers without walking through history, and what it does when history changes under it."""

import os
import sqlite3

import pytest

from tools.core import clock
from tools.core.models.bus import EVENTS
from tools.core.models.entry import Query
from tools.core.store.answers import Loss
from tools.core.store.files import deliveries
from tools.core.store.files.index import build, database, schema, settle


@pytest.fixture
def asked(store):
    """Whatever a function of the history returns now."""

    def ask(question):
        store.history.refresh()
        return question(store.history)

    return ask


def summaries(entries):
    return [entry.record.summary for entry in entries]


@pytest.mark.parametrize("bulk", [0, build._BULK], ids=["in bulk", "row by row"])
def test_a_reply_closes_a_request_in_any_order_and_a_rewrite_opens_it_again(
    workspace, logged, asked, monkeypatch, bulk
):
    monkeypatch.setattr(build, "_BULK", bulk)
    asked_id = logged(thread="T", type="request", summary="asked")["id"]
    logged(thread="A", task_id="T", summary="reply in a log that is read first", reply_to=asked_id)
    assert asked(lambda past: past.open_requests()) == [] and asked(lambda past: past.count_requests()) == 0
    os.remove(workspace.thread("A").path)
    assert summaries(asked(lambda past: past.open_requests())) == ["asked"]
    assert asked(lambda past: past.count_requests()) == 1


@pytest.mark.parametrize("last_made", [schema.COMMON, schema.RARE], ids=["common", "rare"])
@pytest.mark.parametrize("after", [0, 1000])
def test_a_request_is_settled_without_the_other_records_of_its_task_whichever_indexes_are_newest(after, last_made):
    connection, steps = sqlite3.connect(":memory:"), []
    schema.create(connection)
    for name in last_made:
        connection.execute(f"DROP INDEX {name}")
    schema.make_indexes(connection, last_made)
    records = [
        {"seq": number, "id": str(number), "task": "T", "reply_to": None, "waiting": 0} for number in range(1000)
    ]
    records += [{**records[0], "seq": 1001, "id": "request", "waiting": 1}]
    records += [{**records[0], "seq": 1002, "id": "reply", "reply_to": "request"}]
    sql = "INSERT INTO entries (seq, stream, id, task, reply_to, waiting) VALUES (:seq, 'T', :id, :task, :reply_to, :waiting)"
    connection.executemany(sql, records)
    connection.set_progress_handler(lambda: steps.append(1), 1)
    settle.settle_requests(connection, after)
    assert len(steps) < len(records)
    assert connection.execute("SELECT COUNT(*) FROM entries WHERE waiting=1").fetchone() == (0,)


def test_an_event_is_no_older_than_the_exchange_that_brought_it(workspace, logged, asked, noon):
    ids = [logged(agent_id=f"codex-{number}", ts="2020-01-01T00:00:00Z")["id"] for number in range(4)]
    agents, old = [f"codex-{number}" for number in range(4)], clock.parse("2020-01-01T00:00:00Z")
    moment = int(noon.timestamp())
    deliveries.note(workspace, moment - 9000, deliveries.NONE, ids[3])  # it joins: what it finds may be of any age
    assert set(asked(lambda past: past.last_seen(agents, noon)).values()) == {old}
    deliveries.note(workspace, moment - 7200, ids[0], ids[1])
    deliveries.note(workspace, moment - 60, ids[2], ids[3])
    seen = asked(lambda past: past.last_seen(agents, noon))
    assert [int((noon - seen[agent]).total_seconds()) for agent in agents[1::2]] == [7200, 60]
    assert seen["codex-0"] == seen["codex-2"] == old


def test_deliveries_of_a_few_minutes_are_kept_as_one_and_the_oldest_are_forgotten(workspace):
    for number in range(200):
        deliveries.note(workspace, number * 100, f"{number}", f"{number + 1}")
    kept = deliveries.noted(workspace)
    assert len(kept) < 64 and kept[-1].last == "200" and kept[0].moment == 100
    for number in range(100):
        deliveries.note(workspace, 10**6 + number * 1000, f"{number}", f"{number + 1}")
    assert [each.moment for each in deliveries.noted(workspace)][::63] == [10**6 + 36000, 10**6 + 99000]


@pytest.mark.parametrize("bulk", [0, build._BULK], ids=["in bulk", "row by row"])
def test_lost_records_are_counted_until_they_are_back(workspace, logged, asked, monkeypatch, bulk):
    monkeypatch.setattr(build, "_BULK", bulk)
    for number in range(4):
        logged(summary=f"n{number}", id="" if number == 1 else None)
    asked(lambda past: past.losses())
    path = workspace.events.path
    with open(path, "rb") as log:
        lines = log.read().splitlines(keepends=True)
    for kept, gone in ((lines[:1], 3), (lines[:3], 1), (lines, 0)):
        with open(path + ".new", "wb") as log:
            log.writelines(kept)
        os.replace(path + ".new", path)
        assert asked(lambda past: past.losses()) == ([Loss(EVENTS, gone)] if gone else [])


def test_every_filter_walks_along_an_index(logged, asked):
    logged(summary="an event", task_id="T", severity="high")
    logged(thread="T", summary="a message")
    since = clock.parse("2020-01-01T00:00:00Z")
    for query in [Query(tasks=["T"]), Query(agents=["a", "b"]), Query(kinds=["x"], agents=["a"]),
                  Query(severities=["high"]), Query(since=since), Query(events=False),
                  Query(tasks=["T"], agents=["a"], kinds=["x"], since=since)]:  # fmt: skip
        asked(lambda past, query=query: past.select(query, 5))
        asked(lambda past, query=query: past.select(query, None))


def test_an_index_that_is_locked_away_is_built_for_the_process_alone(workspace, logged, asked, monkeypatch):
    monkeypatch.setattr(database, "_PATIENCE", 0.05)
    logged(summary="one")
    asked(lambda past: past.losses())
    holder = sqlite3.connect(workspace.cache.child("index.sqlite").path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    logged(summary="two")
    found, _ = asked(lambda past: past.select(Query(messages=False), 5))
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
