"""What `manager_report` says: the board's verdict, each task in hand, what plans owe, how fast evidence comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tools.core import clock, hint, ids
from tools.core.board import model as board_rows
from tools.core.board import render_text as board_text
from tools.core.board import snapshot as board
from tools.core.bus.claim_rules import assigned_engineer
from tools.core.context import Context, Spell
from tools.core.errors import SetupError
from tools.core.models.entry import MESSAGE, Entry, Query
from tools.core.plans import check, storage
from tools.core.reports import latency as latencies
from tools.core.text import terminal
from tools.core.text.markdown import code_span, escape_markdown, markdown_table
from tools.core.workspace import Workspace

CONSENSUS_KINDS = ("consensus", "summary", "vote")
MOST_FINDINGS = 50


class TaskRow(NamedTuple):
    """One task in hand, or talked about since."""

    task_id: str
    who: str
    state: str
    plan_id: str
    receipts: tuple[str, ...]
    messages: int
    last: str


class Report(NamedTuple):
    """Everything the report says."""

    manager: str
    since: datetime
    board: board_rows.Board
    tasks: list[TaskRow]
    plan_findings: list[str]
    consensus: list[Entry]
    latency: dict[str, dict[str, Any]]


def gather(context: Context, manager: str, since: datetime) -> Report:
    """Reads what the report needs; plans are held to their strict rules."""
    snapshot = board.read(context)
    shown = board.told(context, snapshot, board_rows.View())
    context.skipped(context.history.problems())
    entries, _ = context.history.select(Query(since=since), None)
    checked = check.check_plans(context.workspace, storage.all_places(context.workspace), strict=True)
    return Report(
        manager,
        since,
        shown,
        _task_rows(snapshot, [entry for entry in entries if entry.at and clock.is_credible(entry.at, context.now)]),
        [str(finding.problem) for result in checked for finding in result.findings],
        [entry for entry in entries if entry.source == MESSAGE and entry.kind in CONSENSUS_KINDS],
        _latencies(context.workspace),
    )


def _latencies(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """The figures of every latency; {} outside git, where nothing says when a file came."""
    try:
        found: dict[str, dict[str, Any]] = latencies.measure(workspace).summary["latencies"]
    except SetupError:
        return {}
    return found


def _task_rows(seen: board_rows.Snapshot, entries: Sequence[Entry]) -> list[TaskRow]:
    claims = {claim.task_id: claim for claim in seen.claims}
    given = {assignment.task_id: assignment for assignment in seen.assignments}
    live = {claim.task_id for claim in seen.live}
    reserved = {
        task for task in given if assigned_engineer(given[task], claims.get(task)) and not _done(claims.get(task))
    }
    about: dict[str, list[Entry]] = {}
    for entry in entries:
        if ids.is_task(entry.task) and not ids.is_thread_only(entry.task):
            about.setdefault(entry.task, []).append(entry)
    rows = []
    for task in sorted({*live, *reserved, *about}, key=lambda task: (task not in live, task)):
        claim, assignment, said = claims.get(task), given.get(task), about.get(task, [])
        messages = [entry for entry in said if entry.source == MESSAGE]
        who = claim.agent_id if claim else (assignment.engineer or "" if assignment else "")
        state = claim.state if claim else "assigned" if task in reserved else "not claimed"
        plan = (claim.plan_id if claim else "") or (assignment.plan_id if assignment else "")
        cited = tuple(dict.fromkeys(path for entry in said for path in entry.record.receipts))
        last = messages[-1].record.summary if messages else ""
        rows.append(TaskRow(task, who, state, plan, cited, len(messages), last))
    return rows


def _done(claim: Any) -> bool:
    return claim is not None and claim.state == "done"


def markdown(found: Report, spell: Spell) -> str:
    """The report as Markdown; `spell` spells hints."""
    shown = found.board
    head = (
        f"# Manager report\n\n**{board_text.verdict(shown)}**\n\n"
        f"{clock.to_text(shown.generated_at)} · {escape_markdown(found.manager)}"
        f" · since {clock.to_text(found.since)}\n\n{board_text.counts(shown)}"
    )
    sections = [
        (f"Alerts ({len(shown.alerts)})", board_text.alerts(shown)),
        (f"Tasks ({len(found.tasks)})", _tasks(found.tasks)),
        (f"Receipts cited since ({sum(len(row.receipts) for row in found.tasks)})", _receipts(found.tasks)),
        (f"Plan validation ({len(found.plan_findings)} findings)", _findings(found.plan_findings, spell)),
        (f"Consensus ({board_text.consensus_counts(shown)})", _consensus(found)),
        (f"Open Requests ({len(shown.requests)})", board_text.requests(shown)),
        ("Receipts' latency", _latency(found.latency)),
    ]
    return "\n\n".join([head, *(f"## {title}\n\n{body}" for title, body in sections)]) + "\n"


def _tasks(rows: Sequence[TaskRow]) -> str:
    cells = [
        (row.task_id, row.who or "-", row.state, row.plan_id or "-", len(row.receipts), row.messages, _brief(row.last))
        for row in rows
    ]
    headings = ("task", "who", "claim", "plan", "receipts", "messages", "last message")
    return markdown_table(headings, cells) if cells else "Nothing is in hand, and nothing was said."


def _brief(text: str) -> str:
    return terminal.short(text, 70) or "-"


def _receipts(rows: Iterable[TaskRow]) -> str:
    lines = [f"- {escape_markdown(row.task_id)}: {code_span(path)}" for row in rows for path in row.receipts]
    return "\n".join(lines) or "None."


def _findings(rows: Sequence[str], spell: Spell) -> str:
    if not rows:
        return "Every plan keeps the strict rules."
    lines = [f"- {escape_markdown(row)}" for row in rows[:MOST_FINDINGS]]
    if len(rows) > MOST_FINDINGS:
        command = spell(hint.tool("planner.validate", "--strict"))
        lines.append(f"- … {len(rows) - MOST_FINDINGS} more: {code_span(command)}")
    return "\n".join(lines)


def _consensus(found: Report) -> str:
    said = [
        f"- {escape_markdown(entry.record.ts)} {escape_markdown(entry.agent)} in {escape_markdown(entry.task)}:"
        f" {escape_markdown(terminal.short(entry.record.summary, 200))}"
        for entry in found.consensus
    ]
    return "\n\n".join([board_text.decisions(found.board), "\n".join(said) or "Nothing was said since."])


def _latency(summary: dict[str, dict[str, Any]]) -> str:
    if not summary:
        return "Unknown: git could not say when files came."

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


def as_document(found: Report) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "manager": found.manager,
        "since": clock.to_text(found.since),
        "board": board.as_document(found.board),
        "tasks": [row._asdict() for row in found.tasks],
        "plan_findings": found.plan_findings,
        "latency": found.latency,
    }
