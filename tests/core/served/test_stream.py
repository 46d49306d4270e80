"""The stream: each watcher hears the newest edition, and one that does not read keeps no other waiting."""

from __future__ import annotations

import asyncio
import json

import pytest

from tools.core.board.model import View
from tools.core.bus import posts
from tools.core.context import Context
from tools.core.seats.seat import Seat
from tools.core.served.edition import Reader
from tools.core.served.stream import Events, Live


class Watcher:
    """A connection in memory; where it is deaf it takes the head of the answer and then nothing."""

    def __init__(self, *, deaf=False):
        self.deaf, self.text = deaf, ""
        self.heard = asyncio.Event()

    async def receive(self):
        await asyncio.Event().wait()

    async def send(self, message):
        if message["type"] == "http.response.body":
            if self.deaf:
                await asyncio.Event().wait()
            self.text += message["body"].decode()
            self.heard.set()

    async def until(self, words):
        async with asyncio.timeout(20):
            while words not in self.text:
                self.heard.clear()
                await self.heard.wait()


@pytest.fixture
def play(workspace):
    """Plays watchers against the stream of `workspace`; a body is given the watchers and what is live."""

    def run(body, watchers, patience):
        async def all_of_it():
            live = Live(Context(workspace), Reader(View()), 0.02, lambda line: None)
            looking = asyncio.ensure_future(live.run())
            made = [Watcher(**options) for options in watchers]
            streams = [
                asyncio.ensure_future(Events(live, patience)({"type": "http"}, one.receive, one.send)) for one in made
            ]
            await body(live, *made)
            await live.end()
            await asyncio.gather(looking, *streams)
            return live

        return asyncio.run(all_of_it())

    return run


def note(workspace, text):
    posts.post(Context(workspace, seat=Seat("codex-1", None)), posts.EventDraft("note", text))


def test_a_watcher_that_stops_reading_keeps_no_other_waiting_and_is_dropped(workspace, play):
    async def body(live, deaf, hearing):
        await hearing.until("id: 1\n")
        for number in (2, 3):
            note(workspace, f"news {number}")
            await hearing.until(f"id: {number}\n")
            assert live.watchers == 2 and deaf.text == ""
        async with asyncio.timeout(20):
            while live.watchers > 1:
                await asyncio.sleep(0.02)
        note(workspace, "news 4")
        await hearing.until("id: 4\n")

    assert play(body, [{"deaf": True}, {}], patience=3.0).watchers == 0


def test_the_first_event_tells_everything_to_who_comes_late(workspace, play):
    async def body(live, first):
        await first.until("id: 1\n")
        note(workspace, "news")
        await first.until("id: 2\n")
        late = Watcher()
        stream = asyncio.ensure_future(Events(live)({"type": "http"}, late.receive, late.send))
        await late.until("id: 2\n")
        data = json.loads(late.text.rpartition("data: ")[2])
        assert data["version"] == 2 and data["sections"].keys() == live.edition.hashes.keys()
        await live.end()
        await stream

    play(body, [{}], patience=3.0)


def test_a_server_that_ends_ends_its_streams_first(play):
    async def body(live, *watchers):
        for watcher in watchers:
            await watcher.until("event: board")

    assert play(body, [{} for _ in range(200)], patience=3.0).watchers == 0
