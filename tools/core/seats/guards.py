"""The guards of a session: the manifest says who is acting, the branch is one of the seat's."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tools.core import clock, hint
from tools.core.errors import GuardError
from tools.core.git import refs
from tools.core.git.branches import current_branch
from tools.core.gitdir import git_folder, own_default_branch
from tools.core.hint import Hint, Note
from tools.core.models.evidence import Warning
from tools.core.seats import manifests
from tools.core.seats.seat import Seat, acting, manifest_path, read_manifest, require_seat
from tools.core.workspace import MANIFEST, Workspace, worktrees

SHARED = "main"
"""The branch every seat may stand on, beside the remote's default."""


class Guarded(NamedTuple):
    """The seat and branch that passed the guards; `new_manifest` has to be put in place first."""

    seat: Seat
    branch: str | None
    new_manifest: bytes | None
    source: str
    overrides: tuple[Warning, ...]
    warnings: tuple[Note, ...]


def refusal(branch: str | None, prefix: str, default: str | None) -> tuple[str, str]:
    """The code and sentence of why a seat should not work on a branch; empty when it may."""
    if branch is None:
        return "branch_unknown", "HEAD is detached, so this checkout is on no branch"
    if branch.startswith(prefix) or branch in (SHARED, default, prefix.rstrip("/")):
        return "", ""
    return "branch_mismatch", f"the branch {branch} is not one of {prefix}*"


def guard(
    workspace: Workspace,
    agent: str | None,
    bound: str | None,
    *,
    allow_manifest: bool,
    allow_branch: bool,
    now: datetime,
) -> Guarded:
    """Checks manifest and branch; raises GuardError, or returns the overrides that must be recorded."""
    seat, new_manifest, source, overrides = _seat(workspace, agent, bound, now, allow=allow_manifest)
    if git_folder(workspace.root) is None:
        return Guarded(
            seat, None, new_manifest, source, tuple(overrides), (Note("no git here, so no branch to check"),)
        )
    branch = current_branch(workspace.root)
    prefix = seat.branch_prefix
    default = refs.default_branch(workspace.root)
    shared = default.name if default else own_default_branch(workspace.root)
    code, message = refusal(branch, prefix, shared)
    if code and not allow_branch:
        raise GuardError(
            f"{message}: {seat.agent_id} works on {prefix}* or {shared or SHARED}",
            code="session.branch",
            hint=switching(workspace, f"{prefix}work"),
            details={"branch": branch, "prefix": prefix, "reason": code},
        )
    if code:
        overrides.append(_warning(seat.agent_id, code, message, now, branch=branch or ""))
    bare = branch == prefix.rstrip("/")
    warnings = (Note(f"{branch} leaves no room for branches below it", hint.git("branch", "-m", f"{prefix}work")),)
    return Guarded(seat, branch, new_manifest, source, tuple(overrides), warnings if bare else ())


def switching(workspace: Workspace, branch: str) -> Hint:
    """The way to a branch: the same command in the worktree that has it, else a switch, which makes it if need be."""
    for root in worktrees(workspace):
        if root != workspace.root and current_branch(root) == branch:
            return hint.again("--root", root)
    from tools.core.git import refs  # a process of git, for a refusal alone

    is_there = bool(refs.commit_of(workspace.root, f"refs/heads/{branch}"))
    return hint.git("switch", *(() if is_there else ("-c",)), branch)


def _seat(
    workspace: Workspace, agent: str | None, bound: str | None, now: datetime, *, allow: bool
) -> tuple[Seat, bytes | None, str, list[Warning]]:
    manifest = read_manifest(manifest_path(workspace, bound), required=bound is not None)
    is_own = manifest is not None and agent in (None, manifest.agent_id)
    if agent is None or is_own or (manifest is not None and not allow):
        return acting(workspace, agent, bound), None, bound or MANIFEST, []
    variant = manifests.find(workspace, require_seat(agent))
    seat = Seat(agent, variant.manifest if variant else None)
    if manifest is not None:
        message = f"{agent} acted while the manifest was {manifest.agent_id}'s"
        return seat, None, "", [_warning(agent, "manifest_mismatch", message, now, manifest_agent=manifest.agent_id)]
    data = variant.data if variant else manifests.minimal(agent)
    return seat, None if bound else data, variant.place.name if variant else "a minimal one", []


def _warning(agent: str, code: str, message: str, now: datetime, **more: str) -> Warning:
    return Warning(ts=clock.to_text(now), agent_id=agent, code=code, message=message, **more)
