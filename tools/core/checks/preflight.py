"""Everything that must hold before a pull request, in one list: plans, receipts, bus, logs, links, seat.

Each section returns findings or raises; a section that cannot be checked becomes a finding, never a pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tools.core import hint, ids
from tools.core.backlog.items import all_items, unknown_dependencies
from tools.core.bus import claim_documents, presence
from tools.core.checks import findings, links, memory, sources
from tools.core.checks.base import lost_memory
from tools.core.checks.findings import Finding, from_problem, make_finding
from tools.core.checks.run import check_bus
from tools.core.checks.sources import Commit, Live
from tools.core.consensus import ledger
from tools.core.context import Context
from tools.core.errors import SetupError, ToolkitError
from tools.core.fs import files
from tools.core.git import changes, refs, remotes, tracked
from tools.core.gitdir import own_default_branch
from tools.core.plans import check as plan_checks
from tools.core.plans import normalise
from tools.core.plans.storage import all_places
from tools.core.receipts import locate
from tools.core.seats import seat
from tools.core.sync import bus_branch
from tools.core.workspace import BUS, LEDGER, MANIFEST, MEMORY_LOG, PLANS, QUEUE, QUICK_LINKS, Place, Workspace


class Scope(NamedTuple):
    """What to check: the base, whether everything or only changes since it, and the manifest of the seat."""

    base: str
    everything: bool
    bound: str | None


class Section(NamedTuple):
    """One check: its findings, or the reason why it was skipped."""

    name: str
    findings: list[Finding]
    skipped: str = ""


class Skipped(Exception):
    """There is nothing to check in a section."""


def run(context: Context, scope: Scope) -> list[Section]:
    """Every section; a failure of one does not stop the others."""
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
        finding = make_finding("check.impossible", ".", 1, f"{name}: {problem.message}")
        return Section(name, [finding._replace(fix=problem.hint) if problem.hint else finding])


def default_base(workspace: Workspace) -> str:
    """The remote's default branch, else the local one; SetupError where there is neither."""
    default = refs.default_branch(workspace.root)
    preferred = [f"{default.remote}/{default.name}", default.name] if default else []
    own = own_default_branch(workspace.root)
    candidates = [*preferred, "origin/main", "origin/master", "main", "master", *([own] if own else [])]
    for ref in candidates:
        if refs.commit_of(workspace.root, ref):
            return ref
    raise SetupError("there is no default branch to compare with", code="git.base", hint=hint.git("fetch", "origin"))


# -- plans and receipts ------------------------------------------------------------------------------


def _changed(context: Context, scope: Scope) -> list[Place]:
    """The plans to check: all, or those changed since the merge-base."""
    places = all_places(context.workspace)
    if scope.everything or not places:
        return places
    changed = changes.since(context.workspace.root, _merge_base(context.workspace, scope), [PLANS])
    names = {*changed, *tracked.untracked(context.workspace.root, PLANS)}
    return [place for place in places if place.name in names]


def _plans(context: Context, scope: Scope) -> list[Finding]:
    results = plan_checks.check_plans(context, _changed(context, scope), strict=True)
    return [
        from_problem("plan.invalid", finding.problem, fix=finding.fix)
        for result in results
        for finding in result.findings
    ]


def _hygiene(context: Context, scope: Scope) -> list[Finding]:
    survey = normalise.survey(_changed(context, scope))
    return [from_problem("plan.hygiene", drift.problem) for drift in survey.deviations]


def _receipts(context: Context, scope: Scope) -> list[Finding]:
    """Receipts that the bus cites since the merge-base and that exist nowhere."""
    since = refs.committed_at(context.workspace.root, _merge_base(context.workspace, scope))
    cited: dict[tuple[str, str], Finding] = {}
    for recorded in context.history.with_receipts(since):
        path, record = context.store.where(recorded.stream), recorded.entry.record
        for receipt in record.receipts:
            text = f"the receipt {receipt} is not here, in another worktree, or on the record's branch"
            cited[receipt, record.branch] = make_finding("receipt.missing", path, recorded.number, text)
    places = locate.find(context.workspace, cited)
    return [finding for key, finding in cited.items() if places[key] == locate.MISSING]


def _merge_base(workspace: Workspace, scope: Scope) -> str:
    """The merge-base of this branch and the base; the base itself where they have no common history."""
    base = refs.require_commit(workspace.root, scope.base)
    return sources.merge_base(workspace.root, refs.require_commit(workspace.root, "HEAD"), base) or base


