"""Decisions from proposal to closing: what carries each of them, and which are overdue.

A decision is found in `_report/consensus/`, in records of the bus that carry its id in their
`decision_id`, in tasks that are asked for by name, and in queue items with a `Consensus:` line. It is
decided by an event or receipt of the kind `consensus` or `complete`, or by a row of the ledger. Only
receipts that are cited count as evidence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.core import clock, ids
from tools.core.backlog import items as queue
from tools.core.consensus import ledger
from tools.core.consensus import receipts as consensus
from tools.core.context import Context
from tools.core.errors import ToolkitError
from tools.core.fs import files, jsonl
from tools.core.models.entry import Entry, Query, event_entry
from tools.core.models.lenient import assignment_from, text_of
from tools.core.store.api import History
from tools.core.workspace import LEDGER, Workspace

MAX_AGE = timedelta(hours=24)
"""The cadence: an open decision that nobody touched for longer is overdue (playbook, Consensus Cadence)."""

OPEN = "open"
DECIDED = "decided"
DECIDING = ("consensus", "complete")
_VOICES = ("proposal", "vote", "consensus")
_KEYS = ("decision_id", "decision")


class Decision(NamedTuple):
    """One decision as the records show it now; `overdue` says why, "" when it is not."""

    id: str
    state: str
    manager: str
    plan: str
    at: datetime | None
    receipts: tuple[str, ...]
    events: int
    messages: int
    overdue: str


class Trace(NamedTuple):
    """One record that carries a decision, whatever file it came from."""

    source: str  # "event", "message", "receipt" or "ledger"
    key: str
    kind: str
    agent: str
    at: datetime | None
    task: str
    plan: str
    receipts: tuple[str, ...]


@dataclass
class _Found:
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
    found = _gather(context.workspace, context.history, tasks)
    rows = [_row(context, name, part, max_age) for name, part in found.items()]
    kept = [row for row in rows if since is None or (row.at is not None and row.at >= since)]
    return sorted(kept, key=lambda row: (not row.overdue, row.state != OPEN, row.at or context.now, row.id))


def _gather(workspace: Workspace, history: History, tasks: Sequence[str]) -> dict[str, _Found]:
    found: dict[str, _Found] = {}
    for name, trace in [*_in_receipts(workspace), *_in_history(history)]:
        part = found.setdefault(name, _Found({name}))
        part.traces.append(trace)
        if trace.task and not ids.is_thread_only(trace.task):
            part.tasks.add(trace.task)
    for name in [*tasks, *linked_by_queue(workspace)]:
        if not any(name in part.tasks for part in found.values()):
            found[name] = _Found({name})
    if tasks:
        found = {name: part for name, part in found.items() if part.tasks & set(tasks)}
    for name, part in found.items():
        part.traces += _about_tasks(history, name, part)
    for name, trace in _in_ledger(workspace):
        if name in found:  # the ledger closes what is on record elsewhere; its own rows are `ledger`'s to show
            found[name].traces.append(trace)
    return found


def receipt_lines(workspace: Workspace) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every record in `_report/consensus/` with the path of its file; lines that are none are skipped."""
    folder = consensus.folder(workspace)
    for name in files.names_in(folder, ".jsonl"):
        try:
            for outcome in jsonl.scan(folder.child(name)):
                if isinstance(outcome, jsonl.Found):
                    yield folder.child(name).name, outcome.record
        except ToolkitError:
            continue  # a link or folder under this name: bus_check reports it


def _in_receipts(workspace: Workspace) -> Iterator[tuple[str, Trace]]:
    for _, raw in receipt_lines(workspace):
        name = text_of(raw.get("decision_id"))
        if ids.is_task(name):
            record = event_entry(dict(raw))
            given = raw.get("meta")
            meta: Mapping[str, object] = given if isinstance(given, dict) else {}
            yield (
                name,
                _trace("receipt", record)._replace(
                    task=text_of(meta.get("task_id")), plan=text_of(meta.get("plan_id"))
                ),
            )


