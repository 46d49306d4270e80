"""Whether a branch is ready to be pushed: several checks, each with the command that helps.

The fence that a seat took is in the event log: in the newest event that made it the holder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tools.core import hint, ids
from tools.core.bus import claim_documents
from tools.core.bus.rules import path_rule
from tools.core.context import Context
from tools.core.errors import DataError, SetupError
from tools.core.fs import files
from tools.core.git import changes, refs, tracked
from tools.core.git.branches import current_branch
from tools.core.hint import Hint
from tools.core.models.bus import Claim
from tools.core.models.lenient import claim_from
from tools.core.plans.storage import SUFFIX, read
from tools.core.seats import guards
from tools.core.seats.seat import Seat
from tools.core.session import dirty_tree
from tools.core.text import terminal
from tools.core.workspace import PLANS, Workspace

if TYPE_CHECKING:
    from tools.core.store.contract import History

_TAKING = ("claim", "takeover", "reopened", "assign")
PASS, WARN, FAIL = "pass", "warn", "fail"


class Check(NamedTuple):
    """One check, its result, and the command that helps."""

    name: str
    status: str
    detail: str
    repair: Hint | None = None


def verdict(context: Context, *, required: Sequence[str], allowed: Sequence[str]) -> list[Check]:
    """All checks: tree, branch, claims, receipts, paths."""
    branch = current_branch(context.workspace.root)
    changed = changed_files(context.workspace)
    claims, _ = claim_documents.all_claims(context.store)
    return [
        _clean(context.workspace),
        _branch(context.workspace, branch, context.seat, allowed),
        *_claims(context, claims, branch),
        _receipts(context, changed, claims, branch),
        *(_required(context.workspace, path) for path in required),
        _paths(changed, claims, context.seat),
    ]


def changed_files(workspace: Workspace) -> list[str]:
    """The files changed since the fork from the remote's default branch (or main)."""
    default = refs.default_branch(workspace.root) or refs.RemoteBranch("origin", guards.SHARED)
    for base in (default.ref, f"refs/heads/{guards.SHARED}"):
        names = changes.since_fork(workspace.root, base)
        if names is not None:
            return names
    return []


def _clean(workspace: Workspace) -> Check:
    lines = dirty_tree.status(workspace)
    if not lines:
        return Check("tree", PASS, "clean")
    return Check(
        "tree",
        FAIL,
        f"{terminal.number(len(lines), 'path is', 'paths are')} not committed: {lines[0].strip()}",
        hint.git("status", "-sb"),
    )


def _branch(workspace: Workspace, branch: str | None, seat: Seat, allowed: Sequence[str]) -> Check:
    if branch is not None and (branch.startswith(seat.branch_prefix) or branch in allowed):
        return Check("branch", PASS, branch)
    shown = branch or "a detached HEAD"
    switch = guards.switching(workspace, f"{seat.branch_prefix}work")
    return Check("branch", FAIL, f"{shown} is not one of {seat.branch_prefix}*", switch)


def _claims(context: Context, claims: Iterable[Claim], branch: str | None) -> list[Check]:
    on_branch = [claim for claim in claims if branch is not None and claim.branch == branch]
    if not on_branch:
        return [Check("claim", PASS, "no claim names this branch")]
    return [
        _claim(claim, _fence_taken(context.history, claim.task_id, context.seat.agent_id), context.seat)
        for claim in on_branch
    ]


def fence_taken(context: Context, task: str) -> int | None:
    """The fence with which the acting seat got a task; None when the log does not say."""
    return _fence_taken(context.history, task, context.seat.agent_id)


def _fence_taken(history: History, task: str, agent: str) -> int | None:
    """The fence of the newest event that made an agent the holder of a task; None without one."""
    claims = (claim_from(event.claim or {}, task) for event in history.claim_changes(task) if event.event in _TAKING)
    return next((claim.fence for claim in claims if claim.agent_id == agent), None)


