"""Waiting for something to come: mail, an answer, a task that is given back or becomes ready.

It looks at the sizes and times of files every half second and reads only what changed; it writes nothing, so that
it works in a sandbox that may only read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from tools.core import ids
from tools.core.backlog import pickup
from tools.core.bus import claim_documents
from tools.core.context import Context
from tools.core.integrations.hooks import mail
from tools.core.models.bus import MESSAGES, Message, stream_of
from tools.core.models.lenient import message_from
from tools.core.models.record import to_mapping

MAIL, REPLY, RELEASE, READY = KINDS = ("mail", "reply", "release", "ready")
PAUSE = 0.5
"""Seconds between two looks."""

_NEWEST = 50


class Wish(NamedTuple):
    """What to wait for; `task` is needed for a release."""

    kinds: tuple[str, ...] = (MAIL,)
    task: str = ""


class Arrival(NamedTuple):
    """Something that came: the kind, a task, and for mail the message."""

    kind: str
    task: str
    message: Message | None = None


def wait(context: Context, wish: Wish, seconds: float, *, pause: float = PAUSE) -> list[Arrival]:
    """What came, at once when it is there already and was not read; [] when the time is over."""
    deadline = time.monotonic() + seconds
    known = frozenset(_answers(context)) if REPLY in wish.kinds else frozenset()
    state: object = None
    while True:
        now = _state(context)
        if now != state:
            state = now
            arrivals = list(_arrivals(context, wish, known))
            if arrivals:
                return arrivals
        left = deadline - time.monotonic()
        if left <= 0:
            return []
        time.sleep(min(pause, left))


def _arrivals(context: Context, wish: Wish, known: Collection[str]) -> Iterator[Arrival]:
    if MAIL in wish.kinds:
        yield from _mail(context)
    if REPLY in wish.kinds:
        answers = _answers(context)
        yield from (Arrival(REPLY, answers[key].task_id, answers[key]) for key in answers if key not in known)
    if RELEASE in wish.kinds and wish.task:
        claim = claim_documents.of_task(context.store, wish.task).claim
        if claim is None or claim.state != "active":
            yield Arrival(RELEASE, wish.task)
    if READY in wish.kinds:
        yield from (Arrival(READY, task.item.task_id) for task in pickup.read(context).ready)


def _mail(context: Context) -> Iterator[Arrival]:
    agent = context.seat.agent_id
    tasks = [claim.task_id for claim in claim_documents.all_claims(context.store)[0] if _is_mine(claim, agent)]
    for letter in mail.unread(context.workspace, agent, tasks):
        message = _message(context, letter, [ids.inbox_of(agent), *tasks])
        yield Arrival(MAIL, letter.task, message)


def _is_mine(claim: object, agent: str) -> bool:
    return getattr(claim, "is_live", False) and getattr(claim, "agent_id", "") == agent


def _message(context: Context, letter: mail.Letter, threads: Sequence[str]) -> Message | None:
    """The whole message of a letter, from the stream it was seen in."""
    for thread in threads:
        for row in context.store.tail(stream_of(thread), _NEWEST).found:
            if row.record.get("id") == letter.id:
                return message_from(row.record, letter.task)
    return None


def _answers(context: Context) -> dict[str, Message]:
    """The newest messages of others that answer one of the seat's, by id."""
    mine: set[str] = set()
    answers: dict[str, Message] = {}
    for thread in context.store.names(MESSAGES):
        for row in context.store.tail(f"{MESSAGES}/{thread}", _NEWEST).found:
            message = message_from(row.record, thread)
            if message.sender == context.seat.agent_id:
                mine.add(message.id)
            elif message.reply_to:
                answers[message.id] = message
    return {key: message for key, message in answers.items() if message.reply_to in mine}


def _state(context: Context) -> list[tuple[str, int, int]]:
    """The names, sizes and times of all that an arrival may change."""
    rows = []
    for folder in (context.workspace.bus.child(MESSAGES).path, context.workspace.bus.child("claims").path,
                   context.workspace.bus.child("assignments").path, context.workspace.queue.path):  # fmt: skip
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    facts = entry.stat(follow_symlinks=False)
                    rows.append((entry.path, facts.st_size, facts.st_mtime_ns))
        except OSError:
            continue
    return sorted(rows)


def line_of(arrival: Arrival) -> str:
    """What came in one line."""
    message = arrival.message
    if message is None:
        return f"{arrival.kind}: {arrival.task}"
    answer = f" --reply-to {message.id}" if message.id and message.type in mail.ASKING else ""
    tail = f" [answer with --task {arrival.task}{answer}]" if answer else ""
    return f"{arrival.kind}: {message.sender} {message.type} in {arrival.task}: {message.summary}{tail}"


def document(arrival: Arrival) -> dict[str, object]:
    """What came as JSON."""
    return {
        "kind": arrival.kind,
        "task_id": arrival.task,
        "message": to_mapping(arrival.message) if arrival.message else None,
    }
