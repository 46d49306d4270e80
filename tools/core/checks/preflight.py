"""Everything that must hold before a pull request, in one list: plans, receipts, bus, logs, links, seat.

Each section returns findings, or raises: what cannot be checked is a finding too, never a pass.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from tools.core import hint, ids
from tools.core.backlog import items as queue
from tools.core.bus import presence as liveness
from tools.core.checks import base as base_check
from tools.core.checks import findings, links
from tools.core.checks import memory as memory_check
from tools.core.checks import run as audit
from tools.core.checks import sources as bus_tree
from tools.core.checks.findings import Finding
from tools.core.checks.sources import Commit, Folder
from tools.core.consensus import ledger
from tools.core.context import Context
from tools.core.errors import SetupError, ToolkitError
from tools.core.fs import files
from tools.core.git import changes, refs, remotes, tracked
from tools.core.plans import normalise, storage
from tools.core.plans.check import check_plans
from tools.core.receipts import locate
from tools.core.seats.seat import manifest_path, read_manifest
from tools.core.sync import bus_branch
from tools.core.workspace import BUS, LEDGER, MANIFEST, MEMORY_LOG, PLANS, QUEUE, QUICK_LINKS, Place, Workspace


class Scope(NamedTuple):
    """What to check: against which base, everything or what changed since, from which seat's manifest."""

    base: str
    everything: bool
    bound: str | None


class Section(NamedTuple):
    """One check: what it found, or why it was skipped."""

    name: str
    findings: list[Finding]
    skipped: str = ""


class Skipped(Exception):
    """A section that has nothing to look at here."""


def run(context: Context, scope: Scope) -> list[Section]:
    """Every section, each of them whatever the others found."""
    checks: list[tuple[str, Callable[[Context, Scope], list[Finding]]]] = [
        ("plans", _plans),
        ("hygiene", _hygiene),
        ("receipts", _receipts),
        ("bus", _bus),
        ("memory", _memory),
        ("queue", _queue),
        ("ledger", _ledger),
        ("links", _links),
        ("seat", _seat),
    ]
    return [_section(name, check, context, scope) for name, check in checks]


def _section(name: str, check: Callable[[Context, Scope], list[Finding]], context: Context, scope: Scope) -> Section:
    try:
        return Section(name, findings.ordered(check(context, scope)))
    except Skipped as reason:
        return Section(name, [], str(reason))
    except ToolkitError as problem:
        return Section(
            name, [findings.make("check.impossible", ".", 1, f"{name}: {problem.message}", fix=problem.hint)]
        )


def default_base(workspace: Workspace) -> str:
    """The remote's default branch, else the local one; SetupError where there is neither."""
    default = refs.default_branch(workspace.root)
    known = [f"{default.remote}/{default.name}", default.name] if default else []
    candidates = [*known, "origin/main", "origin/master", "main", "master"]
    for ref in candidates:
        if refs.commit_of(workspace.root, ref):
            return ref
    raise SetupError("there is no default branch to compare with", code="git.base", hint=hint.git("fetch", "origin"))


# -- plans and receipts ------------------------------------------------------------------------------


def _changed(context: Context, scope: Scope) -> list[Place]:
    """The plans to check: all of them, or those that differ from where this branch left the base."""
    places = storage.all_places(context.workspace)
    if scope.everything or not places:
        return places
    changed = changes.since(context.workspace.root, _left_base(context.workspace, scope), [PLANS])
    names = {*changed, *tracked.untracked(context.workspace.root, PLANS)}
    return [place for place in places if place.name in names]


def _plans(context: Context, scope: Scope) -> list[Finding]:
    found = check_plans(context.workspace, _changed(context, scope), strict=True)
    return [findings.of("plan.invalid", part.problem, fix=part.fix) for result in found for part in result.findings]


def _hygiene(context: Context, scope: Scope) -> list[Finding]:
    survey = normalise.survey(_changed(context, scope))
    return [findings.of("plan.hygiene", drift.problem) for drift in survey.deviations]


def _receipts(context: Context, scope: Scope) -> list[Finding]:
    """Receipts that the bus cites since this branch left the base, and that are nowhere to be found."""
    since = refs.committed_at(context.workspace.root, _left_base(context.workspace, scope))
    cited: dict[tuple[str, str], Finding] = {}
    for recorded in context.history.with_receipts(since):
        path, record = context.store.where(recorded.stream), recorded.entry.record
        for receipt in record.receipts:
            text = f"the receipt {receipt} is not here, in another worktree, or on the record's branch"
            cited[receipt, record.branch] = findings.make("receipt.missing", path, recorded.number, text)
    places = locate.find(context.workspace, cited)
    return [finding for key, finding in cited.items() if places[key] == locate.MISSING]


