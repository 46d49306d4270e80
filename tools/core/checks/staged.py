"""What is about to be committed or pushed: the staged paths, the trailers of the message, the refs of a push."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tools.core import clock, hint
from tools.core.bus import claim_documents
from tools.core.bus.claims import record_override
from tools.core.bus.rules import path_rule
from tools.core.bus.rules.claim_rules import Override
from tools.core.checks import commit_facts
from tools.core.checks.commit_facts import Range
from tools.core.checks.findings import Finding, make_finding
from tools.core.context import Context
from tools.core.git import commits
from tools.core.git.branches import current_branch
from tools.core.models.bus import Claim
from tools.core.sync import bus_branch
from tools.core.workspace import BUS

NO_TRAILERS = ("merge", "squash")
"""Messages that git writes itself."""

OVERRIDE = "path_override"
_GONE = frozenset("0")


class Push(NamedTuple):
    """One line that git gives a pre-push hook."""

    local: str
    commit: str
    remote_ref: str
    remote_commit: str


def check(context: Context, staged: Sequence[str]) -> list[Finding]:
    """The staged paths that are not this seat's to change."""
    claims = claim_documents.live_claims(context.store).claims
    is_apart = bus_branch.is_worktree(context.workspace)
    refused = []
    for path in staged:
        if is_apart and path.startswith(f"{BUS}/"):
            text = f"{path} belongs to the bus, which has a branch of its own"
            refused.append(
                make_finding("guard.path", path, 1, text)._replace(fix=hint.git("restore", "--staged", "--", BUS))
            )
            continue
        refusal = path_rule.refusal(path, claims, context.seat.agent_id)
        claim = next((claim for claim in claims if refusal is not None and claim is refusal.claim), None)
        if claim is not None:
            refused.append(make_finding("guard.path", path, 1, _sentence(path, claim, context), task=claim.task_id))
    return refused


def _sentence(path: str, claim: Claim, context: Context) -> str:
    since = clock.parse(claim.claimed_at)
    held = f" for {clock.age(since, context.now)}" if since else ""
    return f"{path} is held by {claim.agent_id} with {claim.task_id}{held}"


def override(context: Context, overridden: Sequence[Finding], reason: str) -> None:
    """Records that findings were overridden, with the reason."""
    paths = ", ".join(finding.path for finding in overridden[:5])
    record_override(context, Override(OVERRIDE, f"{context.seat.agent_id} commits {paths}, held by others", reason))


# -- the message ---------------------------------------------------------------------------------------


def claim_of(context: Context, staged: Sequence[str]) -> Claim | None:
    """The claim a commit is made under: its branch's, else the only one that covers all paths, else the only one."""
    agent = context.seat.agent_id
    claims = claim_documents.live_claims(context.store).claims
    active = [claim for claim in claims if claim.agent_id == agent and claim.state == "active"]
    branch = current_branch(context.workspace.root)
    by_branch = [claim for claim in active if branch and claim.branch == branch]
    covering = [
        claim
        for claim in active
        if claim.paths and staged and all(next(path_rule.covering(path, [claim]), None) for path in staged)
    ]
    for candidates in (by_branch, covering, active):
        if len(candidates) == 1:
            return candidates[0]
    return None


def add_trailers(root: str, path: str, claim: Claim) -> None:
    """Puts `Task` and `Fence` under a message, unless they are there."""
    commits.add_trailers(root, path, {"Task": claim.task_id, "Fence": str(claim.fence)})


# -- a push --------------------------------------------------------------------------------------------


def pushes_of(text: str) -> list[Push]:
    """The refs of a push as git tells a hook."""
    rows = [line.split() for line in text.splitlines()]
    return [Push(*row) for row in rows if len(row) == 4]


def check_push(context: Context, remote: str, pushes: Sequence[Push]) -> list[Finding]:
    """The findings of the commits that would be new on the remote."""
    listed: list[Finding] = []
    for push in pushes:
        owner = commit_facts.branch_seat(push.remote_ref)
        if owner and owner != context.seat.agent_id:
            name = push.remote_ref.removeprefix("refs/heads/")
            listed.append(
                make_finding("guard.branch", name, 1, f"{name} is a branch of {owner}, not of {context.seat.agent_id}")
            )
        if set(push.commit) == _GONE or push.remote_ref == f"refs/heads/{bus_branch.BRANCH}":
            continue
        new = [push.commit]
        if set(push.remote_commit) != _GONE and commits.exists(context.workspace.root, push.remote_commit):
            new.append(f"^{push.remote_commit}")
        listed += commit_facts.check_range(context, Range(tuple(new), push.remote_ref, remote), None)
    return listed
