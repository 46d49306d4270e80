"""What a seat should know as it begins, read from the store: for programs without hooks, and whenever it is asked for.

The hook of a session's start says the same from small files, because it may cost no more than a start.
"""

from __future__ import annotations

from tools.core import clock
from tools.core.backlog import pickup
from tools.core.bus import inbox
from tools.core.context import Context
from tools.core.git.branches import current_branch
from tools.core.integrations.hooks.mail import Standing
from tools.core.integrations.hooks.texts import Held, Start
from tools.core.models.bus import Claim


def of_seat(context: Context) -> Start:
    """The seat's claims, its mail, the ready tasks, and how many tasks others hold."""
    agent = context.seat.agent_id
    backlog = pickup.read(context)
    live = [claim for claim in backlog.claims if claim.is_live]
    own = [claim for claim in live if claim.agent_id == agent]
    mark = inbox.read_mark(context.workspace, agent)
    box = inbox.look(context.history, agent, [claim.task_id for claim in own], mark)
    return Start(
        agent,
        current_branch(context.workspace.root) or "",
        tuple(Held(claim.task_id, _seconds(context, claim)) for claim in own),
        Standing(box.unread, sum(item.is_open for item in box.items), is_cut=False),
        tuple(task.item.task_id for task in backlog.ready),
        len(live) - len(own),
    )


def _seconds(context: Context, claim: Claim) -> float | None:
    since = clock.parse(claim.claimed_at)
    return (context.now - since).total_seconds() if since else None