# -- the bus and the logs ----------------------------------------------------------------------------


def _bus(context: Context, scope: Scope) -> list[Finding]:
    if context.store.exists():
        return check_bus(context, base=_bus_base(context.workspace, scope.base)).findings
    ref = f"origin/{bus_branch.BRANCH}"
    if not refs.commit_of(context.workspace.root, ref):
        raise Skipped(f"neither {BUS}/ nor {ref} exists")
    return check_bus(context, ref=ref).findings


def _bus_base(workspace: Workspace, base: str) -> str | None:
    """The base of the bus: its remote branch where the bus has its own, else the base of the code."""
    if not bus_branch.is_worktree(workspace):
        return base if refs.commit_of(workspace.root, base) else None
    remote = remotes.route(workspace.bus.path, bus_branch.BRANCH).remote
    ref = f"{remote}/{bus_branch.BRANCH}" if remote else ""
    return ref if ref and refs.commit_of(workspace.bus.path, ref) else None


def _memory(context: Context, scope: Scope) -> list[Finding]:
    base_commit = refs.commit_of(context.workspace.root, scope.base)
    lost = lost_memory(context, base_commit) if base_commit else []
    if not lost and not files.exists(context.workspace.in_root(MEMORY_LOG)):
        raise Skipped(f"no {MEMORY_LOG}")
    listed = memory.check(Live(context))
    existing: set[str] = set()
    if base_commit and not scope.everything:
        with Commit(context.workspace.root, base_commit) as base:
            existing = {line.hash for line in base.lines(MEMORY_LOG)}
    return lost + [finding for finding in listed if finding.fingerprint not in existing]


def _queue(context: Context, scope: Scope) -> list[Finding]:
    items, problems = all_items(context.workspace)
    if not items and not problems:
        raise Skipped(f"no {QUEUE}/")
    claims, _ = claim_documents.all_claims(context.store)
    problems += unknown_dependencies(items, [claim.task_id for claim in claims])
    return _existing_as_notes(context, scope, [from_problem("queue.item", problem) for problem in problems])


def _ledger(context: Context, scope: Scope) -> list[Finding]:
    if not files.exists(context.workspace.in_root(LEDGER)):
        raise Skipped(f"no {LEDGER}")
    table = ledger.read(context.workspace.in_root(LEDGER))
    listed = [from_problem("ledger.row", problem) for problem in table.problems]
    if not set(ledger.AGENT_COLUMNS) & set(table.columns):
        text = f"no column for the agent ({', '.join(ledger.AGENT_COLUMNS)})"
        listed.append(make_finding("ledger.columns", LEDGER, 1, text))
    return _existing_as_notes(context, scope, listed)


def _existing_as_notes(context: Context, scope: Scope, listed: list[Finding]) -> list[Finding]:
    """The findings, as notes where the file is the same at the base: this branch did not cause them."""
    commit = refs.commit_of(context.workspace.root, scope.base) if listed else ""
    if not commit or scope.everything:
        return listed
    with Commit(context.workspace.root, commit) as base:
        same = {
            path
            for path in {finding.path for finding in listed}
            if base.document(path) == files.read_bytes(context.workspace.in_root(path), ledger.MAX_LEDGER)
        }
    return [finding._replace(severity=findings.NOTE) if finding.path in same else finding for finding in listed]


# -- links and the seat ------------------------------------------------------------------------------


def _links(context: Context, scope: Scope) -> list[Finding]:
    if not files.exists(context.workspace.in_root(QUICK_LINKS)):
        raise Skipped(f"no {QUICK_LINKS}")
    problems = links.problems(context.workspace, links.read(context.workspace))
    return [from_problem("links.broken", problem) for problem in problems]


def _seat(context: Context, scope: Scope) -> list[Finding]:
    path = seat.manifest_path(context.workspace, scope.bound)
    manifest = seat.read_manifest(path, required=bool(scope.bound))
    if manifest is None or manifest.agent_id == ids.TEMPLATE_AGENT:
        raise Skipped("no seat is bound here")
    agent = manifest.agent_id
    handshake = context.history.last_entries([agent], ["handshake"], context.now).get(agent)
    if handshake is None:
        return [make_finding("seat.not_booted", MANIFEST, 1, f"{agent} has no handshake", task=agent)]
    if handshake.record.meta.get("focus") == presence.IDLE_FOCUS:
        text = f"{agent} signed off with its last handshake"
        return [make_finding("seat.signed_off", MANIFEST, 1, text, task=agent)]
    return []
