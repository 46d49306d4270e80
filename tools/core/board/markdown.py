"""The board as Markdown that reads well raw and rendered; it begins with the verdict and the alerts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tools.core import clock
from tools.core.board.model import AlertRow, Board, DecisionRow, PlanRow
from tools.core.board.text import (
    age,
    ago,
    beat_text,
    counts_line,
    directive_state,
    evidence,
    never_seen,
    overdue,
    verdict_line,
    windows,
)
from tools.core.text import terminal
from tools.core.text.markdown import code_span, escape_markdown, markdown_table

SHOWN = 30
"""Rows of a section; live claims and alerts are never cut."""


def document(board: Board) -> str:
    """The whole board as Markdown."""
    sections = [
        (
            "",
            f"# Coordination dashboard\n\n**{verdict_line(board)}**\n\n{clock.to_text(board.generated_at)} · {counts_line(board)}",
        ),
        *(("", f"> {escape_markdown(note)}") for note in board.notes),
        (f"Alerts ({len(board.alerts)})", alerts(board.alerts, board)),
        *([(f"Waiting ({len(board.reminders)})", reminders(board))] if board.reminders else []),
        (f"Active Plans ({len(board.active_plans)})", _plans(board.active_plans, board)),
        (f"Claims ({len(board.claims)} live)", _claims(board)),
        (f"Unclaimed Plans ({len(board.unclaimed_plans)})", _plans(board.unclaimed_plans, board)),
        (f"Ready Queue ({len(board.ready)})", _ready(board)),
        (f"Open Requests ({len(board.requests)})", requests(board)),
        (f"Dirty Handoffs ({len(board.handoffs)})", _handoffs(board)),
        ("Heartbeats", _beats(board)),
        (f"Heartbeat automation in flight ({len(board.automation)})", _automation(board)),
        (f"Manager Directives ({len(board.directives) + board.older_directives})", _directives(board)),
        (f"Consensus ({consensus_counts(board)})", decisions(board)),
        (f"Findings ({len(board.findings)})", _bullets(board.findings)),
    ]
    return "\n\n".join(f"## {title}\n\n{body}" if title else body for title, body in sections) + "\n"


def _cut(rows: Sequence[object]) -> str:
    return f"\n\n… {len(rows) - SHOWN} more (--format json shows all)" if len(rows) > SHOWN else ""


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> str:
    cells = list(rows)
    return markdown_table(headings, cells) if cells else empty


def _bullets(rows: Sequence[str]) -> str:
    return ("\n".join(f"- {escape_markdown(row)}" for row in rows[:SHOWN]) or "None.") + _cut(rows)


def reminders(board: Board) -> str:
    """What waits without alarming, with the command that clears each."""
    return alerts(board.reminders[:SHOWN], board) + _cut(board.reminders)


def alerts(rows: Sequence[AlertRow], board: Board) -> str:
    """Each alert with its time, its agent, and the command that clears it."""

    def line(number: int, row: AlertRow) -> str:
        details = [f"since {ago(row.since, board)}" if row.since else never_seen(row), escape_markdown(row.agent_id)]
        text = escape_markdown(terminal.short(row.text, 300))
        command = f"→ {code_span(row.command)}" if row.command else ""
        lines = [text, " · ".join(part for part in details if part), command]
        return f"{number}. " + "  \n   ".join(line for line in lines if line)

    return "\n".join(line(number, row) for number, row in enumerate(rows, 1)) or "None."


def _plans(rows: Sequence[PlanRow], board: Board) -> str:
    cells = [
        (
            row.plan_id,
            row.status.replace("_", " "),
            row.actor or "-",
            age(row.created, board),
            f"{row.steps_done}/{row.steps}",
            evidence(row) or "-",
            ", ".join(row.holders) or "none",
            terminal.short(row.summary, 70),
        )
        for row in rows[:SHOWN]
    ]
    return _table(("plan", "status", "actor", "age", "steps", "evidence", "holders", "summary"), cells, "None.") + _cut(
        rows
    )


def _claims(board: Board) -> str:
    cells = [
        (
            row.task_id,
            row.agent_id,
            "idle" if row.idle else row.state,
            age(row.claimed_at, board),
            age(row.last_sign, board, "never"),
            row.branch or "-",
            row.plan_id or "-",
            ", ".join(row.paths) or "-",
        )
        for row in board.claims
    ]
    table = _table(("task", "holder", "state", "for", "last seen", "branch", "plan", "paths"), cells, "No live claims.")
    overlaps = "\n".join(
        f"- overlap: {escape_markdown(row.path)} ({escape_markdown(row.task_id)}, {escape_markdown(row.agent_id)})"
        f" and {escape_markdown(row.other_path)} ({escape_markdown(row.other_task_id)},"
        f" {escape_markdown(row.other_agent_id)})"
        for row in board.overlaps[:SHOWN]
    )
    finished = ", ".join(f"{count} {state}" for state, count in board.finished_claims.items()) or "none"
    return "\n\n".join(part for part in (table, overlaps, f"Finished: {finished}.") if part)


def _ready(board: Board) -> str:
    cells = [
        (row.task_id, row.priority, row.plan_id or "-", ", ".join(row.depends) or "-", terminal.short(row.title, 70))
        for row in board.ready[:SHOWN]
    ]
    rest = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in board.backlog.items() if state != "ready")
    table = _table(("task", "priority", "plan", "depends", "title"), cells, "Nothing is ready.") + _cut(board.ready)
    return f"{table}\n\nThe rest of the backlog: {rest or 'none'}."


def requests(board: Board) -> str:
    """The open requests as a table."""
    cells = [
        (
            age(row.at, board),
            row.kind,
            row.sender,
            row.to or "-",
            row.task_id,
            terminal.short(row.summary, 70),
            row.id or "-",
        )
        for row in board.requests[:SHOWN]
    ]
    headings = ("age", "kind", "from", "to", "thread", "summary", "--reply-to")
    return _table(headings, cells, "None.") + _cut(board.requests)


def _handoffs(board: Board) -> str:
    cells = [
        (row.owner, row.finder, row.branch or "-", row.changes, ago(row.captured_at, board), row.path)
        for row in board.handoffs[:SHOWN]
    ]
    return _table(("owner", "seen by", "branch", "changes", "since", "receipt"), cells, "None.") + _cut(board.handoffs)


def _beats(board: Board) -> str:
    cells = [
        (row.agent_id, row.role, row.state, ago(row.last_seen, board), beat_text(row) or "-")
        for row in (*board.managers, *board.agents)
    ]
    table = _table(("who", "role", "state", "last seen", "says"), cells, "No agents yet.")
    more = f"\n\n… {board.quiet_agents} more agents without live work" if board.quiet_agents else ""
    return f"{windows(board)}\n\n{table}{more}"


def _automation(board: Board) -> str:
    cells = [
        (row.plan_id, row.status.replace("_", " "), row.actor, terminal.short("; ".join(row.pending_steps), 120) or "-")
        for row in board.automation[:SHOWN]
    ]
    return _table(("plan", "status", "actor", "pending steps"), cells, "None.") + _cut(board.automation)


def _directives(board: Board) -> str:
    cells = [
        (ago(row.at, board, "-"), row.sender, row.task_id, directive_state(row), terminal.short(row.summary, 90))
        for row in board.directives
    ]
    older = f"\n\n… {board.older_directives} older (--messages shows more)" if board.older_directives else ""
    return _table(("when", "from", "thread", "state", "directive"), cells, "None.") + older


def _lateness(row: DecisionRow) -> str:
    return f"OVERDUE: {row.overdue}" if row.overdue else "-"


def consensus_counts(board: Board) -> str:
    """How many decisions are open, how many of them overdue, and how many decided."""
    late = len(overdue(board))
    return f"{len(board.decisions)} open, {f'{late} overdue, ' if late else ''}{board.decided} decided"


def decisions(board: Board) -> str:
    """The open decisions as a table."""
    cells = [
        (row.id, row.manager or "-", ago(row.at, board), row.plan_id or "-", row.receipts, _lateness(row))
        for row in board.decisions[:SHOWN]
    ]
    headings = ("decision", "manager", "last update", "plan", "receipts", "overdue")
    return _table(headings, cells, "None open.") + _cut(board.decisions)
