"""Decisions from proposal to closing: the records of each, and which are overdue.

The ids of decisions come from `_report/consensus/`, from records of the bus with a `decision_id`, from
tasks that the caller names, and from queue items with a `Consensus:` line. An event or receipt of the
kind `consensus` or `complete`, or a row of the ledger, decides it. Evidence are the files in its folder
and those that records cite, where they are there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from tools.core import clock, ids
from tools.core.backlog import items
from tools.core.consensus import ledger
from tools.core.consensus.receipts import decision_folder
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.fs import files, jsonl
from tools.core.models.bus import ASSIGNMENTS
from tools.core.models.entry import Entry, Query, event_entry
from tools.core.models.lenient import assignment_from, text_of
from tools.core.receipts import locate
from tools.core.workspace import LEDGER, Workspace

if TYPE_CHECKING:
    from tools.core.store.contract import History, Store

MAX_AGE = timedelta(hours=24)
"""The cadence: an open decision without a record for longer is overdue (playbook, Consensus Cadence)."""

OPEN = "open"
DECIDED = "decided"
DECIDING = ("consensus", "complete")
_VOICES = ("proposal", "vote", "consensus")
_KEYS = ("decision_id", "decision")


class Decision(NamedTuple):
    """One decision as of now; `overdue` is the reason, "" when it is not."""

    id: str
    state: str
    manager: str  # who assigned a task that it is about
    proposer: str
    plan: str
    at: datetime | None
    receipts: tuple[str, ...]
    events: int
    messages: int
    overdue: str


class Trace(NamedTuple):
    """One record of a decision: an event, a message, a receipt or a row of the ledger."""

    source: str  # "event", "message", "receipt" or "ledger"
    key: str
    kind: str
    agent: str
    at: datetime | None
    task: str
    plan: str
    receipts: tuple[str, ...]


@dataclass
class _Records:
    tasks: set[str] = field(default_factory=set)
    traces: list[Trace] = field(default_factory=list)


def decisions(
    context: Context,
    *,
    tasks: Sequence[str] = (),
    since: datetime | None = None,
    max_age: timedelta = MAX_AGE,
) -> list[Decision]:
    """One row a decision, overdue ones first, then open ones, the longest untouched first.

    `tasks` keeps the decisions with these ids or about these tasks; `since` those touched since.
    """
    gathered = _gather(context.workspace, context.history, tasks)
    existing = _existing(context.workspace, gathered.values())
    rows = [_row(context, name, records, existing, max_age) for name, records in gathered.items()]
    selected = [row for row in rows if since is None or (row.at is not None and row.at >= since)]
    return sorted(selected, key=lambda row: (not row.overdue, row.state != OPEN, row.at or context.now, row.id))


def _existing(workspace: Workspace, gathered: Iterable[_Records]) -> set[str]:
    """The cited paths that are in this checkout, another worktree or the bus."""
    cited = {(path, "") for records in gathered for trace in records.traces for path in trace.receipts}
    return {path for (path, _), where in locate.find(workspace, cited).items() if where != locate.MISSING}


def _gather(workspace: Workspace, history: History, tasks: Sequence[str]) -> dict[str, _Records]:
    by_id: dict[str, _Records] = {}
    for name, trace in [*_in_receipts(workspace), *_in_history(history)]:
        records = by_id.setdefault(name, _Records({name}))
        records.traces.append(trace)
        if trace.task and not ids.is_thread_only(trace.task):
            records.tasks.add(trace.task)
    linked: list[tuple[str, list[Trace]]] = [(task, []) for task in tasks]
    for name, traces in [*linked, *((name, [trace]) for name, trace in _in_queue(workspace))]:
        if not any(name in records.tasks for records in by_id.values()):
            by_id[name] = _Records({name}, traces)
    if tasks:
        by_id = {name: records for name, records in by_id.items() if records.tasks & set(tasks)}
    for name, records in by_id.items():
        records.traces += _about_tasks(history, name, records)
    for name, trace in _in_ledger(workspace):
        if name in by_id:  # a row closes a decision of the bus; the command `ledger` lists the others
            by_id[name].traces.append(trace)
    return by_id


def receipt_lines(workspace: Workspace) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every record in `_report/consensus/` with the path of its file; damaged lines are skipped."""
    folder = decision_folder(workspace)
    for name in files.names_in(folder, ".jsonl"):
        try:
            for outcome in jsonl.scan(folder.child(name)):
                if isinstance(outcome, jsonl.StoredRecord):
                    yield folder.child(name).name, outcome.record
        except ToolkitError:
            continue  # a link or folder with this name: bus_check reports it


def _in_receipts(workspace: Workspace) -> Iterator[tuple[str, Trace]]:
    for path, raw in receipt_lines(workspace):
        name = text_of(raw.get("decision_id"))
        if ids.is_task(name):
            trace = _trace("receipt", event_entry(dict(raw)))
            raw_meta = raw.get("meta")
            meta: Mapping[str, object] = raw_meta if isinstance(raw_meta, dict) else {}
            yield (
                name,
                trace._replace(
                    task=text_of(meta.get("task_id")),
                    plan=text_of(meta.get("plan_id")),
                    receipts=(path, *trace.receipts),
                ),
            )


