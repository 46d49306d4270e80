"""Whose seat this checkout is, and whether its branch and its neighbours fit."""

from __future__ import annotations

from collections.abc import Iterator

from tools.core import hint
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.git.branches import current_branch
from tools.core.seats.seat import Seat, manifest_path, read_manifest
from tools.core.setup import worktrees
from tools.core.setup.probes.probe import FAIL, WARN, Probe, passed
from tools.core.sync.clones import twins


def seat(context: Context, bound: str | None) -> Iterator[Probe]:
    """The manifest names an agent, and no other worktree has the same one."""
    try:
        manifest = read_manifest(manifest_path(context.workspace, bound), required=bound is not None)
    except ToolkitError as problem:
        yield Probe("seat", FAIL, problem.message, problem.hint)
        return
    if manifest is None:
        yield Probe("seat", WARN, "this checkout is nobody's seat", hint.init("--agent", hint.WORDS))
        return
    places = [row.path for row in worktrees.rows(context.workspace) if row.agent == manifest.agent_id]
    if len(places) > 1:
        yield Probe(
            "seat", FAIL, f"{manifest.agent_id} sits in {' and '.join(places)}", hint.tool("agent.worktree", "list")
        )
        return
    yield passed("seat", manifest.agent_id)
    yield clones(context, manifest.agent_id)
    yield branch(context, Seat(manifest.agent_id, manifest))


def clones(context: Context, agent: str) -> Probe:
    """No other clone has a session under the same id."""
    sessions = twins.at_once(context, agent)
    if sessions:
        text = f"{agent} is in {len(sessions)} clones: {', '.join(map(str, sessions))}"
        return Probe("seat.clones", WARN, text, hint.tool("agent.bus_watch", "--agent", agent))
    return passed("seat.clones", f"{agent} is in no other clone")


def branch(context: Context, who: Seat) -> Probe:
    """The branch is one of the seat's own."""
    name = current_branch(context.workspace.root)
    if name is None:
        return Probe("worktree", WARN, "HEAD is detached", hint.git("switch", "-c", f"{who.branch_prefix}work"))
    if not name.startswith(who.branch_prefix) and name not in ("main", "master"):
        return Probe(
            "worktree",
            WARN,
            f"{name} is not one of {who.branch_prefix}*",
            hint.git("switch", "-c", f"{who.branch_prefix}work"),
        )
    return passed("worktree", name)