def _claim(claim: Claim, fence: int | None, seat: Seat) -> Check:
    show = hint.tool("agent.bus_claim", "show", "--task", claim.task_id)
    if claim.agent_id != seat.agent_id:
        return Check("claim", FAIL, f"{claim.task_id} is held by {claim.agent_id} ({claim.state})", show)
    if fence is not None and fence != claim.fence:
        return Check("claim", FAIL, f"{claim.task_id} changed hands: you took fence {fence}, it is {claim.fence}", show)
    if not claim.is_live:
        return Check("claim", WARN, f"{claim.task_id} is {claim.state} already", show)
    return Check("claim", PASS, f"{claim.task_id} is yours, fence {claim.fence}")


# -- evidence ------------------------------------------------------------------------------------


def _receipts(context: Context, changed: Iterable[str], claims: Iterable[Claim], branch: str | None) -> Check:
    names = {name[len(PLANS) + 1 :] for name in changed if name.startswith(f"{PLANS}/")}
    plans = {name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX) and "/" not in name}
    plans |= {claim.plan_id for claim in claims if claim.branch == branch and ids.is_plan(claim.plan_id)}
    missing: list[str] = []
    untracked: list[str] = []
    for plan in sorted(plans):
        cited, problem = _cited_by(context.workspace, plan)
        missing += [f"{plan}: {problem}"] if problem else []
        shared = tracked_of(context.workspace, cited)
        unshared = [path for path in cited if path not in shared]
        missing += [f"{path} (cited by {plan})" for path in unshared]
        untracked += [path for path in unshared if files.exists(context.workspace.in_root(path))]
    if missing:
        add = hint.git("add", "-f", "--", *untracked) if untracked else hint.tool("agent.receipts_index", "--missing")
        return Check("receipts", FAIL, f"not tracked: {'; '.join(missing[:5])}", add)
    return Check("receipts", PASS, f"{terminal.number(len(plans), 'plan cites', 'plans cite')} only tracked receipts")


def _cited_by(workspace: Workspace, plan: str) -> tuple[list[str], str]:
    """The receipts of a plan; the reason when it cannot be read."""
    try:
        document = read(workspace, plan)
    except (DataError, SetupError) as problem:
        return [], problem.message
    cited = document.all_receipts if document else ()
    return list(dict.fromkeys(path.partition("#")[0] for path in cited)), ""


def tracked_of(workspace: Workspace, paths: Sequence[str]) -> set[str]:
    """The paths that git tracks; a staged file counts."""
    if not paths:
        return set()
    return {path for path, state in tracked.listing(workspace.root, paths).items() if state == tracked.TRACKED}


def _required(workspace: Workspace, path: str) -> Check:
    name = workspace.relative(path)
    if not files.exists(workspace.in_root(name)):
        return Check(
            "required",
            FAIL,
            f"{name} does not exist",
            hint.tool("agent.receipt_run", "--name", _stem(name), "--", hint.WORDS),
        )
    if name not in tracked_of(workspace, [name]):
        return Check("required", FAIL, f"{name} is not tracked", hint.git("add", "-f", "--", name))
    return Check("required", PASS, f"{name} is tracked")


def _stem(name: str) -> str:
    return ids.slug(name.rpartition("/")[2].partition(".")[0])


def _paths(changed: Sequence[str], claims: Iterable[Claim], seat: Seat) -> Check:
    documents = list(claims)
    refusals = [path_rule.refusal(name, documents, seat.agent_id) for name in changed]
    overlaps = [
        f"{refusal.path} is in the paths of {refusal.claim.task_id}, held by {refusal.claim.agent_id}"
        for refusal in refusals
        if refusal is not None and refusal.claim is not None
    ]
    if overlaps:
        more = f" and {len(overlaps) - 3} more" if len(overlaps) > 3 else ""
        live = hint.tool("agent.bus_claim", "list", "--status", "live")
        return Check("paths", WARN, "; ".join(overlaps[:3]) + more, live)
    return Check("paths", PASS, "no changed file is in the paths of another claim")
