"""Intervals: told from events that carry a claim, and corrected by the claim documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tools.core import clock
from tools.core.board.lanes.timeline import ClaimChange, Interval, Window, intervals, rows_packed
from tools.core.models.lenient import claim_from

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=2), NOW)


def ago(hours):
    return NOW - timedelta(hours=hours)


def claim(status, agent="codex-1", claimed=10.0, **fields):
    raw = {"agent_id": agent, "status": status, "claimed_at": clock.to_text(ago(claimed)), "fence": 1, **fields}
    return claim_from(raw, "T-1")


def change(hours, status, agent="codex-1", **fields):
    return ClaimChange(ago(hours), claim(status, agent, **fields))


def shown(rows):
    return [
        (row.agent_id, (NOW - row.start) / timedelta(hours=1), (NOW - row.end) / timedelta(hours=1), row.state)
        for row in rows
    ]


def test_a_claim_that_was_released_done_is_one_interval():
    rows = intervals([change(10, "active"), change(4, "done")], {"T-1": claim("done")}, WINDOW)
    assert shown(rows) == [("codex-1", 10, 4, "done")]
    assert rows[0].ending == "done"


def test_a_live_claim_ends_now_and_is_silent_when_its_holder_is():
    live = {"T-1": claim("active")}
    assert shown(intervals([change(10, "active")], live, WINDOW)) == [("codex-1", 10, 0, "active")]
    silent = WINDOW._replace(silent=["T-1"])
    assert shown(intervals([change(10, "active")], live, silent)) == [("codex-1", 10, 0, "silent")]


def test_a_task_that_was_taken_over_shows_with_both_holders():
    taken = {"agent_id": "codex-1", "at": clock.to_text(ago(5)), "reason": "its session ended"}
    changes = [change(10, "active"), change(5, "active", "codex-2", claimed=5, taken_from=taken, fence=2)]
    rows = intervals(changes, {"T-1": changes[-1].claim}, WINDOW)
    assert shown(rows) == [("codex-1", 10, 5, "taken"), ("codex-2", 5, 0, "active")]
    assert (rows[1].taken_over, rows[1].fence, rows[1].reason) == (True, 2, "its session ended")


def test_a_pause_is_an_interval_of_its_own():
    changes = [change(10, "active"), change(8, "paused"), change(6, "active"), change(2, "done")]
    rows = intervals(changes, {"T-1": claim("done")}, WINDOW)
    assert shown(rows) == [("codex-1", 10, 8, "active"), ("codex-1", 8, 6, "paused"), ("codex-1", 6, 2, "done")]
    assert [row.ending for row in rows] == ["paused", "active", "done"]


def test_a_task_that_was_reopened_has_a_gap():
    changes = [change(10, "active"), change(8, "done"), change(3, "active", claimed=3)]
    assert shown(intervals(changes, {"T-1": changes[-1].claim}, WINDOW)) == [
        ("codex-1", 10, 8, "done"),
        ("codex-1", 3, 0, "active"),
    ]


def test_an_update_of_a_claim_ends_nothing():
    rows = intervals([change(10, "active"), change(6, "active", notes="more")], {"T-1": claim("active")}, WINDOW)
    assert shown(rows) == [("codex-1", 10, 0, "active")]


def test_a_live_claim_without_an_event_begins_when_it_says():
    assert shown(intervals([], {"T-1": claim("active", claimed=7)}, WINDOW)) == [("codex-1", 7, 0, "active")]


def test_what_began_before_the_window_begins_with_the_claim_or_the_window():
    assert shown(intervals([change(4, "done")], {"T-1": claim("done")}, WINDOW)) == [("codex-1", 10, 4, "done")]
    old = [change(4, "done", claimed=200)]
    assert shown(intervals(old, {"T-1": old[0].claim}, WINDOW)) == [("codex-1", 48, 4, "done")]


def test_who_lost_a_task_to_a_takeover_held_it_since_the_window_began():
    taken = {"agent_id": "codex-9", "at": clock.to_text(ago(5)), "reason": "away"}
    changes = [change(5, "active", claimed=5, taken_from=taken, fence=2)]
    rows = intervals(changes, {"T-1": changes[0].claim}, WINDOW)
    assert shown(rows) == [("codex-9", 48, 5, "taken"), ("codex-1", 5, 0, "active")]


def test_the_document_has_the_last_word():
    released = clock.to_text(ago(3))
    rows = intervals([change(10, "active")], {"T-1": claim("done", released_at=released)}, WINDOW)
    assert shown(rows) == [("codex-1", 10, 3, "done")]


def test_a_finished_task_before_the_window_is_left_out():
    assert intervals([], {"T-1": claim("done", claimed=90)}, WINDOW) == []


def test_a_stamp_from_the_future_ends_now():
    rows = intervals([change(10, "active"), change(-1, "done")], {"T-1": claim("done")}, WINDOW)
    assert shown(rows) == [("codex-1", 10, 0, "done")]


STATES = st.sampled_from(["active", "paused", "released", "done"])
CHANGES = st.lists(
    st.builds(
        change,
        st.floats(-2, 60),
        STATES,
        st.sampled_from(["codex-1", "codex-2", "codex-3"]),
        claimed=st.floats(-1, 80),
    ),
    max_size=9,
)


@given(CHANGES, st.one_of(st.none(), st.builds(claim, STATES, st.just("codex-2"), st.floats(-1, 80))))
def test_intervals_of_one_task_never_overlap_and_never_run_backwards(changes, document):
    rows = intervals(changes, {"T-1": document} if document else {}, WINDOW)
    assert all(row.start <= row.end <= NOW for row in rows)
    assert all(before.end <= after.start for before, after in zip(rows, rows[1:], strict=False))
    assert all(not row.ending for row in rows if row.end == NOW and row.state == "silent")


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12))
def test_packed_rows_hold_every_interval_once_and_none_overlaps(spans):
    rows = [Interval("T", "a", ago(100 - min(s)), ago(100 - max(s)), "done", "done", False, 1, "") for s in spans]
    packed = rows_packed(rows)
    assert sorted(row for line in packed for row in line) == sorted(rows)
    assert all(one.end <= two.start for line in packed for one, two in zip(line, line[1:], strict=False))
