"""The index of receipts: records of every plan, every file of evidence, and every message with receipts.

Records are made one by one, so memory does not grow with logs or files. The summary is the first line,
so the others wait in a temporary file until it is complete.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import IO, Any, NamedTuple

from tools.core import clock
from tools.core.context import Context
from tools.core.errors import DataError, SetupError
from tools.core.fs import folders
from tools.core.git import history, tracked
from tools.core.models.bus import MESSAGES, Message, stream_of
from tools.core.models.lenient import message_from
from tools.core.models.plan import Plan
from tools.core.plain import TYPE_CHECKING
from tools.core.plans.storage import all_plans
from tools.core.problem import Problem
from tools.core.receipts import locate, verify
from tools.core.receipts.paths import path_problem
from tools.core.store.streams import records_of
from tools.core.workspace import REPORT, Place, Workspace

if TYPE_CHECKING:
    from tools.core.store.contract import Store

DEFAULT = f"{REPORT}/usage/receipts-index.jsonl"
_BATCH = 500


class Absent(NamedTuple):
    """A cited receipt that is missing or untracked."""

    cited_by: str
    path: str
    reason: str


class Index(NamedTuple):
    """The summary, the other records as JSON lines, and the absent receipts."""

    summary: Mapping[str, Any]
    absent: list[Absent]
    problems: list[Problem]
    body: IO[bytes]

    def lines(self) -> Iterator[bytes]:
        """The index as JSON lines, the summary first."""
        yield _line(self.summary)
        self.body.seek(0)
        yield from self.body


class _Facts(NamedTuple):
    states: Mapping[str, str]
    commits: Mapping[str, Any]
    cited_by: Mapping[str, list[str]]


def make(context: Context, leave_out: Place | None = None) -> Index:
    """The index; it does not list `leave_out`, its own file."""
    workspace = context.workspace
    plans, problems = all_plans(workspace)
    facts = _facts(context, plans)
    absent: list[Absent] = []
    counts: Counter[str] = Counter()
    body = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    own_names = {DEFAULT, leave_out.name if leave_out else DEFAULT}
    records = chain(
        _plan_records(workspace, plans, facts, absent),
        _receipt_records(workspace, facts, own_names, problems),
        _message_records(context, absent, problems),
    )
    for record in records:
        counts.update(_counted(record))
        body.write(_line(record))
    texts = [str(problem) for problem in problems]
    summary = {"kind": "summary", **{key: counts[key] for key in _COUNTED}, "problems": texts}
    return Index(summary, absent, problems, body)


_COUNTED = (
    "plans",
    "receipts",
    "tracked",
    "untracked",
    "messages",
    "missing",
    "verified",
    "unverified",
    "broken",
    "bytes",
)


def _counted(record: Mapping[str, Any]) -> dict[str, int]:
    kind = record["kind"]
    if kind != "receipt":
        return {f"{kind}s": 1, "missing": len(record["missing"])}
    state = "tracked" if record["tracked"] else "untracked"
    return {"receipts": 1, state: 1, record["standing"]: 1, "bytes": record["size"]}


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _facts(context: Context, plans: Iterable[Plan]) -> _Facts:
    cited_by: dict[str, list[str]] = {}
    for plan in plans:
        for path in plan.all_receipts:
            cited_by.setdefault(path.partition("#")[0], []).append(plan.plan_id)
    for message in _citing(context.store, []):
        for path in message.receipts:
            cited_by.setdefault(path.partition("#")[0], []).append(message.thread)
    try:
        listed = tracked.listing(context.workspace.root)
        commits = history.first_commits(context.workspace.root, [REPORT])
    except SetupError:  # without git every receipt is untracked
        listed, commits = {}, {}
    return _Facts(listed, commits, cited_by)


# -- plans ---------------------------------------------------------------------------------------


def _plan_records(
    workspace: Workspace, plans: Iterable[Plan], facts: _Facts, absent: list[Absent]
) -> Iterator[dict[str, Any]]:
    for plan in plans:
        rows = {path: _cited(workspace, path, facts) for path in plan.all_receipts}
        absent += [
            Absent(plan.plan_id, path, "not tracked" if row["exists"] else "missing")
            for path, row in rows.items()
            if not (row["exists"] and row["tracked"])
        ]
        yield _plan_record(plan, rows)


def _plan_record(plan: Plan, rows: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "kind": "plan",
        "plan_id": plan.plan_id,
        "status": plan.state,
        "actor": plan.actor,
        "steps": [
            {"id": step.id, "status": step.state, "receipts": [rows[path] for path in step.receipts]}
            for step in plan.steps
        ],
        "receipts": [rows[path] for path in plan.receipts],
        "missing": [path for path, row in rows.items() if not row["exists"]],
    }


def _cited(workspace: Workspace, path: str, facts: _Facts) -> dict[str, Any]:
    name = path.partition("#")[0]
    exists = path_problem(name) is None and tracked.is_file(workspace, name)
    return {
        "path": path,
        "exists": exists,
        "tracked": exists and facts.states.get(name) == tracked.TRACKED,
        "standing": verify.standing(workspace, path) if exists else verify.BROKEN,
    }


# -- files ---------------------------------------------------------------------------------------


def _receipt_records(
    workspace: Workspace, facts: _Facts, own_names: set[str], problems: list[Problem]
) -> Iterator[dict[str, Any]]:
    for place in folders.walk(workspace.report):
        if place.name in own_names:
            continue
        try:
            yield _receipt_record(workspace, place, facts)
        except FileNotFoundError:
            problems.append(Problem(place.name, 1, "removed during the reading", "file.missing"))
        except (DataError, SetupError) as error:
            problems.append(error.problem_in(place.name))


def _receipt_record(workspace: Workspace, place: Place, facts: _Facts) -> dict[str, Any]:
    digest, size = verify.digest_of(place)
    committed = facts.commits.get(place.name)
    return {
        "kind": "receipt",
        "path": place.name,
        "size": size,
        "sha256": digest,
        "tracked": facts.states.get(place.name) == tracked.TRACKED,
        "committed_at": clock.to_text(committed) if committed else None,
        "standing": verify.standing(workspace, place.name),
        "referenced_by": sorted(set(facts.cited_by.get(place.name, []))),
    }


# -- messages ------------------------------------------------------------------------------------


class _Citing(NamedTuple):
    thread: str
    message: Message

    @property
    def receipts(self) -> tuple[str, ...]:
        return self.message.receipts


def _citing(store: Store, problems: list[Problem]) -> Iterator[_Citing]:
    """The messages with receipts, thread by thread, read one at a time."""
    for thread in store.names(MESSAGES):
        try:
            for outcome in records_of(store, stream_of(thread)):
                if isinstance(outcome, Problem):
                    problems.append(outcome)
                    continue
                message = message_from(outcome.record, thread)
                is_copy = bool(message.id) and message.task_id != thread  # an inbox copy
                if message.receipts and not is_copy:
                    yield _Citing(thread, message)
        except (DataError, SetupError) as error:
            problems.append(error.problem_in(store.where(stream_of(thread))))


def _message_records(context: Context, absent: list[Absent], problems: list[Problem]) -> Iterator[dict[str, Any]]:
    messages = _citing(context.store, problems)
    while batch := list(islice(messages, _BATCH)):
        for record in _located(context.workspace, batch):
            absent += [Absent(f"{record['thread']} {record['ts']}", path, "missing") for path in record["missing"]]
            yield record


def _located(workspace: Workspace, messages: Sequence[_Citing]) -> Iterator[dict[str, Any]]:
    """The records of a batch of messages; git is asked once for all their receipts."""
    cited = [(path, citing.message.branch) for citing in messages for path in citing.receipts]
    places = locate.find(workspace, cited)
    for citing in messages:
        message = citing.message
        rows = [{"path": path, "where": places[path, message.branch]} for path in message.receipts]
        yield {
            "kind": "message",
            "thread": citing.thread,
            "id": message.id,
            "ts": message.ts,
            "from": message.sender,
            "receipts": rows,
            "missing": [row["path"] for row in rows if row["where"] == locate.MISSING],
        }
