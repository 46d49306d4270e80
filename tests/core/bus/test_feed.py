"""Events and messages as one stream: what each filter lets through."""

from datetime import timedelta

import pytest

from tools.core import clock
from tools.core.bus import feed
from tools.core.models.entry import Query, matches
from tools.core.store.api import Append
from tools.core.store.files.index import open_index


@pytest.fixture
def shown(workspace):
    """The summaries that a query shows, and how many more there are."""

    def ask(limit=None, **query):
        with open_index(workspace) as index:
            entries, more = feed.select(index, Query(**query), limit)
        assert all(matches(entry, Query(**query)) for entry in entries)
        return [entry.record.summary for entry in entries], more

    return ask


@pytest.fixture
def busy(logged, noon):
    """A bus on which a little of everything was said, a minute apart."""

    def at(minutes):
        return clock.to_text(noon + timedelta(minutes=minutes))

    logged(summary="e1", ts=at(1), task_id="T", event="status")
    logged(summary="m2", ts=at(2), thread="T")
    logged(summary="e3", ts=at(3), agent_id="codex-2", severity="high")
    logged(summary="m4", ts=at(4), thread="U", **{"from": "codex-2"})
    logged(summary="e5", ts=at(5), task_id="U", agent_id="codex-2")


def test_with_a_task_its_events_and_its_thread_are_shown_by_time(busy, shown):
    assert shown(tasks=["T"]) == (["e1", "m2"], 0)
    assert shown(tasks=["T", "U"]) == (["e1", "m2", "m4", "e5"], 0)


@pytest.mark.parametrize(
    ("query", "texts"),
    [({"messages": False}, ["e1", "e3", "e5"]), ({"agents": ["codex-2"], "messages": False}, ["e3", "e5"]),
     ({"kinds": ["status"]}, ["e1"]), ({"severities": ["high"]}, ["e3"]), ({"tasks": ["U"], "events": False}, ["m4"]),
     ({"tasks": ["T"], "messages": False}, ["e1"]), ({"tasks": ["absent"]}, []), ({"agents": ["codex-2"], "tasks": ["U"]}, ["m4", "e5"])],
)  # fmt: skip
def test_each_filter_narrows(busy, shown, query, texts):
    assert shown(**query)[0] == texts


def test_since_is_inclusive_and_leaves_out_what_has_no_stamp(busy, shown, logged, noon):
    logged(summary="no stamp", ts="once upon a time")
    assert shown(since=noon + timedelta(minutes=3), messages=False)[0] == ["e3", "e5"]


def test_a_limit_keeps_the_newest_and_counts_the_rest(busy, shown):
    assert shown(limit=2, messages=False) == (["e3", "e5"], 1)
    assert shown(limit=0, messages=False) == ([], 3)
    assert shown(limit=3, messages=False) == (["e1", "e3", "e5"], 0)


def test_the_newest_events_are_the_same_read_from_the_end_of_the_log(busy, store, shown):
    entries, problems = feed.newest_events(store, 2)
    assert [entry.record.summary for entry in entries] == shown(limit=2, messages=False)[0] and problems == []


def test_a_message_and_its_inbox_copy_are_one(store, message, shown):
    said = message(summary="once")
    store.commit([Append("messages/T", said), Append("messages/agent-b", said)])
    assert shown(tasks=["T", "agent-b"])[0] == ["once"]


def test_a_request_is_open_until_it_is_answered(workspace, logged):
    asked = logged(thread="T", type="request", summary="asked")
    logged(thread="T", type="directive", summary="told")
    logged(thread="U", type="status", summary="answer", reply_to=asked["id"])
    with open_index(workspace) as index:
        assert [entry.record.summary for entry in feed.open_requests(index)] == ["told"]
        assert feed.open_requests(index, threads=["U"]) == []