def _in_history(history: History) -> Iterator[tuple[str, Trace]]:
    for entry in history.about_decisions():
        named = next((entry.record.meta[key] for key in _KEYS if key in entry.record.meta), "")
        if ids.is_task(named):
            yield named, _trace(entry.source, entry)


def _trace(source: str, entry: Entry) -> Trace:
    record = entry.record
    plan = getattr(record, "plan_id", "") or record.meta.get("plan_id", "")
    key = record.id or f"{record.ts} {entry.agent} {record.summary}"
    return Trace(source, key, entry.kind, entry.agent, entry.at, entry.task, plan, record.receipts)


def _in_ledger(workspace: Workspace) -> Iterator[tuple[str, Trace]]:
    try:
        rows = ledger.read(workspace.in_root(LEDGER)).rows
    except ToolkitError:
        return  # the ledger command says what is wrong with it
    for row in rows:
        name = ledger.decision_of(row)
        if name:
            yield name, Trace("ledger", f"row {row.number}", DECIDED, "", ledger.moment_of(row), "", "", ())


def linked_by_queue(workspace: Workspace) -> list[str]:
    """The ids that `Consensus:` lines of queue items name; one that names none means the item itself."""
    found: list[str] = []
    for item in queue.all_items(workspace)[0]:
        line = item.fields.get("consensus")
        if line is None or line.strip().lower() in ("no", "none", "false"):
            continue
        words = re.split(r"[\s,;]+", line.strip())
        named = [word for word in words if ids.is_task(word) and word.lower() not in ("yes", "true")]
        found += named or [item.task_id]
    return list(dict.fromkeys(found))


def _about_tasks(history: History, name: str, part: _Found) -> list[Trace]:
    """What was logged on the decision's own thread, and the voices on it in its tasks' threads."""
    known = {(trace.source, trace.key) for trace in part.traces}
    entries, _ = history.select(Query(tasks=[name]), None)
    if others := sorted(part.tasks - {name}):
        entries += history.select(Query(tasks=others, kinds=_VOICES, events=False), None)[0]
    traces = (_trace(entry.source, entry) for entry in entries)
    return [trace for trace in traces if (trace.source, trace.key) not in known]


def _row(context: Context, name: str, part: _Found, max_age: timedelta) -> Decision:
    traces = part.traces
    moments = [trace.at for trace in traces if trace.at and clock.is_credible(trace.at, context.now)]
    last = max(moments, default=None)
    is_decided = any(_decides(trace) for trace in traces)
    cited = tuple(dict.fromkeys(path for trace in traces for path in trace.receipts))
    return Decision(
        id=name,
        state=DECIDED if is_decided else OPEN,
        manager=_manager(context.workspace, part) or _proposer(traces),
        plan=next((trace.plan for trace in reversed(traces) if trace.plan), ""),
        at=last,
        receipts=cited,
        events=_count(traces, "event"),
        messages=_count(traces, "message"),
        overdue="" if is_decided else overdue(last, cited, context.now, max_age),
    )


def _decides(trace: Trace) -> bool:
    return trace.source == "ledger" or (trace.source != "message" and trace.kind in DECIDING)


def overdue(last: datetime | None, cited: Collection[str], now: datetime, max_age: timedelta) -> str:
    """Why an open decision needs attention; "" when it does not."""
    reasons = []
    if not cited:
        reasons.append("no receipts")
    if last is None:
        reasons.append("never updated")
    elif now - last > max_age:
        reasons.append(f"no update for {clock.age(last, now)}")
    return "; ".join(reasons)


def _count(traces: Iterable[Trace], source: str) -> int:
    return len({trace.key for trace in traces if trace.source == source})


def _manager(workspace: Workspace, part: _Found) -> str:
    for task in sorted(part.tasks):
        if not ids.is_task(task):
            continue
        try:
            content = files.read_json(workspace.assignment(task))
        except ToolkitError:
            continue
        if content and (named := assignment_from(content, task).manager):
            return named
    return ""


def _proposer(traces: Sequence[Trace]) -> str:
    dated = sorted((trace for trace in traces if trace.agent and trace.at), key=lambda trace: trace.at or datetime.min)
    return dated[0].agent if dated else ""
