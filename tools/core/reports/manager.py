"""The manager's report: the verdict of the board, the current tasks, findings of plans, latencies of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tools.core import clock, hint, ids
from tools.core.board import build, model
from tools.core.board.markdown import alerts, consensus_counts, decisions, reminders, requests
from tools.core.board.text import counts_line, verdict_line
from tools.core.bus.rules.reservation import assigned_engineer
from tools.core.context import Context, Spell
from tools.core.errors import SetupError
from tools.core.models.bus import Assignment, Claim
from tools.core.models.entry import MESSAGE, Entry, Query
from tools.core.plans import check, storage
from tools.core.reports.latency import measure
from tools.core.text import terminal
from tools.core.text.markdown import code_span, escape_markdown, markdown_table

CONSENSUS_KINDS = ("consensus", "summary", "vote")
MOST_FINDINGS = 50
MOST_MESSAGES = 50


class TaskRow(NamedTuple):
    """A task with a live claim or an assignment, or with records since the start of the report."""

    task_id: str
    who: str
    state: str
    plan_id: str
    receipts: tuple[str, ...]
    messages: int
    last: str


class Report(NamedTuple):
    """The content of the report."""

    manager: str
    since: datetime
    board: model.Board
    tasks: list[TaskRow]
    plan_findings: list[str]
    messages: list[Entry]
    consensus: list[Entry]
    latency: dict[str, dict[str, Any]]


def gather(context: Context, manager: str, since: datetime) -> Report:
    """The report since a moment; plans are checked strictly."""
    snapshot = build.read(context)
    board = build.build(context, snapshot, model.View(reader=manager))
    context.skipped(context.history.problems())
    entries, _ = context.history.select(Query(since=since), None)
    entries = [entry for entry in entries if entry.at and clock.is_credible(entry.at, context.now)]
    checked = check.check_plans(context, storage.all_places(context.workspace), strict=True)
    return Report(
        manager,
        since,
        board,
        _task_rows(snapshot, entries),
        [str(finding.problem) for result in checked for finding in result.findings],
        _messages(entries),
        [entry for entry in entries if entry.source == MESSAGE and entry.kind in CONSENSUS_KINDS],
        _latencies(context),
    )


def _messages(entries: Iterable[Entry]) -> list[Entry]:
    """Each message once, in the thread it was posted to; its copies in inboxes are left out."""
    by_id: dict[str, Entry] = {}
    for entry in entries:
        if entry.source == MESSAGE:
            key = entry.record.id or f"{entry.task} {entry.record.ts} {entry.agent} {entry.record.summary}"
            if key not in by_id or by_id[key].task.startswith(ids.INBOX_PREFIX):
                by_id[key] = entry
    return list(by_id.values())


def _latencies(context: Context) -> dict[str, dict[str, Any]]:
    """The figures of every latency; {} outside git, which knows when a file was added."""
    try:
        figures: dict[str, dict[str, Any]] = measure(context).summary["latencies"]
    except SetupError:
        return {}
    return figures


def _task_rows(snapshot: model.Snapshot, entries: Sequence[Entry]) -> list[TaskRow]:
    """A row a task; tasks with a live claim first."""
    claims = {claim.task_id: claim for claim in snapshot.claims}
    assignments = {assignment.task_id: assignment for assignment in snapshot.assignments}
    live = {claim.task_id for claim in snapshot.live}
    by_task = _by_task(entries)
    tasks = {*live, *by_task, *filter(lambda task: _is_reserved(assignments[task], claims.get(task)), assignments)}
    ordered = sorted(tasks, key=lambda task: (task not in live, task))
    return [_task_row(task, claims.get(task), assignments.get(task), by_task.get(task, [])) for task in ordered]


def _by_task(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    by_task: dict[str, list[Entry]] = {}
    for entry in entries:
        if ids.is_task(entry.task) and not ids.is_thread_only(entry.task):
            by_task.setdefault(entry.task, []).append(entry)
    return by_task


def _is_reserved(assignment: Assignment, claim: Claim | None) -> bool:
    return bool(assigned_engineer(assignment, claim)) and not (claim and claim.state == "done")


def _task_row(task: str, claim: Claim | None, assignment: Assignment | None, entries: Sequence[Entry]) -> TaskRow:
    messages = [entry for entry in entries if entry.source == MESSAGE]
    receipts = tuple(dict.fromkeys(path for entry in entries for path in entry.record.receipts))
    last = messages[-1].record.summary if messages else ""
    if claim is not None:
        plan = claim.plan_id or (assignment.plan_id if assignment else "")
        return TaskRow(task, claim.agent_id, claim.state, plan, receipts, len(messages), last)
    if assignment is None:
        return TaskRow(task, "", "not claimed", "", receipts, len(messages), last)
    state = "assigned" if _is_reserved(assignment, None) else "not claimed"
    return TaskRow(task, assignment.engineer or "", state, assignment.plan_id, receipts, len(messages), last)


def markdown(report: Report, spell: Spell) -> str:
    """The report as Markdown; `spell` spells hints."""
    board = report.board
    head = (
        f"# Manager report\n\n**{verdict_line(board)}**\n\n"
        f"{clock.to_text(board.generated_at)} · {escape_markdown(report.manager)}"
        f" · since {clock.to_text(report.since)}\n\n{counts_line(board)}"
    )
    sections = [
        (f"Alerts ({len(board.alerts)})", alerts(board.alerts, board)),
        *([(f"Waiting ({len(board.reminders)})", reminders(board))] if board.reminders else []),
        (f"Tasks ({len(report.tasks)})", _tasks(report.tasks)),
        (f"Receipts cited since ({sum(len(row.receipts) for row in report.tasks)})", _receipts(report.tasks)),
        (f"Messages since ({len(report.messages)})", _said(report, spell)),
        (f"Plan validation ({len(report.plan_findings)} findings)", _findings(report.plan_findings, spell)),
        (f"Consensus ({consensus_counts(board)})", _consensus(report)),
        (f"Open Requests ({len(board.requests)})", requests(board)),
        ("Receipts' latency", _latency(report.latency)),
    ]
    return "\n\n".join([head, *(f"## {title}\n\n{body}" for title, body in sections)]) + "\n"


def _tasks(rows: Sequence[TaskRow]) -> str:
    cells = [
        (
            row.task_id,
            row.who or "-",
            row.state,
            row.plan_id or "-",
            len(row.receipts),
            row.messages,
            _brief(row.last),
        )
        for row in rows
    ]
    headings = ("task", "agent", "claim", "plan", "receipts", "messages", "last message")
    return markdown_table(headings, cells) if cells else "No current tasks, and no messages."


def _brief(text: str) -> str:
    return terminal.short(text, 70) or "-"


def _receipts(rows: Iterable[TaskRow]) -> str:
    lines = [f"- {escape_markdown(row.task_id)}: {code_span(path)}" for row in rows for path in row.receipts]
    return "\n".join(lines) or "None."


def _findings(rows: Sequence[str], spell: Spell) -> str:
    if not rows:
        return "Every plan is strictly valid."
    lines = [f"- {escape_markdown(row)}" for row in rows[:MOST_FINDINGS]]
    if len(rows) > MOST_FINDINGS:
        command = spell(hint.tool("planner.validate", "--strict"))
        lines.append(f"- … {len(rows) - MOST_FINDINGS} more: {code_span(command)}")
    return "\n".join(lines)


def _said(report: Report, spell: Spell) -> str:
    """The newest messages, the oldest of them first, and how to see those before."""
    lines = list(map(_message, report.messages[-MOST_MESSAGES:]))
    if len(report.messages) > MOST_MESSAGES:
        command = spell(hint.tool("agent.bus_watch", "--since", clock.to_text(report.since), "--limit", "1000"))
        lines.insert(0, f"- … {len(report.messages) - MOST_MESSAGES} before: {code_span(command)}")
    return "\n".join(lines) or "None."


def _message(entry: Entry) -> str:
    return (
        f"- {escape_markdown(entry.record.ts)} {escape_markdown(entry.agent)} in {escape_markdown(entry.task)}:"
        f" {escape_markdown(terminal.short(entry.record.summary, 200))}"
    )


def _consensus(report: Report) -> str:
    messages = list(map(_message, report.consensus))
    return "\n\n".join([decisions(report.board), "\n".join(messages) or "No messages since."])


def _latency(summary: dict[str, dict[str, Any]]) -> str:
    if not summary:
        return "Unknown without git."

    def cell(value: object) -> str:
        return "-" if value is None else clock.span(float(str(value))) if float(str(value)) >= 0 else f"{value}s"

    rows = [
        (
            name.replace("_", " "),
            figures.get("count", 0),
            *(cell(figures.get(key)) for key in ("min", "median", "p90", "max")),
        )
        for name, figures in summary.items()
    ]
    return markdown_table(("latency", "count", "min", "median", "p90", "max"), rows)


def as_document(report: Report) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "manager": report.manager,
        "since": clock.to_text(report.since),
        "board": build.as_document(report.board),
        "tasks": [row._asdict() for row in report.tasks],
        "messages": [_message_document(entry) for entry in report.messages],
        "plan_findings": report.plan_findings,
        "latency": report.latency,
    }


def _message_document(entry: Entry) -> dict[str, str]:
    record = entry.record
    return {"ts": record.ts, "from": entry.agent, "task_id": entry.task, "type": entry.kind, "summary": record.summary}
