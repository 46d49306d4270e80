"""What the history of every store must answer, whatever it is made of."""

from datetime import timedelta

import pytest

from tools.core import clock
from tools.core.bus import feed
from tools.core.models.bus import EVENTS, stream_of
from tools.core.models.entry import Query, Search, matches
from tools.core.problem import Problem
from tools.core.store.answers import Recorded
from tools.core.store.api import Append


@pytest.fixture
def write(any_store, event, message):
    """Appends an event, or with `thread` a message; returns it."""

    def append(thread=None, **fields):
        if thread:
            return any_store.commit([Append(stream_of(thread), message(task_id=thread, **fields))])[0]
        return any_store.commit([Append(EVENTS, event(**fields))])[0]

    return append


@pytest.fixture
def at(noon):
    return lambda minutes: clock.to_text(noon + timedelta(minutes=minutes))


@pytest.fixture
def busy(write, at):
    """A bus on which a little of everything was said, a minute apart."""
    write(summary="e1", ts=at(1), task_id="T", event="status")
    write(summary="m2", ts=at(2), thread="T")
    write(summary="e3", ts=at(3), agent_id="codex-2", severity="high")
    write(summary="m4", ts=at(4), thread="U", **{"from": "codex-2"})
    write(summary="e5", ts=at(5), task_id="U", agent_id="codex-2")


@pytest.fixture
def shown(any_store):
    """The summaries that a query shows, and how many more there are."""

    def ask(limit=None, **query):
        entries, more = any_store.history.select(Query(**query), limit)
        assert all(matches(entry, Query(**query)) for entry in entries)
        return summaries(entries), more

    return ask


def summaries(entries):
    return [entry.record.summary for entry in entries]


# -- entries of a query ------------------------------------------------------------------------------


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


def test_since_is_inclusive_and_leaves_out_what_has_no_stamp(busy, shown, write, noon):
    write(summary="no stamp", ts="once upon a time")
    assert shown(since=noon + timedelta(minutes=3), messages=False)[0] == ["e3", "e5"]


def test_a_limit_keeps_the_newest_and_counts_the_rest(busy, shown):
    assert shown(limit=2, messages=False) == (["e3", "e5"], 1)
    assert shown(limit=0, messages=False) == ([], 3)
    assert shown(limit=3, messages=False) == (["e1", "e3", "e5"], 0)
    assert shown(limit=1, tasks=["T", "U"]) == (["e5"], 3)


def test_the_newest_events_are_the_same_read_from_the_end_of_the_log(busy, any_store, shown):
    entries, problems = feed.newest_events(any_store, 2)
    assert summaries(entries) == shown(limit=2, messages=False)[0] and problems == []


def test_a_message_and_its_inbox_copy_are_one(any_store, message, shown):
    said = message(summary="once")
    any_store.commit([Append("messages/T", said), Append("messages/agent-b", said)])
    assert shown(tasks=["T", "agent-b"])[0] == ["once"]
    assert summaries(any_store.history.search(Search("once")).entries) == ["once"]


def test_a_stamp_from_the_future_counts_from_when_the_record_came(write, shown, at):
    write(summary="liar", ts="9999-01-01T00:00:00Z", task_id="T")
    for number in range(3):
        write(summary=f"honest {number}", ts=at(number), task_id="T")
    assert shown(limit=2, tasks=["T"]) == (["honest 1", "honest 2"], 2)


def test_an_answer_has_what_this_store_wrote_since_and_after_a_refresh_what_others_did(any_store, write, shown):
    write(summary="one")
    assert shown(messages=False) == (["one"], 0)
    write(summary="two")
    any_store.history.refresh()
    assert shown(messages=False) == (["one", "two"], 0)


# -- how much there is --------------------------------------------------------------------------------


def test_totals_count_records_and_not_bad_lines(busy, any_store):
    assert any_store.history.totals() == (3, 2)
    any_store.commit([Append(EVENTS, {})])
    assert any_store.history.totals() == (3, 2)


def test_a_volume_is_that_of_its_window(busy, any_store, noon, write):
    assert any_store.history.volume(noon + timedelta(minutes=2), noon + timedelta(minutes=4)) == (1, 2, 2, 0)
    write(thread="T", summary="yes", reply_to="01M86T0M700A4EZ2A2TGBR1VH2", ts=clock.to_text(noon))
    assert any_store.history.volume(noon, noon).answered == 1