def _left_base(workspace: Workspace, scope: Scope) -> str:
    """The commit where this branch left the base; the base itself where they have nothing in common."""
    base = refs.require_commit(workspace.root, scope.base)
    return bus_tree.merge_base(workspace.root, refs.require_commit(workspace.root, "HEAD"), base) or base


# -- the bus and the logs ----------------------------------------------------------------------------


def _bus(context: Context, scope: Scope) -> list[Finding]:
    if os.path.isdir(context.workspace.bus.path):
        return audit.check_bus(context, base=_bus_base(context.workspace, scope.base)).findings
    ref = f"origin/{bus_branch.BRANCH}"
    if not refs.commit_of(context.workspace.root, ref):
        raise Skipped(f"neither {BUS}/ nor {ref} is here")
    return audit.check_bus(context, ref=ref).findings


def _bus_base(workspace: Workspace, base: str) -> str | None:
    """What the bus is compared with: the remote's bus where it is a branch of its own, else the base."""
    if not bus_branch.is_worktree(workspace):
        return base if refs.commit_of(workspace.root, base) else None
    remote = remotes.route(workspace.bus.path, bus_branch.BRANCH).remote
    ref = f"{remote}/{bus_branch.BRANCH}" if remote else ""
    return ref if ref and refs.commit_of(workspace.bus.path, ref) else None


def _memory(context: Context, scope: Scope) -> list[Finding]:
    base_commit = refs.commit_of(context.workspace.root, scope.base)
    lost = base_check.lost_memory(context.workspace, base_commit) if base_commit else []
    if not lost and not files.exists(context.workspace.in_root(MEMORY_LOG)):
        raise Skipped(f"no {MEMORY_LOG}")
    found = memory_check.check(Folder(context.workspace))
    known: set[str] = set()
    if base_commit and not scope.everything:
        with Commit(context.workspace.root, base_commit) as base:
            known = {line.hash for line in base.lines(MEMORY_LOG)}
    return lost + [part for part in found if part.mark not in known]


def _queue(context: Context, scope: Scope) -> list[Finding]:
    items, problems = queue.all_items(context.workspace)
    if not items and not problems:
        raise Skipped(f"no {QUEUE}/")
    return _unless_known(context, scope, [findings.of("queue.item", problem) for problem in problems])


def _ledger(context: Context, scope: Scope) -> list[Finding]:
    if not files.exists(context.workspace.in_root(LEDGER)):
        raise Skipped(f"no {LEDGER}")
    table = ledger.read(context.workspace.in_root(LEDGER))
    found = [findings.of("ledger.row", problem) for problem in table.problems]
    if not set(ledger.AGENT_COLUMNS) & set(table.columns):
        text = f"no column says whose a row is ({', '.join(ledger.AGENT_COLUMNS)})"
        found.append(findings.make("ledger.columns", LEDGER, 1, text))
    return _unless_known(context, scope, found)


def _unless_known(context: Context, scope: Scope, found: list[Finding]) -> list[Finding]:
    """What is wrong in a file that the base has just so is a note: this branch did not do it."""
    commit = refs.commit_of(context.workspace.root, scope.base) if found else ""
    if not commit or scope.everything:
        return found
    with Commit(context.workspace.root, commit) as base:
        same = {
            path
            for path in {part.path for part in found}
            if base.document(path) == files.read_bytes(context.workspace.in_root(path), ledger.MAX_LEDGER)
        }
    return [part._replace(severity=findings.NOTE) if part.path in same else part for part in found]


# -- links and the seat ------------------------------------------------------------------------------


def _links(context: Context, scope: Scope) -> list[Finding]:
    if not files.exists(context.workspace.in_root(QUICK_LINKS)):
        raise Skipped(f"no {QUICK_LINKS}")
    wrong = links.problems(context.workspace, links.read(context.workspace))
    return [findings.of("links.broken", problem) for problem in wrong]


def _seat(context: Context, scope: Scope) -> list[Finding]:
    manifest = manifest_path(context.workspace, scope.bound)
    known = read_manifest(manifest, required=bool(scope.bound))
    if known is None or known.agent_id == ids.TEMPLATE_AGENT:
        raise Skipped("no seat is bound here")
    agent = known.agent_id
    handshake = context.history.last_entries([agent], ["handshake"], context.now).get(agent)
    if handshake is None:
        text = f"{agent} has never shaken hands"
    elif handshake.record.meta.get("focus") == liveness.IDLE_FOCUS:
        text = f"{agent} has signed off with its last handshake"
    else:
        return []
    return [findings.make("seat.not_booted", MANIFEST, 1, text, task=agent)]
