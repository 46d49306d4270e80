"""The inputs of the rules for plans: the receipts, bus records and backlog items that plans cite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tools.core import ids
from tools.core.context import Context
from tools.core.errors import DataError, SetupError
from tools.core.fs import files
from tools.core.git import objects, remotes, tracked
from tools.core.models.bus import CLAIMS, Claim
from tools.core.models.lenient import claim_from
from tools.core.models.plan import Plan
from tools.core.plans import rules
from tools.core.plans.rules import Facts
from tools.core.receipts import verify
from tools.core.receipts.paths import PathProblem, path_problem
from tools.core.store.addresses import address_of, name_at
from tools.core.workspace import BUS, Place, Workspace

if TYPE_CHECKING:
    from tools.core.store.contract import Store

BRANCH = "bus"
"""Where the bus's own history is looked for, here and at each remote, when no live bus has what a plan links."""

_STATES = {
    tracked.IGNORED: "is ignored by git",
    tracked.UNTRACKED: "is not tracked by git",
    tracked.MISSING: "does not exist",
}


class PlanInputs(NamedTuple):
    """Facts for the rules, and what else the report of a check contains.

    `worth` is verified, unverified or broken for each cited path; `absent` holds bus links that
    neither the live bus nor a branch has; `without_git` is why git did not answer.
    """

    facts: Facts
    worth: Mapping[str, str]
    absent: frozenset[str] = frozenset()
    without_git: str = ""


def read_inputs(context: Context, plans: Sequence[Plan], *, strict: bool) -> PlanInputs:
    """The facts about everything these plans cite, each gathered once; git is one process."""
    workspace = context.workspace
    cited = sorted({path for plan in plans for path in plan.all_receipts if path_problem(path) is None})
    verdicts = {path: verify.verdict(workspace, path) for path in cited}
    worth = {path: verdict.standing for path, verdict in verdicts.items()}
    if not strict:
        return PlanInputs(rules.NO_FACTS, worth)
    states, without_git = _states(workspace, cited)
    receipts = {path: _wrong(workspace, path, states, verdicts[path]) for path in cited}
    documents = _bus_documents(context, sorted({ref for plan in plans for ref in plan.refs("bus")}))
    queue = {ref: _queue_problem(workspace, ref) for plan in plans for ref in plan.refs("queue")}
    bus = {ref: path_problem(ref) for ref in documents}
    facts = Facts(receipts, {**queue, **bus}, _claims(documents))
    absent = frozenset(ref for ref, data in documents.items() if data is None and bus[ref] is None)
    return PlanInputs(facts, worth, absent, without_git)


def _states(workspace: Workspace, cited: Iterable[str]) -> tuple[dict[str, str], str]:
    names = {path.partition("#")[0] for path in cited}
    try:
        return tracked.states(workspace, sorted(names)), ""
    except SetupError as problem:
        present = {name: tracked.TRACKED for name in names if tracked.is_file(workspace, name)}
        return present, f"cannot tell which receipts are tracked: {problem.message}"


def _wrong(workspace: Workspace, path: str, states: Mapping[str, str], verdict: verify.Verdict) -> PathProblem | None:
    name = path.partition("#")[0]
    state = states.get(name, tracked.MISSING)
    if state != tracked.TRACKED:
        return PathProblem(f"plan.receipt.{state}", _STATES[state])
    if verdict.standing == verify.BROKEN:
        return PathProblem("plan.receipt.broken", f"is broken: {verdict.reason}")
    wrong = verify.unparseable(workspace, name)
    if wrong is None:
        return None
    return PathProblem("plan.receipt.unparseable", f"does not parse: line {wrong.line}: {wrong.reason}")


def _queue_problem(workspace: Workspace, ref: str) -> PathProblem | None:
    wrong = path_problem(ref)
    if wrong is None and not tracked.is_file(workspace, ref.partition("#")[0]):
        return PathProblem("plan.link.missing", "does not exist")
    return wrong


def _claims(documents: Mapping[str, bytes | None]) -> dict[str, Claim]:
    claims = {}
    for ref, data in documents.items():
        name = _bus_path(ref)
        kind, _, task = name_at(name).partition("/")
        if data is None or kind != CLAIMS:
            continue
        try:
            claims[ref] = claim_from(files.parse_object(data, name), task)
        except DataError:  # a damaged claim is the bus check's finding
            continue
    return claims


def _bus_path(ref: str) -> str:
    return address_of(f"{CLAIMS}/{ref}") if ids.is_task(ref) else ref.partition("#")[0]


def _bus_documents(context: Context, refs: Sequence[str]) -> dict[str, bytes | None]:
    """What each bus link names: in the live bus, in the tree, else on the branch `bus`; None when nowhere."""
    documents: dict[str, bytes | None] = {}
    for ref in refs:
        name = _bus_path(ref)
        documents[ref] = None if path_problem(name) else _from_here(context, name)
    absent = [ref for ref in refs if documents[ref] is None and _can_be_on_branch(_bus_path(ref))]
    if absent:
        documents.update(_from_branches(context.workspace, absent))
    return documents


def _can_be_on_branch(name: str) -> bool:
    return name.startswith(f"{BUS}/") and path_problem(name) is None


def _from_here(context: Context, name: str) -> bytes | None:
    """The claim at an address, b"" for what else exists or cannot be read; None for what does not exist."""
    try:
        data = _in_store(context.store, name_at(name))
        if data is None and name_at(name).startswith(f"{CLAIMS}/"):
            return files.read_bytes(context.workspace.in_root(name))
        places = [Place(base, name) for base in dict.fromkeys((context.workspace.bus_root, context.workspace.root))]
        return b"" if data is None and any(map(files.exists, places)) else data
    except (DataError, SetupError):
        return b""


def _in_store(store: Store, name: str) -> bytes | None:
    if name.startswith(f"{CLAIMS}/"):
        return store.content(name)
    return b"" if name and store.version(name) else None


def _from_branches(workspace: Workspace, refs: Sequence[str]) -> dict[str, bytes | None]:
    try:
        branches = [f"{prefix}{BRANCH}" for prefix in remotes.prefixes(workspace.root)]
        names = {ref: [f"{branch}:{_bus_path(ref).removeprefix(f'{BUS}/')}" for branch in branches] for ref in refs}
        documents = objects.contents(workspace.root, [name for pair in names.values() for name in pair])
    except SetupError:
        return {}
    return {
        ref: next((documents[name] for name in pair if documents[name] is not None), None)
        for ref, pair in names.items()
    }