def test_signs_are_counted_by_periods_since_the_epoch(any_store, write, at, noon):
    for minute in (1, 2, 14, 15, 40):
        write(summary=f"at {minute}", ts=at(minute))
    first = int(noon.timestamp()) // 900
    signs = any_store.history.signs(["codex-1", "nobody"], noon, noon + timedelta(minutes=39), 900)
    assert signs == {"codex-1": {first: 3, first + 1: 1}, "nobody": {}}


def test_last_words_are_of_any_kind_and_never_from_the_future(any_store, write, at, noon):
    write(summary="first", ts=at(1))
    write(thread="T", summary="last", ts=at(2))
    write(summary="liar", ts="9999-01-01T00:00:00Z")
    words = any_store.history.last_words(["codex-1", "nobody"], noon + timedelta(hours=1))
    assert {agent: entry.record.summary for agent, entry in words.items()} == {"codex-1": "last"}


# -- following ---------------------------------------------------------------------------------------


def test_following_shows_what_comes_once_and_nothing_of_before(any_store, write):
    write(summary="before")
    following = any_store.history.follow(Query(agents=["codex-1"], messages=False))
    write(summary="mine")
    write(summary="another's", agent_id="codex-2")
    assert summaries(following.poll()) == ["mine"] and list(following.poll()) == []


def test_following_all_messages_shows_threads_that_begin_later(any_store, write):
    following = any_store.history.follow(Query(events=False))
    write(thread="T", summary="first of a thread")
    assert summaries(following.poll()) == ["first of a thread"]


def test_following_names_a_line_that_is_no_record(any_store):
    following = any_store.history.follow(Query(messages=False))
    any_store.commit([Append(EVENTS, {})])
    assert [type(outcome) for outcome in following.poll()] == [Problem]


# -- search ------------------------------------------------------------------------------------------


def test_a_search_finds_the_newest_records_that_have_all_words(any_store, write, at):
    write(summary="a parser with a bug", ts=at(3))
    write(summary="the parser", ts=at(2))
    write(thread="T", summary="a BUG", note="in the Parser", ts=at(1))
    found = any_store.history.search(Search("parser bug"))
    assert summaries(found.entries) == ["a parser with a bug", "a BUG"] and not found.is_cut


def test_filters_of_a_search_narrow_and_its_limit_cuts(any_store, write, noon, at):
    write(summary="word by one", task_id="A", ts=at(1))
    write(summary="word by two", agent_id="codex-2", task_id="B", ts=at(2))
    for filters, expected in [({"agents": ["codex-1"]}, "word by one"), ({"tasks": ["B"]}, "word by two"),
                              ({"since": noon + timedelta(minutes=2)}, "word by two"), ({"limit": 1}, "word by two")]:  # fmt: skip
        assert summaries(any_store.history.search(Search("word", **filters)).entries) == [expected]


# -- who was here ------------------------------------------------------------------------------------


def test_events_and_messages_are_the_last_sign_of_who_wrote_them(any_store, write, noon, at):
    write(ts=at(-9), meta={"holder": "codex-2"})
    write(ts=at(-4), thread="T", to="codex-2")
    assert any_store.history.last_seen(["codex-1", "codex-2"], noon) == {"codex-1": noon - timedelta(minutes=4)}
    assert any_store.history.agents() == ["codex-1"]


def test_a_stamp_from_the_future_is_no_sign_of_life(any_store, write, noon, at):
    write(ts=at(-60))
    write(ts=at(6))
    write(ts="9999-01-01T00:00:00Z")
    assert any_store.history.last_seen(["codex-1"], noon) == {"codex-1": noon - timedelta(hours=1)}
    write(ts=at(5))
    assert any_store.history.last_seen(["codex-1"], noon) == {"codex-1": noon + timedelta(minutes=5)}


def test_an_event_is_no_older_than_those_that_stand_before_it(any_store, write, noon, at):
    write(agent_id="codex-2", ts=at(-1))
    write(ts=at(-300))
    write(agent_id="codex-2", ts=at(0))
    assert any_store.history.last_seen(["codex-1"], noon) == {"codex-1": noon - timedelta(minutes=1)}


def test_the_last_entry_of_some_kinds_is_each_agents_own(any_store, write, noon, at):
    write(event="handshake", summary="old", ts=at(-9))
    write(event="handshake", summary="new", ts=at(-8))
    write(event="note", ts=at(-1))
    write(event="status", agent_id="codex-2", summary="other", ts=at(-2))
    last = any_store.history.last_entries(["codex-1", "codex-2", "absent"], ["handshake", "status"], noon)
    assert {agent: entry.record.summary for agent, entry in last.items()} == {"codex-1": "new", "codex-2": "other"}


