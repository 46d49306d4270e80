"""The view: lanes in order, groups of requests, the days; every number of it is the board's or adds up to it."""

from __future__ import annotations

from datetime import timedelta

from tests.core.board.conftest import NOW
from tests.core.board.test_build import put_claim
from tools.core.board import view
from tools.core.board.lanes.lane import LANES
from tools.core.board.model import View
from tools.core.board.verdict import verdict
from tools.core.context import Context
from tools.core.workspace import Workspace


def test_managers_come_first_then_who_is_silent_then_who_works(seen):
    names = [(lane.agent_id, lane.state) for lane in seen.lanes]
    assert names[:3] == [("manager-1", "stale"), ("gemini-2", "silent"), ("claude-1", "at work")]
    assert len(names) == 9 and seen.seats_without_lane == 0


def test_a_lane_shows_what_its_seat_held_and_asked(seen):
    lanes = {lane.agent_id: lane for lane in seen.lanes}
    assert [row.task_id for row in lanes["claude-1"].charts[0].held] == ["QUEUE-053", "QUEUE-033"]
    assert len(lanes["claude-1"].charts[0].requests) == 3
    assert [row.state for row in lanes["claude-3"].charts[1].held if row.task_id == "QUEUE-019"] == ["taken"]
    assert [row.taken_over for row in lanes["codex-2"].charts[1].held if row.task_id == "QUEUE-019"] == [True]


def test_every_live_claim_is_the_last_interval_of_its_holder(seen):
    live = {(row.task_id, row.agent_id) for lane in seen.lanes for row in lane.charts[0].held if not row.ending}
    assert live == {(row.task_id, row.agent_id) for row in seen.board.claims}


def test_the_groups_of_requests_are_all_requests_once(seen):
    groups = [*seen.for_reader, *seen.between_others, *seen.unanswered_directives]
    assert sorted(row.id for row in groups) == sorted(row.id for row in seen.board.requests)
    assert {row.to for row in seen.for_reader} == {"manager-1"} and seen.reader == "manager-1"


def test_the_threads_of_open_requests_end_with_their_last_messages(seen):
    thread = seen.threads["QUEUE-015"]
    assert len(thread) <= view.THREAD_TAIL and thread[-1].summary.startswith("the bank rounds down")


def test_the_log_is_newest_first(seen):
    moments = [row.at for row in seen.log]
    assert moments == sorted(moments, reverse=True) and len(moments) == view.LOG


def test_the_days_count_what_was_finished_on_each(seen):
    assert sum(day.done for day in seen.days) == seen.board.finished_claims["done"]
    assert seen.days[-1].day == NOW.date() and len(seen.days) == 5


def test_silent_holders_have_a_lane_before_others_and_the_rest_is_counted(workspace, store):
    for number in range(LANES + 6):
        age = {"claimed_at": "2026-11-26T17:00:00Z"} if number % 2 else {}
        put_claim(store, f"T-{number}", agent_id=f"codex-{number}", **age)
    made = view.take(Context(workspace, now=NOW), View())
    silent = {row.agent_id for row in made.board.claims if row.idle}
    assert len(made.lanes) == LANES and made.seats_without_lane == 6
    assert len(silent) == 15 and silent <= {lane.agent_id for lane in made.lanes}


def test_the_verdict_is_amber_when_only_a_request_waits_for_the_reader(seen):
    asking = [row for row in seen.board.reminders if row.kind == "request_for_you"]
    quiet = seen.board._replace(alerts=[], reminders=asking)
    assert verdict(quiet).sentence == "6 things wait for you"
    assert verdict(quiet).colour == "amber"
    assert verdict(quiet._replace(reminders=[])) == ("green", 0, "All clear")


def test_an_empty_repository_has_a_view(workspace):
    made = view.take(Context(workspace, now=NOW), View())
    assert made.lanes == [] and made.log == [] and made.verdict.colour == "green"


def test_the_real_history_has_a_view_whose_numbers_are_the_boards(history):
    made = view.take(Context(Workspace(str(history), str(history)), now=NOW - timedelta(days=380)), View())
    live = [row for lane in made.lanes for row in lane.charts[1].held if not row.ending]
    assert len(live) == len(made.board.claims)
    assert made.totals.events > 0
