"""The digest: fifteen lines, derived from records, the same for the same moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.core.board.conftest import NOW
from tools.core.board import digest, digest_text
from tools.core.board.digest import Question
from tools.core.board.model import View
from tools.core.context import Context


@pytest.fixture
def day(harbour_context):
    return digest.take(harbour_context, Question(NOW - timedelta(hours=24), View()))


def test_it_has_at_most_fifteen_lines_and_is_the_same_twice(harbour_context, day):
    again = digest.take(harbour_context, Question(NOW - timedelta(hours=24), View()))
    assert digest_text.text(day) == digest_text.text(again)
    assert len(digest_text.text(day).splitlines()) <= 15
    assert all(len(line) <= 200 for line in digest_text.text(day).splitlines())


def test_it_tells_what_was_finished_begun_and_taken_over(harbour_context, day):
    assert [row.task_id for row in day.done] == ["QUEUE-056", "QUEUE-034", "QUEUE-017", "QUEUE-053", "QUEUE-047"]
    assert [row.task_id for row in day.begun][:2] == ["QUEUE-018", "QUEUE-035"]
    assert day.taken_over == []
    week = digest.take(harbour_context, Question(NOW - timedelta(days=6), View()))
    assert week.taken_over == [("QUEUE-019", "claude-3", "codex-2")]
    assert len(week.done) == week.board.finished_claims["done"]


def test_its_numbers_are_the_boards(day):
    made = digest.as_document(day)
    board = day.board
    assert (made["alerts"], made["open_requests"]) == (len(board.alerts), len(board.requests))
    assert made["ready"] == [row.task_id for row in board.ready]
    assert made["overdue_decisions"] == [row.id for row in board.decisions if row.overdue]
    assert made["runs"] == 4 and made["decided"] == 0


def test_new_alerts_are_those_that_began_within_the_window(day):
    assert day.new_alerts == sum(row.since is not None and row.since >= day.since for row in day.board.alerts) == 4


def test_next_is_the_first_alerts_command_else_the_first_reminders_else_the_oldest_requests(day):
    assert day.next == day.board.alerts[0].command
    calm = day._replace(board=day.board._replace(alerts=[]))
    assert calm.next == day.board.reminders[0].command
    quiet = day._replace(board=day.board._replace(alerts=[], reminders=[]))
    assert f"--reply-to {day.board.requests[0].id}" in quiet.next


def test_nothing_at_all_is_one_line(workspace):
    empty = digest.take(Context(workspace, now=NOW), Question(NOW - timedelta(hours=1), View()))
    assert digest_text.text(empty) == "Since Thu 26 Nov 16:10 UTC nothing happened, and nothing waits."


def test_text_of_records_is_shown_and_not_obeyed(day):
    row = day.for_reader[0]._replace(summary="\x1b[31m<b> @x \u202e")
    text = digest_text.text(day._replace(for_reader=[row]))
    assert "\x1b" not in text and "\\u202e" in text
    assert "&lt;b&gt;" in digest_text.markdown(day._replace(for_reader=[row]))