def _in_history(history: History) -> Iterator[tuple[str, Trace]]:
    for entry in history.about_decisions():
        name = next((entry.record.meta[key] for key in _KEYS if key in entry.record.meta), "")
        if ids.is_task(name):
            yield name, _trace(entry.source, entry)


def _trace(source: str, entry: Entry) -> Trace:
    record = entry.record
    plan = getattr(record, "plan_id", "") or record.meta.get("plan_id", "")
    key = record.id or f"{record.ts} {entry.agent} {record.summary}"
    return Trace(source, key, entry.kind, entry.agent, entry.at, entry.task, plan, record.receipts)


def _in_ledger(workspace: Workspace) -> Iterator[tuple[str, Trace]]:
    try:
        rows = ledger.read(workspace.in_root(LEDGER)).rows
    except ToolkitError:
        return  # the command `ledger` reports the problem
    for row in rows:
        name = ledger.decision_of(row)
        if name:
            yield name, Trace("ledger", f"row {row.number}", DECIDED, "", ledger.moment_of(row), "", "", ())


def _in_queue(workspace: Workspace) -> Iterator[tuple[str, Trace]]:
    """The decisions of the backlog, each since its file was written: there is no other record of it yet."""
    for name, path in linked_by_queue(workspace).items():
        at = datetime.fromtimestamp(os.stat(workspace.in_root(path).path).st_mtime, UTC)
        yield name, Trace("queue", path, "", "", at, "", "", ())


def linked_by_queue(workspace: Workspace) -> dict[str, str]:
    """The ids in `Consensus:` lines of queue items, and the file of each; a line without ids stands for the item."""
    paths: dict[str, str] = {}
    for item in items.all_items(workspace)[0]:
        line = item.fields.get("consensus")
        if line is None or line.strip().lower() in ("no", "none", "false"):
            continue
        words = re.split(r"[\s,;]+", line.strip())
        task_ids = [word for word in words if ids.is_task(word) and word.lower() not in ("yes", "true")]
        for name in task_ids or [item.task_id]:
            paths.setdefault(name, item.path)
    return paths


def _about_tasks(history: History, name: str, records: _Records) -> list[Trace]:
    """The records of the decision's own thread, and proposals and votes in the threads of its tasks."""
    existing = {(trace.source, trace.key) for trace in records.traces}
    entries, _ = history.select(Query(tasks=[name]), None)
    if tasks := sorted(records.tasks - {name}):
        entries += history.select(Query(tasks=tasks, kinds=_VOICES, events=False), None)[0]
    traces = (_trace(entry.source, entry) for entry in entries)
    return [trace for trace in traces if (trace.source, trace.key) not in existing]


def _row(context: Context, name: str, records: _Records, existing: Collection[str], max_age: timedelta) -> Decision:
    traces = records.traces
    moments = [trace.at for trace in traces if trace.at and clock.is_credible(trace.at, context.now)]
    last = max(moments, default=None)
    is_decided = any(_decides(trace) for trace in traces)
    cited = dict.fromkeys(path for trace in traces for path in trace.receipts)
    receipts = tuple(path for path in cited if path in existing)
    return Decision(
        id=name,
        state=DECIDED if is_decided else OPEN,
        manager=_manager(context.store, records),
        proposer=_proposer(traces),
        plan=next((trace.plan for trace in reversed(traces) if trace.plan), ""),
        at=last,
        receipts=receipts,
        events=_count(traces, "event"),
        messages=_count(traces, "message"),
        overdue="" if is_decided else overdue(moments, receipts, len(cited) - len(receipts), context.now, max_age),
    )


def _decides(trace: Trace) -> bool:
    return trace.source == "ledger" or (trace.source != "message" and trace.kind in DECIDING)


def overdue(
    moments: Collection[datetime], receipts: Collection[str], absent: int, now: datetime, max_age: timedelta
) -> str:
    """Why an open decision needs attention; "" when it does not, as one proposed a moment ago.

    `receipts` are there, `absent` is how many are cited and are not.
    """
    no_receipts = f"{absent} cited receipts that are not there" if absent else "no receipts"
    if not moments:
        return "never updated" if receipts else f"{no_receipts}; never updated"
    reasons = []
    if not receipts and now - min(moments) > max_age:
        reasons.append(no_receipts)
    if now - max(moments) > max_age:
        reasons.append(f"no update for {clock.age(max(moments), now)}")
    return "; ".join(reasons)


def _count(traces: Iterable[Trace], source: str) -> int:
    return len({trace.key for trace in traces if trace.source == source})


def _manager(store: Store, records: _Records) -> str:
    for task in sorted(records.tasks):
        if not ids.is_task(task):
            continue
        try:
            given = store.get(f"{ASSIGNMENTS}/{task}")
        except ToolkitError:
            continue
        if given and (manager := assignment_from(given.content, task).manager):
            return manager
    return ""


def _proposer(traces: Sequence[Trace]) -> str:
    dated = sorted((trace for trace in traces if trace.agent and trace.at), key=lambda trace: trace.at or datetime.min)
    return dated[0].agent if dated else ""