def test_the_last_mark_retires_or_revives_and_none_from_the_future_stands_for_ever(any_store, write, at):
    write(event="retired", agent_id="boss", meta={"agent": "codex-4"}, ts="9999-01-01T00:00:00Z")
    write(event="retired", agent_id="codex-5", ts=at(1))
    assert any_store.history.retirements() == {"codex-4": "retired", "codex-5": "retired"}
    write(event="revived", agent_id="boss", meta={"agent": "codex-4"}, ts=at(2))
    assert any_store.history.retirements() == {"codex-4": "revived", "codex-5": "retired"}


# -- messages ----------------------------------------------------------------------------------------


def test_a_request_is_open_until_it_is_answered(any_store, write):
    asked = write(thread="T", type="request", summary="asked")
    write(thread="T", type="directive", summary="told", to="codex-2")
    assert any_store.history.count_requests() == 2
    write(thread="U", type="status", summary="of a stranger, elsewhere", reply_to=asked["id"])
    assert any_store.history.count_requests() == 2
    write(thread="T", type="status", summary="answer", reply_to=asked["id"])
    assert summaries(any_store.history.open_requests()) == ["told"] and any_store.history.count_requests() == 1
    assert summaries(any_store.history.open_requests(threads=["T"])) == ["told"]
    assert any_store.history.open_requests(threads=["U"]) == any_store.history.open_requests(threads=[]) == []
    assert summaries(any_store.history.open_requests(target="codex-2")) == ["told"]


def holds(agent, task="T"):
    return {
        "task_id": task,
        "agent_id": agent,
        "status": "active",
        "branch": "b",
        "fence": 1,
        "claimed_at": "2026-01-31T11:00:00Z",
    }


SAYS = [
    ("codex-2", "to whom it was sent", True),
    ("asker", "who asked", True),
    ("holder", "who holds the task", True),
    ("giver", "who gave it out", True),
    ("boss", "a manager", True),
    ("stranger", "who has no say", False),
]


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(("agent", "summary", "closes"), SAYS)
def test_only_who_has_a_say_in_a_request_answers_it(any_store, write, agent, summary, closes, is_late):
    def say():
        write(event="assign", agent_id="giver", task_id="T", claim=holds("holder"))
        write(event="assign", agent_id="giver", task_id="T")
        write(event="handshake", agent_id="boss", meta={"roles": "engineer,manager"})
        write(event="handshake", agent_id="stranger", meta={"roles": "engineer"})
        write(event="claim", agent_id="stranger", task_id="U", claim=holds("stranger", "U"))

    if not is_late:
        say()
    asked = write(thread="T", type="request", summary="asked", to="codex-2", **{"from": "asker"})
    write(thread="T", type="status", summary=summary, reply_to=asked["id"], **{"from": agent})
    assert any_store.history.count_requests() == (1 if is_late and agent in ("holder", "giver", "boss") else not closes)
    if is_late:
        say()
    assert any_store.history.count_requests() == (not closes)


@pytest.mark.parametrize(
    ("holder", "agent", "closes"),
    [("", "stranger", True), ("holder", "stranger", False), ("holder", "holder", True), ("asker", "stranger", True)],
)
def test_a_request_to_nobody_is_answered_by_its_holder_or_while_there_is_none_by_anybody(
    any_store, write, at, holder, agent, closes
):
    if holder:
        write(event="claim", agent_id=holder, task_id="T", claim=holds(holder), ts=at(0))
    asked = write(thread="T", type="request", summary="asked", ts=at(1), **{"from": "asker"})
    write(
        thread="T", type="status", summary="answer", reply_to=asked["id"], ts="2020-01-01T00:00:00Z", **{"from": agent}
    )
    write(event="claim", agent_id="holder", task_id="T", claim=holds("holder"), ts=at(9))
    assert any_store.history.count_requests() == (not closes)


def test_a_flood_of_requests_from_the_future_hides_no_request_of_another(any_store, message, write, at):
    flood = [message(type="request", ts="9999-01-01T00:00:00Z", **{"from": "loud"}) for _ in range(300)]
    any_store.commit([Append("messages/T", one) for one in flood[:150]])
    write(thread="T", type="request", summary="real", ts=at(0))
    any_store.commit([Append("messages/T", one) for one in flood[150:]])
    shown = any_store.history.open_requests()
    assert len(shown) == 200 and "real" in summaries(shown) and any_store.history.count_requests() == 301


