"""News for watchers: one loop looks, makes each edition once for all of them, and waits for none.

A watcher hears what is newest and never what it missed, so that a line that was cut, a browser that
slept and a server that began anew need no case of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.served import watch
from tools.core.served.edition import Edition, Reader, due, make
from tools.core.served.guard import Receive, Scope, Send

MIN_GAP = 0.25
"""Seconds between two editions at least."""

COMMENT_EVERY = 15.0
SEND_PATIENCE = 10.0
"""Seconds a watcher may leave its line full before it is dropped."""

TOO_OLD = 30.0
"""Seconds after which a board that could not be looked at again is no longer healthy."""


class Health(NamedTuple):
    """Whether the board can be trusted, and why not."""

    ok: bool
    why: str = ""


class Live:
    """The board that is kept up to date, and who watches it."""

    def __init__(self, context: Context, reader: Reader, interval: float, complain: Callable[[str], None]) -> None:
        self._context, self._reader, self._interval, self._complain = context, reader, interval, complain
        self._look = watch.NOTHING
        self._records = watch.news_of(context)
        self._was_there = False
        self._failure = ""
        self._looked_at = time.monotonic()
        self._nudge = asyncio.Event()
        self._news = asyncio.Condition()
        self.edition: Edition | None = None
        self.watchers = 0
        self.is_ending = False

    async def run(self) -> None:
        """Looks until the server ends."""
        number = 0
        while not self.is_ending:
            await self.refresh(thorough=number % watch.SLOW_EVERY == 0)
            number += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._nudge.wait(), watch.wait_after(self._look, self._interval))
                number = 0
            self._nudge.clear()

    def nudge(self) -> None:
        """Looks at once: something was written here."""
        self._nudge.set()

    async def end(self) -> None:
        """Ends all streams, so that the server has none to wait for."""
        self.is_ending = True
        self._nudge.set()
        async with self._news:
            self._news.notify_all()

    async def refresh(self, *, thorough: bool) -> None:
        """Looks once, and makes an edition where something changed or fell due."""
        looked = watch.look(self._context.workspace, self._look, self._records, thorough=thorough)
        now = self._context.store.now()
        is_due = self.edition is not None and now >= due(self.edition.view.board)
        self._was_there = self._was_there or looked.is_there
        if self.edition is not None and not is_due and not self._failure and not looked.differs(self._look):
            self._look, self._looked_at = looked, time.monotonic()
            return
        begin = time.perf_counter()
        try:
            made = make(self._context.at(now), self._reader, self.edition)
        except (ToolkitError, OSError) as problem:
            if (failure := f"{type(problem).__name__}: {problem}") != self._failure:
                self._complain(failure)
            self._failure = failure
            return
        self._failure, self._look, self._looked_at = "", looked, time.monotonic()
        await self._publish(made._replace(seconds=time.perf_counter() - begin))

    async def _publish(self, made: Edition) -> None:
        is_new = self.edition is None or made.version != self.edition.version
        self.edition = made
        if is_new:
            async with self._news:
                self._news.notify_all()
            await asyncio.sleep(MIN_GAP)

    def health(self) -> Health:
        """Whether what is shown is what is there."""
        if self._was_there and not self._look.is_there:
            return Health(ok=False, why="the bus was there and is gone")
        if self._failure:
            return Health(ok=False, why="the bus cannot be read")
        if self.edition is None or time.monotonic() - self._looked_at > TOO_OLD:
            return Health(ok=False, why="there is no board, or it is too old")
        return Health(ok=True)

    async def next_after(self, version: int) -> Edition | None:
        """The newest edition once it is later than a version; None when the server ends."""
        async with self._news:
            await self._news.wait_for(
                lambda: self.is_ending or (self.edition is not None and self.edition.version > version)
            )
        return None if self.is_ending else self.edition


class Events:
    """The stream as an application of its own: `event: board` for each edition, a comment now and then."""

    def __init__(self, live: Live, patience: float = SEND_PATIENCE) -> None:
        self._live, self._patience = live, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One watcher, until it goes or the server ends."""
        headers = [(b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(_left(receive))
        self._live.watchers += 1
        try:
            await self._stream(send, gone)
            await self._send(send, b"", more=False)
        except TimeoutError:
            pass  # the watcher does not read, so its connection is closed
        finally:
            self._live.watchers -= 1
            gone.cancel()

    async def _stream(self, send: Send, gone: asyncio.Future[None]) -> None:
        version = 0
        while not gone.done():
            news = asyncio.ensure_future(self._live.next_after(version))
            both: set[asyncio.Future[Any]] = {news, gone}
            await asyncio.wait(both, timeout=COMMENT_EVERY, return_when=asyncio.FIRST_COMPLETED)
            if not news.done():
                news.cancel()
                body = b": still here\n\n"
            elif (made := news.result()) is None:
                return
            else:
                version = made.version
                body = f"event: board\nid: {version}\ndata: {json.dumps(made.news())}\n\n".encode()
            if not gone.done():
                await self._send(send, body, more=True)

    async def _send(self, send: Send, body: bytes, *, more: bool) -> None:
        """TimeoutError when the watcher does not read."""
        await asyncio.wait_for(send({"type": "http.response.body", "body": body, "more_body": more}), self._patience)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
