"""Commits and what the bus says of their tasks, read from git and from a bus in its folder or in a commit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any, NamedTuple

from tools.core import hint, ids
from tools.core.checks import commits, sources
from tools.core.checks.commits import Commit, Handover, History
from tools.core.checks.findings import Finding
from tools.core.checks.sources import Live, Tree
from tools.core.context import Context
from tools.core.errors import DataError, SetupError
from tools.core.fs import files, jsonl
from tools.core.git import commits as git_commits
from tools.core.git import refs, repository
from tools.core.models.bus import CLAIMS, MANAGER_ROLE, Claim
from tools.core.models.lenient import claim_from, event_from
from tools.core.seats.seat import all_manifests
from tools.core.workspace import BUS

_BRANCH = re.compile(r"(?:refs/heads/)?agent/([^/]+)/.+")


class Range(NamedTuple):
    """Which commits: what `git rev-list` is given, and the branch they are on, if any."""

    revisions: tuple[str, ...]
    branch: str = ""
    not_on: str = ""  # a remote whose commits are left out


def check_range(context: Context, span: Range, bus: str | None) -> list[Finding]:
    """What is wrong with the commits of a range; `bus` is a ref, None for the live bus.

    Raises SetupError when a commit has a fence that this copy of the bus does not know yet.
    """
    written = read(context.workspace.root, span)
    tree: Any = nullcontext(Live(context))
    if bus is not None:
        folder = repository.of_bus(context.workspace)
        tree = sources.Commit(folder, refs.require_commit(folder, bus))
    with tree as opened:
        live = live_claims(opened)
        tasks = {commit.task for commit in written if commit.task}
        histories = histories_of(context, opened, tasks)
    _require_new_enough(written, histories, bus)
    seat = branch_seat(span.branch)
    return [_placed(context.workspace.root, part) for part in commits.check(written, histories, live, seat)]


def branch_seat(branch: str) -> str:
    """The seat that a branch names, "" for another's kind of branch."""
    match = _BRANCH.fullmatch(branch)
    return match[1] if match and ids.is_agent(match[1]) else ""


def read(root: str, span: Range) -> list[Commit]:
    """The commits of a range, oldest first; UsageError for a range that git does not know."""
    return [_commit(part) for part in git_commits.listed(root, span.revisions, not_on=span.not_on)]


def _commit(part: git_commits.Listed) -> Commit:
    is_number = part.fence.isascii() and part.fence.isdigit() and len(part.fence) < 16
    task = part.task if ids.is_task(part.task) else ""
    return Commit(part.name, task, int(part.fence) if is_number else None, part.paths)


def live_claims(tree: Tree) -> list[Claim]:
    """The live claims of a bus; what cannot be read is a matter of `bus_check`."""
    claims = []
    for name in tree.names(CLAIMS):
        task = name.rpartition("/")[2].removesuffix(".json")
        claim = _claim(tree, task)
        if claim is not None and claim.is_live:
            claims.append(claim)
    return claims


def _claim(tree: Tree, task: str) -> Claim | None:
    if not ids.is_task(task):
        return None
    try:
        data = tree.document(f"{BUS}/{CLAIMS}/{task}.json")
        return claim_from(files.parse_object(data, task), task) if data is not None else None
    except DataError:
        return None


def histories_of(context: Context, tree: Tree, tasks: Iterable[str]) -> dict[str, History]:
    """What a bus says of some tasks, its event log read once."""
    encoded = {task: task.encode() for task in tasks}
    if not encoded:
        return {}
    holders: dict[str, dict[int, Handover]] = {task: {} for task in encoded}
    finished: dict[str, set[int]] = {task: set() for task in encoded}
    accepting: dict[str, list[tuple[str, int]]] = {task: [] for task in encoded}
    managers = {
        manifest.agent_id for manifest in all_manifests(context.workspace) if MANAGER_ROLE in manifest.desired_roles
    }
    for line in tree.lines(f"{BUS}/events/events.jsonl"):
        is_handshake = b'"handshake"' in line.raw
        if not is_handshake and not any(name in line.raw for name in encoded.values()):
            continue
        try:
            event = event_from(jsonl.parse(line.raw))
        except ValueError:
            continue
        if event.event == "handshake" and MANAGER_ROLE in event.meta.get("roles", "").replace(",", " ").split():
            managers.add(event.agent_id)
        if event.task_id not in encoded:
            continue
        if event.claim:
            claim = claim_from(event.claim, event.task_id)
            reason = (claim.taken_from.reason if claim.taken_from else "") or event.summary
            holders[event.task_id].setdefault(claim.fence, Handover(claim.agent_id, event.ts, reason))
            if claim.state == "done":
                finished[event.task_id].add(claim.fence)
        accepted = event.meta.get("accept_fence", "")
        if accepted.isascii() and accepted.isdigit():
            accepting[event.task_id].append((event.agent_id, int(accepted[:15])))
    return {
        task: History(
            _claim(tree, task),
            holders[task],
            frozenset(finished[task]),
            frozenset(fence for agent, fence in accepting[task] if agent in managers),
        )
        for task in encoded
    }


def _require_new_enough(written: Iterable[Commit], histories: dict[str, History], bus: str | None) -> None:
    for commit in written:
        history = histories.get(commit.task)
        if history is None or history.claim is None or commit.fence is None or commit.fence <= history.claim.fence:
            continue
        remote, _, branch = (bus or "origin/bus").partition("/")
        raise SetupError(
            f"{commit.short} has fence {commit.fence} of {commit.task}, the bus here knows only {history.claim.fence}: it is older than the commit",
            code="guard.old_bus",
            hint=hint.git("fetch", remote, branch) if bus else hint.tool("agent.bus_sync"),
        )


def _placed(root: str, finding: Finding) -> Finding:
    """The finding on the first line that its commit changed in its path."""
    line = git_commits.first_line(root, finding.fingerprint, finding.path)
    return finding._replace(problem=finding.problem._replace(line=line))