def test_a_line_is_read_by_its_id_exactly_as_it_was_written(any_store, write):
    first = write(summary="first")
    write(summary="second")
    (line, _) = any_store.lines(EVENTS)
    assert any_store.history.lines_with(EVENTS, [first["id"], "01ARZ3NDEKTSV4RRFFQ69G5FAV"]) == {first["id"]: line.raw}
    assert any_store.history.lines_with("messages/T", [first["id"]]) == {}


def test_messages_are_counted_by_thread_and_known_by_their_id(any_store, write):
    said = write(thread="T")
    logged = write()
    write(thread="U")
    assert any_store.history.count_messages("T") == 1
    assert any_store.history.sender_of(said["id"]) == "codex-1"
    assert any_store.history.sender_of(logged["id"]) is None


def test_messages_are_found_by_a_key_of_their_meta(any_store, write):
    write(thread="T", summary="plain", note='"directive"')
    write(thread="T", summary="pointer", meta={"directive": "BUS-COORD-0001"})
    write(thread="U", summary="elsewhere", meta={"directive": "BUS-COORD-0002"})
    assert summaries(any_store.history.messages_with("T", "directive")) == ["pointer"]


# -- events ------------------------------------------------------------------------------------------


def test_events_of_some_kinds_come_oldest_first_whoever_wrote_them(any_store, write):
    write(event="dirty_cleared", agent_id="z", summary="1")
    write(event="note", summary="2")
    write(event="dirty_reassigned", agent_id="a", summary="3")
    write(thread="T", type="dirty_cleared", summary="4")
    assert [event.summary for event in any_store.history.events_of(["dirty_cleared", "dirty_reassigned"])] == ["1", "3"]


def test_the_newest_events_about_a_plan_come_oldest_first(any_store, write):
    for number in range(4):
        write(summary=str(number), plan_id="P-1")
    write(summary="not about it", plan_id="P-10", meta={"note": '"plan_id":"P-1"'})
    assert [event.summary for event in any_store.history.events_about_plan("P-1", 2)] == ["2", "3"]


def test_the_changes_of_a_claim_are_the_events_that_carry_it_newest_first(any_store, write):
    write(event="claim", task_id="T", claim={"fence": 1})
    write(event="status", task_id="T", summary='it has a "claim"')
    write(event="takeover", task_id="T", claim={"fence": 2})
    write(event="claim", task_id="U", claim={"fence": 1})
    assert [event.claim["fence"] for event in any_store.history.claim_changes("T")] == [2, 1]


# -- records by what they say ------------------------------------------------------------------------


def test_records_that_name_a_decision_are_found_whatever_they_call_it(any_store, write):
    write(summary="1", meta={"decision_id": "D-1"})
    write(thread="T", summary="2", decision="D-2")
    write(summary="3", meta={"other": "D-3"})
    assert summaries(any_store.history.about_decisions()) == ["1", "2"]


def test_records_since_a_moment_that_cite_receipts_come_with_their_place(any_store, write, noon, at):
    write(receipts=["old.txt"], ts=at(-1))
    write(summary="no receipts", note='"receipt"', ts=at(1))
    write(receipts=["a.txt"], ts=at(2))
    write(thread="T", receipt="b.txt", ts=at(0))
    recorded = any_store.history.with_receipts(noon)
    assert [(one.stream, one.number, one.entry.record.receipts) for one in recorded] == [
        (EVENTS, 3, ("a.txt",)),
        (stream_of("T"), 1, ("b.txt",)),
    ]
    assert all(isinstance(one, Recorded) for one in recorded)


# -- what is wrong -----------------------------------------------------------------------------------


def test_lines_that_cannot_be_read_are_named_by_stream_and_number(any_store, write):
    write()
    any_store.adopt(EVENTS, [b"no JSON", b"{}"])
    any_store.adopt("messages/T", [b"[]"])
    named = [(problem.path, problem.line) for problem in any_store.history.problems()]
    assert named == [(any_store.where(EVENTS), 2), (any_store.where(EVENTS), 3), (any_store.where("messages/T"), 1)]
    assert [problem.line for problem in any_store.history.problems(["messages/T"])] == [1]
    assert any_store.history.losses() == []
