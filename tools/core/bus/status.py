"""What `bus_status` shows: claims, recent events, managers' heartbeat, open requests."""

from __future__ import annotations

from tools.core import clock, hint
from tools.core.bus import claim_documents, feed, presence
from tools.core.clock import datetime, timedelta
from tools.core.context import Context, Spell
from tools.core.hint import Note
from tools.core.models.bus import Claim
from tools.core.models.entry import Entry, Query
from tools.core.models.record import to_mapping
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.problem import Problem
from tools.core.seats.seat import all_manifests
from tools.core.text import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

DEFAULT_LIMIT = 20
FINISHED = 10
"""Finished claims that are shown, the newest."""

MANAGER_WINDOW = timedelta(minutes=30)


class View(NamedTuple):
    """Which part of the bus to show."""

    agents: Sequence[str] = ()
    active_only: bool = False
    since: datetime | None = None
    limit: int = DEFAULT_LIMIT
    severities: Sequence[str] = ()
    manager_window: timedelta = MANAGER_WINDOW


class Status(NamedTuple):
    """The bus at one moment."""

    now: datetime
    view: View
    claims: list[Claim]
    finished_count: int
    last_seen: dict[str, datetime]
    events: list[Entry]
    more_events: int
    managers: list[presence.Heartbeat]
    requests: list[Entry]
    request_count: int
    problems: list[Problem]
    losses: list[Note]


PRESETS: dict[str, dict[str, Any]] = {
    "manager": {"hours": 4, "active_only": False},
    "support": {"hours": 6, "active_only": True},
}


def with_preset(view: View, preset: str | None, context: Context) -> View:
    """The view with a preset's values where its own are the defaults."""
    values = PRESETS.get(preset or "", {})
    if not values:
        return view
    since = view.since or context.now - timedelta(hours=values["hours"])
    return view._replace(since=since, active_only=view.active_only or values["active_only"])


def gather(context: Context, view: View) -> Status:
    """Reads the bus once."""
    documents = claim_documents.live(context.store, newest=0 if view.active_only else FINISHED)
    live = documents.live
    finished = [] if view.active_only else documents.ended[:FINISHED]
    shown = [
        claim
        for claim in claim_documents.newest_first([*live, *finished])
        if not view.agents or claim.agent_id in view.agents
    ]
    history = context.history
    query = Query(agents=view.agents, severities=view.severities, since=view.since, messages=False)
    events, more = history.select(query, view.limit)
    names = presence.managers(
        history,
        context.now,
        manifests=all_manifests(context.workspace),
        assignments=documents.assignments,
        claims=documents.claims,
    )
    gone = presence.retired(history)
    present = [name for name in names if name not in gone]
    return Status(
        context.now,
        view,
        shown,
        sum(documents.finished.values()),
        history.last_seen({*(claim.agent_id for claim in live), *present}, context.now),
        events,
        more,
        presence.heartbeats(history, present, view.manager_window, context.now),
        history.open_requests(),
        history.count_requests(),
        [*documents.problems, *history.problems()],
        context.losses(),
    )


def as_document(status: Status) -> dict[str, Any]:
    """The status as one JSON document."""
    return {
        "generated_at": clock.to_text(status.now),
        "claims": [{**to_mapping(claim), "state": claim.state} for claim in status.claims],
        "finished_claims": status.finished_count,
        "events": [to_mapping(entry.record) for entry in status.events],
        "older_events": status.more_events,
        "managers": [
            {
                "agent_id": beat.agent,
                "state": beat.state,
                "last_seen": clock.to_text(beat.at) if beat.at else None,
                "summary": beat.summary,
                "meta": dict(beat.meta),
            }
            for beat in status.managers
        ],
        "manager_window_minutes": status.view.manager_window.total_seconds() / 60,
        "open_request_count": status.request_count,
        "open_requests": [to_mapping(entry.record) for entry in status.requests],
        "problems": [str(problem) for problem in status.problems],
        "losses": [loss.text for loss in status.losses],
    }


