"""The index of receipts: every plan, every file of evidence, every message that cites some, as records.

Records are made one by one: neither the logs nor the files are ever held whole. The summary stands
first, so the others wait in a temporary file until it is known.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, NamedTuple

from tools.core import clock
from tools.core.errors import DataError, SetupError
from tools.core.fs import files, jsonl
from tools.core.git import history, tracked
from tools.core.models.bus import MESSAGES, Message
from tools.core.models.lenient import message_from
from tools.core.models.plan import Plan
from tools.core.plans import storage
from tools.core.problem import Problem
from tools.core.receipts import locate, verify
from tools.core.receipts.paths import path_problem
from tools.core.workspace import REPORT, Place, Workspace

DEFAULT = f"{REPORT}/usage/receipts-index.jsonl"
_AT_ONCE = 500


class Absent(NamedTuple):
    """A receipt that is cited and is not where it should be."""

    cited_by: str
    path: str
    reason: str


class Index(NamedTuple):
    """The index as it was made: the summary, the other records as JSON lines, and what is amiss."""

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


def make(workspace: Workspace, leave_out: Place | None = None) -> Index:
    """Makes the index; `leave_out` is where it will be written, which it does not list."""
    found, problems = storage.all_plans(workspace)
    facts = _facts(workspace, found)
    absent: list[Absent] = []
    counts: Counter[str] = Counter()
    body = tempfile.TemporaryFile()  # noqa: SIM115 - whoever gets the index closes it
    names = {DEFAULT, leave_out.name if leave_out else DEFAULT}
    for record in _all(workspace, found, facts, names, absent, problems):
        counts.update(_counted(record))
        body.write(_line(record))
    told = [str(problem) for problem in problems]
    summary = {"kind": "summary", **{key: counts[key] for key in _COUNTED}, "problems": told}
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
    tracked_word = "tracked" if record["tracked"] else "untracked"
    return {"receipts": 1, tracked_word: 1, record["standing"]: 1, "bytes": record["size"]}


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _all(
    workspace: Workspace,
    found: list[Plan],
    facts: _Facts,
    leave_out: set[str],
    absent: list[Absent],
    problems: list[Problem],
) -> Iterator[dict[str, Any]]:
    for plan in found:
        record = _plan_record(workspace, plan, facts)
        absent += [Absent(plan.plan_id, row["path"], row["reason"]) for row in record.pop("_amiss")]
        yield record
    for place in files.walk(workspace.report):
        if place.name in leave_out:
            continue
        try:
            yield _receipt_record(workspace, place, facts)
        except FileNotFoundError:
            problems.append(Problem(place.name, 1, "gone meanwhile", "file.missing"))
        except (DataError, SetupError) as error:
            problems.append(error.problem_in(place.name))
    for record in _message_records(workspace, problems):
        absent += [Absent(f"{record['thread']} {record['ts']}", path, "missing") for path in record["missing"]]
        yield record


def _facts(workspace: Workspace, found: list[Plan]) -> _Facts:
    cited_by: dict[str, list[str]] = {}
    for plan in found:
        for path in plan.all_receipts:
            cited_by.setdefault(path.partition("#")[0], []).append(plan.plan_id)
    for message in _citing(workspace, []):
        for path in message.receipts:
            cited_by.setdefault(path.partition("#")[0], []).append(message.thread)
    try:
        listed = tracked.listing(workspace.root)
        commits = history.first_commits(workspace.root, [REPORT])
    except SetupError:  # without git nothing is tracked, and the index says so
        listed, commits = {}, {}
    return _Facts(listed, commits, cited_by)


# -- plans ---------------------------------------------------------------------------------------


def _plan_record(workspace: Workspace, plan: Plan, facts: _Facts) -> dict[str, Any]:
    rows = {path: _cited(workspace, path, facts) for path in plan.all_receipts}
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
        "_amiss": [
            {"path": path, "reason": "missing" if not row["exists"] else "not tracked"}
            for path, row in rows.items()
            if not (row["exists"] and row["tracked"])
        ],
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


def _citing(workspace: Workspace, problems: list[Problem]) -> Iterator[_Citing]:
    """The messages that cite receipts, thread by thread, read one at a time."""
    folder = workspace.bus.child(MESSAGES)
    for name in files.names_in(folder, ".jsonl"):
        thread = name.removesuffix(".jsonl")
        try:
            for outcome in jsonl.scan(folder.child(name)):
                if isinstance(outcome, Problem):
                    problems.append(outcome)
                    continue
                message = message_from(outcome.record, thread)
                is_copy = bool(message.id) and message.task_id != thread  # an inbox repeats what its thread has
                if message.receipts and not is_copy:
                    yield _Citing(thread, message)
        except (DataError, SetupError) as error:
            problems.append(error.problem_in(folder.child(name).name))


def _message_records(workspace: Workspace, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    waiting: list[_Citing] = []
    for citing in _citing(workspace, problems):
        waiting.append(citing)
        if len(waiting) == _AT_ONCE:
            yield from _located(workspace, waiting)
            waiting = []
    yield from _located(workspace, waiting)


def _located(workspace: Workspace, messages: Iterable[_Citing]) -> Iterator[dict[str, Any]]:
    messages = list(messages)
    cited = [(path, citing.message.branch) for citing in messages for path in citing.receipts]
    where = locate.find(workspace, cited)
    for citing in messages:
        message = citing.message
        rows = [{"path": path, "where": where[path, message.branch]} for path in message.receipts]
        yield {
            "kind": "message",
            "thread": citing.thread,
            "id": message.id,
            "ts": message.ts,
            "from": message.sender,
            "receipts": rows,
            "missing": [row["path"] for row in rows if row["where"] == locate.MISSING],
        }
