"""The loop with textual's own pilot: keys, a new record, an answer that is sent, the end."""

from __future__ import annotations

import asyncio
import os

import pytest

pytest.importorskip("textual", reason="the extra [tui] is not installed")

from tools.core.board.model import View
from tools.core.context import Context
from tools.core.models.manifest import Manifest
from tools.core.seats.seat import Seat
from tools.core.terminal.app import Top

BOSS = Seat("boss", Manifest(agent_id="boss", desired_roles=("manager",)))


@pytest.fixture
def asked(git_repo, run):
    """A bus on which one request waits for anybody."""
    run(
        "agent.bus_message",
        "--task",
        "T-1",
        "--type",
        "request",
        "--summary",
        "[/b] may I? [red]x",
        "--agent",
        "codex-1",
    )


def shown(app):
    return str(app.query_one("#board").render())


def drive(workspace, body, *, seat=BOSS, size=(120, 40)):
    """Runs the board on a screen of a size and lets a body drive it."""

    async def play():
        app = Top(Context(workspace), View(), seat, plain=False)
        async with app.run_test(size=size) as pilot:
            await body(app, pilot)
        return app

    return asyncio.run(play())


async def eventually(pilot, condition):
    for _ in range(200):
        if condition():
            return
        await pilot.pause(0.05)
    raise AssertionError("it did not happen in time")


def test_markup_in_records_is_text(workspace, asked):
    async def body(app, pilot):
        await pilot.press("2")
        assert "[/b] may I? [red]x" in shown(app)

    drive(workspace, body)


def test_a_record_shows_by_itself_and_the_cursor_stays(workspace, asked, run):
    async def body(app, pilot):
        await pilot.press("2", "down")
        cursor = app.state.cursor
        run(
            "agent.bus_message", "--task", "T-2", "--type", "request", "--summary", "the newcomer", "--agent", "codex-1"
        )
        await eventually(pilot, lambda: "the newcomer" in shown(app))
        assert app.state.cursor == cursor

    drive(workspace, body)


def test_an_answer_is_sent_from_the_seat(workspace, asked, run):
    async def body(app, pilot):
        await pilot.press("2", "r", *"yes", "enter")
        await eventually(pilot, lambda: "Every question has an answer." in shown(app))

    drive(workspace, body)
    assert run("agent.bus_status", "--json").json["open_requests"] == []


def test_escape_sends_nothing_and_without_a_seat_there_is_no_answer(workspace, asked, run):
    async def body(app, pilot):
        await pilot.press("2", "r", *"yes", "escape")
        assert "nothing was sent" in shown(app)

    async def without(app, pilot):
        await pilot.press("2", "r")
        assert "no seat here" in shown(app) and app.state.answer is None

    drive(workspace, body)
    drive(workspace, without, seat=None)
    assert len(run("agent.bus_status", "--json").json["open_requests"]) == 1


def test_a_thread_opens_at_its_newest_message(workspace, asked):
    async def body(app, pilot):
        await pilot.press("2", "enter")
        assert "may I?" in shown(app) and "esc back" in shown(app)

    drive(workspace, body)


def test_the_size_of_the_screen_is_followed(workspace, asked):
    async def body(app, pilot):
        await pilot.resize_terminal(50, 12)
        await pilot.pause()
        assert "too small" in shown(app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert len(shown(app).splitlines()) == 24

    drive(workspace, body)


def test_q_ends_it(workspace, asked):
    async def body(app, pilot):
        await pilot.press("q")

    assert drive(workspace, body).return_code == 0


def test_top_needs_a_terminal(git_repo, spawn):
    done = spawn("-m", "tools.agent.top", cwd=git_repo, env={**os.environ, "TERM": "xterm"}, stdin=None)
    assert done.returncode == 2 and "report --compact" in done.stderr