def claim_line(claim: Claim, status: Status) -> str:
    """One line about a claim: task, holder, state, since when, last sign of life."""
    since = clock.parse(claim.claimed_at if claim.is_live else claim.released_at)
    text = f"{claim.task_id} {claim.state} {claim.agent_id or '-'}"
    if since:
        text += f" since {clock.age(since, status.now)}"
    seen_at = status.last_seen.get(claim.agent_id)
    if claim.is_live:
        text += f", last sign {clock.age(seen_at, status.now)} ago" if seen_at else ", no sign of life"
    more = terminal.fields([("plan", claim.plan_id), ("branch", claim.branch if claim.is_live else "")])
    notes = f" :: {terminal.short(claim.notes, 100)}" if claim.notes and claim.is_live else ""
    return terminal.clean(f"{text} {more}{notes}".rstrip())


def event_line(entry: Entry) -> str:
    """One line about an event."""
    severity = f" sev={entry.severity}" if entry.severity else ""
    task = f" task={entry.task}" if entry.task else ""
    return terminal.clean(f"{entry.record.ts} {entry.agent} {entry.kind}{task}{severity}: {entry.record.summary}")


def request_line(entry: Entry, now: datetime) -> str:
    """One line about a request that waits for an answer."""
    age = f"{clock.age(entry.at, now)} old" if entry.at else "of unknown age"
    to = f" to {getattr(entry.record, 'to', '')}" if getattr(entry.record, "to", "") else ""
    answer = feed.answering(entry)
    shown = f" [{answer}]" if answer else ""
    return terminal.clean(f"{entry.kind} from {entry.agent}{to} in {entry.task}, {age}: {entry.record.summary}{shown}")


def manager_line(beat: presence.Heartbeat, status: Status) -> str:
    """One line about a manager's heartbeat; a stale or missing one is a warning."""
    meta = terminal.fields(sorted(beat.meta.items()))
    seen = f"{clock.to_text(beat.at)} ({clock.age(beat.at, status.now)} ago)" if beat.at else "never"
    warning = "WARNING " if beat.state in (presence.STALE, presence.MISSING) else ""
    text = f"{warning}{beat.agent} {beat.state}, last heartbeat {seen}"
    active_at = status.last_seen.get(beat.agent)
    if active_at and (beat.at is None or active_at > beat.at):
        text += f", last active {clock.age(active_at, status.now)} ago"
    if beat.summary:
        text += f": {beat.summary}"
    return terminal.clean(text + (f" [{meta}]" if meta else ""))


def full(status: Status, spell: Spell) -> str:
    """The status for a terminal, section by section; `spell` spells hints."""
    finished = [claim for claim in status.claims if not claim.is_live]
    live = [claim for claim in status.claims if claim.is_live]
    window = int(status.view.manager_window.total_seconds() // 60)
    older = f" ({feed.counted(status.more_events)} older: --limit {len(status.events) + status.more_events})"
    sections = [
        f"claims: {len(live)} live, {status.finished_count} finished",
        terminal.bullets([claim_line(claim, status) for claim in live], empty="no live claims"),
        *(terminal.bullets([claim_line(claim, status)]) for claim in finished),
        *_cut(status.finished_count - len(finished) if finished else 0, spell),
        f"managers (window {window} min):",
        terminal.bullets([manager_line(beat, status) for beat in status.managers], empty="no managers"),
        _requests_title(status),
        *(
            [terminal.bullets([request_line(entry, status.now) for entry in status.requests])]
            if status.requests
            else []
        ),
        f"recent events: {len(status.events)}{older if status.more_events else ''}",
        terminal.bullets([event_line(entry) for entry in status.events]),
    ]
    return "\n".join(sections)


def _requests_title(status: Status) -> str:
    cut = f", {len(status.requests)} of them" if status.request_count > len(status.requests) else ""
    return f"open requests: {status.request_count}{cut}"


def _cut(rest: int, spell: Spell) -> list[str]:
    return (
        [f"- … {rest} more finished: {spell(hint.tool('agent.bus_claim', 'list', '--status', 'finished'))}"]
        if rest > 0
        else []
    )


def compact(status: Status) -> str:
    """The status as a short bullet list."""
    live = [claim for claim in status.claims if claim.is_live]
    lines = [f"{len(live)} live claims, {status.request_count} open requests, {len(status.events)} recent events"]
    lines += [claim_line(claim, status) for claim in live]
    lines += [manager_line(beat, status) for beat in status.managers]
    lines += [event_line(entry) for entry in status.events[-5:]]
    return terminal.bullets(lines)
