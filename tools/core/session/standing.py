"""What matters to a seat as its session begins: its work, its mail, what it lost, the best task, the next command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from tools.core import clock, hint
from tools.core.backlog import pickup, states
from tools.core.bus import inbox
from tools.core.context import Context
from tools.core.hint import Hint
from tools.core.models.bus import Claim
from tools.core.text import terminal

LETTERS = 5
"""Messages of a boot that are shown with their text."""

PEERS = 8
"""Live claims of others that a boot shows."""

_LOST_WITHIN = timedelta(days=2)


class Standing(NamedTuple):
    """A seat's own affairs and the work that waits."""

    held: list[Claim]
    lost: list[Claim]
    mail: list[inbox.Item]  # unread or open, the oldest of them first
    unread: int
    peers: list[Claim]
    best: states.Task | None
    titles: dict[str, str]


def of_seat(context: Context) -> Standing:
    """The standing as of now; what cannot be read is said by the boot that asks."""
    agent, backlog = context.seat.agent_id, pickup.read(context)
    live = [claim for claim in backlog.claims if claim.is_live]
    held = [claim for claim in live if claim.agent_id == agent]
    mark = inbox.read_mark(context.workspace, agent)
    box = inbox.look(context.history, agent, [claim.task_id for claim in held], mark)
    own = [task for task in backlog.own(agent) if not task.waits_for]
    return Standing(
        sorted(held, key=lambda claim: (claim.state, claim.task_id)),
        [claim for claim in live if _is_lost(claim, agent, context)],
        sorted((item for item in box.items if item.is_unread or item.is_open), key=lambda item: item.entry.record.ts),
        box.unread,
        sorted((claim for claim in live if claim.agent_id != agent), key=lambda claim: (claim.agent_id, claim.task_id)),
        next(iter([*own, *backlog.ready]), None),
        {task.item.task_id: task.item.title for task in backlog.tasks},
    )


def _is_lost(claim: Claim, agent: str, context: Context) -> bool:
    """Whether a task was lately taken from the seat."""
    if claim.taken_from is None or claim.taken_from.agent_id != agent or claim.agent_id == agent:
        return False
    at = clock.parse(claim.taken_from.at)
    return at is not None and context.now - at <= _LOST_WITHIN


def lines_of(standing: Standing, context: Context) -> list[str]:
    """The standing in few lines; nothing is said of what is not there."""
    lines = [
        f"you hold {claim.task_id} ({claim.state}{_age(claim, context)}){_title(claim, standing)}"
        for claim in standing.held
    ]
    lines += [
        f"taken from you: {claim.task_id}, now {claim.agent_id}'s{_age(claim, context)}"
        + (f": {terminal.short(claim.taken_from.reason, 120)}" if claim.taken_from else "")
        for claim in standing.lost
    ]
    lines += _mail(standing, context)
    lines += [peer_line(claim, context) for claim in standing.peers[:PEERS]] or ["no other live claims"]
    if len(standing.peers) > PEERS:
        rest = len(standing.peers) - PEERS
        lines.append(f"… {rest} more: {context.spell(hint.tool('agent.bus_claim', 'list', '--status', 'live'))}")
    if standing.best is not None and not any(claim.state == "active" for claim in standing.held):
        item = standing.best.item
        lines.append(f"{standing.best.state}: {item.task_id} {terminal.short(item.title, 80)} ({item.path})")
    return [terminal.clean(line) for line in [*lines, f"then: {context.spell(next_command(standing))}"]]


def _mail(standing: Standing, context: Context) -> list[str]:
    lines = [inbox.line_of(item, context.now) for item in standing.mail[:LETTERS]]
    rest = max(standing.unread, len(standing.mail)) - len(lines)
    return [*lines, f"… {rest} more: {context.spell(hint.tool('agent.bus_inbox'))}"] if rest > 0 else lines


def _age(claim: Claim, context: Context) -> str:
    since = clock.parse(claim.claimed_at)
    return f" for {clock.age(since, context.now)}" if since else ""


def _title(claim: Claim, standing: Standing) -> str:
    title = standing.titles.get(claim.task_id, "")
    return f": {terminal.short(title, 80)}" if title else ""


def peer_line(claim: Claim, context: Context) -> str:
    """A live claim of another agent in one line."""
    paths = f" paths={terminal.short(' '.join(claim.paths), 120)}" if claim.paths else ""
    branch = claim.branch or "no branch"
    return f"{claim.agent_id} holds {claim.task_id} ({claim.state}{_age(claim, context)}, {branch}){paths}"


def next_command(standing: Standing) -> Hint:
    """The command that goes on: the mail that waits for an answer, the work at hand, else the best task."""
    if any(item.is_open for item in standing.mail):
        return hint.tool("agent.bus_inbox")
    if active := next((claim for claim in standing.held if claim.state == "active"), None):
        return hint.tool("agent.session_brief", "--task", active.task_id)
    if standing.best is not None:
        return hint.tool("agent.idle_pickup", "claim", "--task", standing.best.item.task_id)
    if standing.held:
        return hint.tool("agent.bus_claim", "claim", "--task", standing.held[0].task_id)
    return hint.tool("agent.wait", "--for", "ready")


def as_document(standing: Standing, context: Context) -> dict[str, object]:
    """The standing as JSON."""
    return {
        "held": _claims(standing.held),
        "lost": _claims(standing.lost),
        "peers": _claims(standing.peers),
        "mail": [inbox.as_document(item) for item in standing.mail[:LETTERS]],
        "unread": standing.unread,
        "ready": {"task_id": standing.best.item.task_id, "path": standing.best.item.path} if standing.best else None,
        "next": context.spell(next_command(standing)),
    }


def _claims(claims: Sequence[Claim]) -> list[dict[str, str]]:
    return [
        {"agent_id": claim.agent_id, "task_id": claim.task_id, "status": claim.state, "branch": claim.branch}
        for claim in claims
    ]
