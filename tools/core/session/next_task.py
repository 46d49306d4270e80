"""One task for a seat: the best ready one or a named one, its branch, and the brief to begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tools.core import clock, hint, ids
from tools.core.backlog import task_ids
from tools.core.backlog.items import Item, all_items
from tools.core.bus import claim_documents, claims
from tools.core.bus.rules import claim_rules
from tools.core.context import Context
from tools.core.errors import GuardError, SetupError
from tools.core.git import checkout
from tools.core.git.branches import current_branch
from tools.core.hint import Hint
from tools.core.models.bus import Claim
from tools.core.plans import edits, storage
from tools.core.receipts import scaffold
from tools.core.session import dirty_tree
from tools.core.text import terminal
from tools.core.workspace import BUS

LIMIT = 2500
"""Bytes of a brief."""


class Brief(NamedTuple):
    """A task as its holder begins it; `neighbours` are live claims of others whose paths may meet its own."""

    claim: Claim
    item: Item | None
    neighbours: tuple[Claim, ...]
    is_new: bool


def current(context: Context) -> Claim | None:
    """The task the seat is at work on."""
    agent = context.seat.agent_id
    active = [
        claim
        for claim in claim_documents.live_claims(context.store).claims
        if claim.agent_id == agent and claim.state == "active"
    ]
    return next((claim for claim in active if not ids.is_thread_only(claim.task_id)), None)


def require_clean(context: Context) -> None:
    """GuardError while the tree has work that a switch of branches would carry along."""
    lines = dirty_tree.status(context.workspace)
    if lines:
        paths = terminal.number(len(lines), "path is", "paths are")
        raise GuardError(
            f"{paths} not committed ({terminal.short(lines[0].strip(), 80)}), so the branch is not switched",
            code="next.dirty",
            hint=hint.tool("agent.next", "--no-switch"),
            details={"paths": lines[:20]},
        )


def switch(context: Context, branch: str) -> None:
    """Stands on a branch, made from HEAD where there is none; where git may not be written that is a warning."""
    if current_branch(context.workspace.root) == branch:
        return
    try:
        checkout.switch_or_make(context.workspace.root, branch)
    except SetupError as problem:
        context.warn([f"{branch} is not checked out: {problem.message}"])


def with_plan(context: Context, claim: Claim) -> Claim:
    """The claim with a plan made for it: one step, a link to the claim, the folder for its evidence."""
    item = next((item for item in all_items(context.workspace)[0] if item.task_id == claim.task_id), None)
    summary = item.title if item else claim.task_id
    plan_id = f"{clock.to_text(context.now)[:10]}-{ids.slug(claim.task_id)}"
    agent = context.seat.agent_id
    if claims.plan_is_missing(context.workspace, plan_id):
        raw = edits.new(plan_id, created=clock.to_text(context.now), actor=agent, owner=agent, summary=summary)
        raw = edits.add_link(edits.add_step(raw, summary, "S1"), "bus", f"{BUS}/claims/{claim.task_id}.json")
        storage.create(context, raw)
        scaffold.write(context.workspace, scaffold.Work(agent, plan_id, summary, plan_id=plan_id))
    return claims.take(context, claim_rules.Request(claim.task_id, agent, plan=plan_id)).claim


def brief(context: Context, claim: Claim, *, is_new: bool) -> Brief:
    """The brief of a task that the seat holds."""
    items, _ = all_items(context.workspace)
    item = next((item for item in items if item.task_id == claim.task_id), None)
    live = claim_documents.live_claims(context.store).claims
    near = claim_rules.overlaps(claim.task_id, claim.agent_id, claim.paths, live)
    return Brief(claim, item, tuple(dict.fromkeys(other for other, _, _ in near)), is_new)


def text_of(brief: Brief, spell: Callable[[Hint | None], str]) -> str:
    """The brief for people, within its budget; what others wrote stands behind `> `."""
    claim, item = brief.claim, brief.item
    head = f"{claim.agent_id} {'now holds' if brief.is_new else 'holds'} {claim.task_id} (fence {claim.fence}, branch {claim.branch})"
    lines = [head]
    lines += task_ids.lines_of(item)
    lines.append(f"paths: {' '.join(map(terminal.clean, claim.paths)) or 'none; edits of others are not kept off'}")
    lines += [
        f"near: {other.agent_id} holds {other.task_id} with {' '.join(map(terminal.clean, other.paths))}"
        for other in brief.neighbours[:5]
    ]
    commands = [
        hint.tool("agent.bus_ping", "--task", claim.task_id, "--summary", hint.WORDS),
        hint.tool("agent.bus_inbox"),
        hint.tool("agent.done", "--task", claim.task_id),
    ]
    return _fitted(lines, [f"then: {spell(command)}" for command in commands])


def _fitted(lines: list[str], commands: list[str]) -> str:
    """As many lines as the budget takes; the commands always stand."""
    tail = "\n".join(commands)
    body: list[str] = []
    for line in lines:
        if len("\n".join([*body, line, tail]).encode()) <= LIMIT:
            body.append(line)
    return "\n".join([*body, tail])
