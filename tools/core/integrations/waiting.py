"""Waiting for something to come: mail, an answer, a task that is given back or becomes ready.

It follows the records that may bring it, and asks the bus again only after one came. It writes nothing to the bus,
so that it works in a sandbox that may only read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tools.core import ids
from tools.core.backlog import pickup
from tools.core.bus import claim_documents, feed, inbox
from tools.core.context import Context
from tools.core.errors import SetupError
from tools.core.models.entry import Entry, Query
from tools.core.models.record import to_mapping
from tools.core.problem import Problem

if TYPE_CHECKING:
    from tools.core.store.contract import Following

MAIL, REPLY, RELEASE, READY = KINDS = ("mail", "reply", "release", "ready")
PAUSE = 0.5
"""Seconds between two looks."""

_SETTLING = 2.0
"""Seconds after a record in which its documents may still follow: a commit writes records first."""

_NEWEST = 50
"""Messages of the seat whose answers are waited for."""


class Wish(NamedTuple):
    """What to wait for; `task` is needed for a release."""

    kinds: tuple[str, ...] = (MAIL,)
    task: str = ""


class Arrival(NamedTuple):
    """Something that came: the kind, a task, and for mail and answers the message."""

    kind: str
    task: str
    entry: Entry | None = None
    is_open: bool = False  # a request or directive that was not answered yet

    @property
    def key(self) -> str:
        """What tells it from another arrival of its kind."""
        return inbox.key(self.entry) if self.entry else self.task


def wait(context: Context, wish: Wish, seconds: float, *, pause: float = PAUSE) -> list[Arrival]:
    """What came, at once when it is there already and was not read; [] when the time is over."""
    deadline = time.monotonic() + seconds
    watch = Watch(context, wish)
    while True:
        arrivals = watch.arrivals_if_reachable()
        left = deadline - time.monotonic()
        if arrivals or left <= 0:
            return arrivals
        watch.sleep(min(pause, left))


class Watch:
    """One wait: what is followed, and what the bus was like at the last look."""

    def __init__(self, context: Context, wish: Wish) -> None:
        self._context = context
        self._wish = wish
        self._agent = context.seat.agent_id
        self._sent = self._messages_sent() if REPLY in wish.kinds else {}
        self._held: frozenset[str] = frozenset()
        threads = {ids.inbox_of(self._agent), *self._sent.values()}
        self._followed = [self._follow(Query(messages=False)), self._follow(Query(tasks=sorted(threads), events=False))]
        self._held_threads: list[Following] = []
        self._files: object = None
        self._look_until = 0.0

    def arrivals(self) -> list[Arrival]:
        """What is there now; [] without a look at the bus where no record came and no file of the backlog changed."""
        news = self._news()
        files = self._backlog_files()
        if news or files != self._files:
            self._look_until = time.monotonic() + _SETTLING
        elif time.monotonic() > self._look_until:
            return []
        self._files = files
        self._context.store.history.refresh()
        arrivals = [*self._answers(news), *self._present()]
        return list({(arrival.kind, arrival.key): arrival for arrival in arrivals}.values())

    def arrivals_if_reachable(self) -> list[Arrival]:
        """The same; [] while the server that the bus is on is away, and a look at it once it is back."""
        try:
            return self.arrivals()
        except SetupError as error:
            if error.code != "store.unreachable":
                raise
            self._files = None
            return []

    def sleep(self, seconds: float) -> None:
        """Waits so long, or on a server until it rings."""
        self._followed[0].sleep(seconds)

    def _present(self) -> Iterator[Arrival]:
        kinds, context = self._wish.kinds, self._context
        if MAIL in kinds or REPLY in kinds:
            yield from self._unread()
        if RELEASE in kinds and self._wish.task:
            claim = claim_documents.of_task(context.store, self._wish.task).claim
            if claim is None or claim.state != "active":
                yield Arrival(RELEASE, self._wish.task)
        if READY in kinds:
            yield from (Arrival(READY, task.item.task_id) for task in pickup.read(context).ready)

    def _unread(self) -> Iterator[Arrival]:
        context = self._context
        self._follow_held()
        mark = inbox.read_mark(context.workspace, self._agent)
        items = inbox.look(context.store.history, self._agent, self._held, mark).items
        unread = [item for item in items if item.is_unread and item.entry.agent != self._agent]
        if MAIL in self._wish.kinds:
            yield from (Arrival(MAIL, item.entry.task, item.entry, item.is_open) for item in unread)
        if REPLY in self._wish.kinds:
            yield from self._answers(item.entry for item in unread)

    def _answers(self, entries: Iterable[Entry]) -> Iterator[Arrival]:
        """Those of some entries that answer a message of the seat's."""
        for entry in entries:
            if entry.agent != self._agent and getattr(entry.record, "reply_to", "") in self._sent:
                yield Arrival(REPLY, entry.task, entry)

    def _news(self) -> list[Entry]:
        outcomes = [outcome for part in [*self._followed, *self._held_threads] for outcome in part.poll()]
        return [outcome for outcome in outcomes if not isinstance(outcome, Problem)]

    def _follow_held(self) -> None:
        """Follows the threads of the tasks that the seat holds now."""
        claims = claim_documents.live_claims(self._context.store).claims
        held = frozenset(claim.task_id for claim in claims if claim.is_live and claim.agent_id == self._agent)
        if held != self._held:
            self._held = held
            self._held_threads = [self._follow(Query(tasks=sorted(held), events=False))] if held else []

    def _follow(self, query: Query) -> Following:
        return self._context.store.history.follow(query)

    def _messages_sent(self) -> dict[str, str]:
        """The threads of the newest messages of the seat, by the message's id."""
        entries, _ = self._context.store.history.select(Query(agents=[self._agent], events=False), _NEWEST)
        return {entry.record.id: entry.task for entry in entries if entry.record.id}

    def _backlog_files(self) -> list[tuple[str, int, int]]:
        """The names, sizes and times of the backlog's files, where a ready task may come from."""
        if READY not in self._wish.kinds:
            return []
        try:
            with os.scandir(self._context.workspace.queue.path) as entries:
                facts = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
        except OSError:
            return []
        return sorted((name, state.st_size, state.st_mtime_ns) for name, state in facts)


def line_of(arrival: Arrival) -> str:
    """What came in one line."""
    entry = arrival.entry
    if entry is None:
        return f"{arrival.kind}: {arrival.task}"
    answer = feed.answering(entry) if arrival.is_open else ""
    tail = f" [answer with {answer}]" if answer else ""
    return f"{arrival.kind}: {entry.agent} {entry.kind} in {entry.task}: {entry.record.summary}{tail}"


def document(arrival: Arrival) -> dict[str, object]:
    """What came as JSON."""
    return {
        "kind": arrival.kind,
        "task_id": arrival.task,
        "message": to_mapping(arrival.entry.record) if arrival.entry else None,
    }
