"""A session's start says the same whether it is read from small files, as a hook does, or asked of the store."""

import time

import pytest

from tools.core.bus import inbox, posts
from tools.core.context import Context
from tools.core.integrations import overview
from tools.core.integrations.hooks import answer, surroundings
from tools.core.seats.seat import Seat


@pytest.fixture
def context(fleet):
    """The agent's context."""
    return Context(fleet.space, seat=Seat("codex-1", None))


@pytest.fixture
def post(fleet):
    """Posts a message of a seat's; returns its id."""

    def call(kind="note", *, task="T-1", to="codex-1", sender="manager-1", reply_to=""):
        draft = posts.MessageDraft(task, kind, "words", to=to, reply_to=reply_to)
        return posts.post(Context(fleet.space, seat=Seat(sender, None)), messages=[draft]).messages[0].id

    return call


@pytest.fixture
def both(fleet, context):
    """The facts as the hook reads them and as the store answers, without the ages."""

    def call():
        here = surroundings.find(str(fleet.tree), {}, "")
        quick = answer.start_facts(here, answer.Process(str(fleet.tree), {}, time.time_ns()))
        asked = overview.of_seat(Context(fleet.space, seat=context.seat))
        return [facts._replace(held=tuple(held.task for held in facts.held)) for facts in (quick, asked)]

    return call


def mark_read(context):
    context.history.refresh()
    box = inbox.look(context.history, "codex-1", [], inbox.read_mark(context.workspace, "codex-1"))
    inbox.mark_read(context.workspace, "codex-1", box)


def test_of_a_bus_at_work_both_say_the_same(fleet, both, post):
    fleet.claim("T-2", "codex-1")
    fleet.claim("T-3", "manager-1")
    fleet.claim("T-4", "codex-1", status="done")
    for number in range(1, 4):
        (fleet.tree / "queue" / f"00{number}-x.md").write_text(f"# Task: {number}\nDepends: QUEUE-00{number - 1}\n")
    post("request", task="T-2", to="")
    post("request", task="T-9")
    quick, asked = both()
    assert quick == asked
    assert (asked.held, asked.others, asked.waiting[:2]) == (("T-2",), 1, (2, 2))


def test_an_answered_request_is_mail_but_asks_for_nothing(both, post):
    post("status", to="manager-1", sender="codex-1", reply_to=post("request"))
    quick, asked = both()
    assert quick == asked and asked.waiting[:2] == (1, 0)


def test_more_mail_than_is_looked_at_one_by_one_is_counted_before_and_after_it_was_read(both, post, context):
    for _ in range(60):
        post()
    assert [facts.waiting.unread for facts in both()] == [60, 60]
    mark_read(context)
    assert [facts.waiting.unread for facts in both()] == [0, 0]
    for _ in range(3):
        post()
    assert [facts.waiting.unread for facts in both()] == [3, 3]
