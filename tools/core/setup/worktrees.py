"""Worktrees of seats: made beside the main checkout with all an agent needs, listed, removed without losing work."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from tools.core import clock, hint
from tools.core.bus import claim_documents
from tools.core.context import Context
from tools.core.errors import ConflictError, GuardError, SetupError, UsageError
from tools.core.fs import folders
from tools.core.git import changes, commits
from tools.core.git import worktrees as git_worktrees
from tools.core.git.branches import current_branch
from tools.core.integrations.vendors import registry
from tools.core.models.evidence import Warning
from tools.core.receipts.write import record_warning
from tools.core.seats.seat import reading, require_seat
from tools.core.setup import init
from tools.core.text import terminal
from tools.core.workspace import MANIFEST, Workspace
from tools.core.workspace import worktrees as roots_of

REMOVED = "worktree_removed"
"""The code of the warning that a worktree went with work or claims in it."""


class Row(NamedTuple):
    """One worktree and the seat in it, "" for none."""

    path: str
    agent: str
    branch: str


class Added(NamedTuple):
    """A worktree as it is now; `is_new` is False where it was there already."""

    path: str
    branch: str
    is_new: bool


def rows(workspace: Workspace) -> list[Row]:
    """Every worktree of the clone but the bus's own."""
    listed = []
    for root in roots_of(workspace):
        seat = reading(Workspace(root, root)) if os.path.isdir(root) else None
        listed.append(Row(root, seat.agent_id if seat else "", current_branch(root) or ""))
    return listed


def default_path(workspace: Workspace, agent: str) -> str:
    """Beside the main checkout, named after it and the agent."""
    main = workspace.bus_root
    return os.path.join(os.path.dirname(main), f"{os.path.basename(main)}-{agent}")


def add(context: Context, agent: str, path: str | None, base: str, roles: Sequence[str]) -> Added:
    """A worktree with a seat; ConflictError while the seat is used elsewhere, UsageError where the path is taken."""
    require_seat(agent)
    workspace = context.workspace
    if not os.path.isdir(workspace.bus.path):
        raise SetupError("there is no bus here yet", code="setup.no_bus", hint=hint.init("--agent", hint.WORDS))
    place = os.path.realpath(path or default_path(workspace, agent))
    present = {row.agent: row for row in rows(workspace)}
    there = present.get(agent)
    if there is not None and os.path.realpath(there.path) != place and path is not None:
        raise ConflictError(
            f"{agent} sits in {there.path} already", code="worktree.seat", hint=hint.program("cd", there.path)
        )
    if there is not None:
        return Added(there.path, there.branch, False)
    branch = f"agent/{agent}/work"
    if place not in {os.path.realpath(row.path) for row in present.values()}:
        _make(workspace, place, branch, base)
    new = workspace._replace(root=place)
    init.prepare_seat(Context(new, now=context.now, warn=context.warn), agent, roles)
    folders.make_folder(workspace.session(agent))
    return Added(place, current_branch(place) or branch, True)


def _make(workspace: Workspace, place: str, branch: str, base: str) -> None:
    if os.path.lexists(place):
        raise UsageError(f"{place} is there already", code="worktree.path", hint=hint.program("ls", "-ld", place))
    git_worktrees.add_of_seat(workspace.root, place, branch, base)


def launch_lines(place: str, clis: Sequence[str]) -> list[str]:
    """How each of some programs is started there."""
    vendors = (registry.vendor_of(name) for name in registry.NAMES if name in clis)
    return [f"cd {shlex.quote(place)} && {vendor.PROGRAM}" for vendor in vendors if vendor is not None]


def remove(context: Context, agent: str, *, force: bool, reason: str) -> Row:
    """Removes a seat's worktree, its branch kept; GuardError for unsaved work, ConflictError for live claims."""
    if force and not reason:
        raise UsageError("--force needs --reason", code="worktree.reason")
    row = next((row for row in rows(context.workspace) if row.agent == agent), None)
    if row is None:
        raise UsageError(
            f"no worktree is {agent}'s seat", code="worktree.none", hint=hint.tool("agent.worktree", "list")
        )
    if os.path.realpath(row.path) == os.path.realpath(context.workspace.bus_root):
        raise UsageError(f"{row.path} is the main checkout", code="worktree.main")
    kept = _reasons_to_keep(context, row)
    if kept and not force:
        raise kept[0]
    for problem in kept:
        message = f"removed the worktree of {agent} although {problem.message}"
        warning = Warning(
            ts=clock.to_text(context.now), agent_id=context.seat.agent_id, code=REMOVED, message=message, reason=reason
        )
        record_warning(context.workspace, warning)
    git_worktrees.remove(context.workspace.bus_root, row.path)
    return row


def _reasons_to_keep(context: Context, row: Row) -> list[GuardError | ConflictError]:
    obstacles: list[GuardError | ConflictError] = []
    force = hint.tool("agent.worktree", "remove", row.agent, "--force", "--reason", hint.WORDS)
    changed = [line for line in changes.status(row.path) if not line.endswith(MANIFEST)]
    if changed:
        obstacles.append(
            GuardError(f"it has {terminal.number(len(changed), 'uncommitted path')}", code="worktree.dirty", hint=force)
        )
    unpushed = commits.count_only_here(row.path, row.branch)
    if unpushed:
        obstacles.append(
            GuardError(
                f"{terminal.number(unpushed, 'commit is', 'commits are')} nowhere else",
                code="worktree.unpushed",
                hint=force,
            )
        )
    live = [claim.task_id for claim in claim_documents.live_claims(context.store).claims if claim.agent_id == row.agent]
    if live:
        obstacles.append(ConflictError(f"{row.agent} holds {', '.join(live)}", code="worktree.claims", hint=force))
    return obstacles
