"""The board as compact text: the verdict, the alerts with their commands, and every section that is not empty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tools.core import clock
from tools.core.board.model import (
    GREEN,
    RED,
    AlertRow,
    BeatRow,
    Board,
    ClaimRow,
    DecisionRow,
    DirectiveRow,
    PlanRow,
    RequestRow,
)
from tools.core.board.verdict import verdict
from tools.core.text import terminal

SHOWN = 10
"""Reminders that are shown; alerts are never cut."""


def verdict_line(board: Board) -> str:
    """The board in one sentence."""
    if board.verdict == RED:
        return f"RED: {many(board.alerts, 'alert')}. Work through them from the top."
    return "GREEN: no alerts." if board.verdict == GREEN else f"AMBER: {verdict(board).sentence}."


def counts_line(board: Board) -> str:
    """The counts of the board in one line."""
    finished = ", ".join(f"{count} {state}" for state, count in board.finished_claims.items())
    parts = [
        f"{many(board.claims, 'live claim')}{f' ({finished})' if finished else ''}",
        many(board.ready, "ready task"),
        many(board.unclaimed_plans, "unclaimed plan"),
        many(board.requests, "open request"),
        many(board.handoffs, "dirty handoff"),
    ]
    if late := overdue(board):
        parts.append(many(late, "overdue decision"))
    return " · ".join(parts)


def overdue(board: Board) -> list[DecisionRow]:
    """The open decisions that are overdue."""
    return [row for row in board.decisions if row.overdue]


def many(rows: Sequence[object], noun: str) -> str:
    """A number of rows and their noun."""
    return terminal.number(len(rows), noun)


def ago(at: datetime | None, board: Board, never: str = "never") -> str:
    """A moment and its age."""
    return never if at is None else f"{clock.to_text(at)} ({age(at, board)})"


def age(at: datetime | None, board: Board, unknown: str = "-") -> str:
    """The age of a moment at the time of the board."""
    return unknown if at is None else clock.age(at, board.generated_at)


def windows(board: Board) -> str:
    """The windows of the heartbeats."""
    manager, agent = board.manager_window_minutes, board.agent_window_minutes
    shown = [f"{window:g} min" if window else "off" for window in (manager, agent)]
    return f"windows: managers {shown[0]}, agents {shown[1]}"


def beat_text(row: BeatRow) -> str:
    """The summary and the meta fields of a heartbeat."""
    meta = terminal.fields(sorted(row.meta.items()))
    return " ".join(
        part for part in (terminal.short(row.summary, 90), f"({terminal.short(meta, 90)})" if meta else "") if part
    )


def never_seen(row: AlertRow) -> str:
    """The words in place of a time for an agent that was never seen."""
    return "nothing was ever seen" if row.kind in ("manager_missing", "agent_idle") else ""


def evidence(row: PlanRow) -> str:
    """The verified, unverified and broken receipts of a plan."""
    return ", ".join(f"{count} {standing}" for standing, count in row.evidence.items())


def directive_state(row: DirectiveRow) -> str:
    """Open or answered, and whether the hub has a pointer."""
    return ("open" if row.open else "answered") + ("" if row.pointed else ", no pointer")


# -- the text ------------------------------------------------------------------------------------


def headline(board: Board) -> str:
    """The verdict, the alerts and what waits, with the command that clears each, and the counts."""
    lines = [verdict_line(board)]
    for number, row in enumerate(board.alerts, 1):
        lines += _alert_lines(number, row, board)
    if board.reminders:
        lines.append(f"waiting: {len(board.reminders)}")
    for number, row in enumerate(board.reminders[:SHOWN], len(board.alerts) + 1):
        lines += _alert_lines(number, row, board)
    if len(board.reminders) > SHOWN:
        lines.append(f"… {len(board.reminders) - SHOWN} more (--format json shows all)")
    return "\n".join(map(terminal.clean, [*lines, *board.notes, counts_line(board)]))


def _alert_lines(number: int, row: AlertRow, board: Board) -> list[str]:
    since = f"for {age(row.since, board)}" if row.since else never_seen(row)
    title = f" — {terminal.short(row.title, 70)}" if row.title else ""
    head = f"{number}. {terminal.short(row.text, 300)}{title}{f' ({since})' if since else ''}"
    return [head, f"   {row.command}"] if row.command else [head]


def compact(board: Board) -> str:
    """The board in few lines: every section that is not empty."""
    sections: list[tuple[str, list[str]]] = [
        ("active plans", [_plan_line(row) for row in board.active_plans]),
        ("claims", [_claim_line(row, board) for row in board.claims]),
        ("overlaps", [f"{row.task_id} {row.path} / {row.other_task_id} {row.other_path}" for row in board.overlaps]),
        ("unclaimed plans", [f"{row.plan_id} {row.status} ({row.actor})" for row in board.unclaimed_plans]),
        ("ready", [f"{row.task_id} {row.priority}: {terminal.short(row.title, 80)}" for row in board.ready]),
        ("open requests", [_request_line(row, board) for row in board.requests]),
        ("dirty handoffs", [f"{row.owner} on {row.branch or '-'}, seen by {row.finder}" for row in board.handoffs]),
        (f"managers ({windows(board)})", [_beat_line(row, board) for row in board.managers]),
        ("heartbeat automation in flight", [f"{row.plan_id} ({row.actor})" for row in board.automation]),
        (
            "directives",
            [f"{row.task_id} {directive_state(row)}: {terminal.short(row.summary, 80)}" for row in board.directives],
        ),
        ("decisions", [f"{row.id}{f' OVERDUE: {row.overdue}' if row.overdue else ''}" for row in board.decisions]),
        ("findings", board.findings),
    ]
    lines = [headline(board)]
    for title, rows in sections:
        lines += _section(title, rows, len(rows) if title == "claims" else 10)
    return "\n".join(lines)


def _section(title: str, rows: Sequence[str], limit: int) -> list[str]:
    if not rows:
        return []
    more = [f"  … {len(rows) - limit} more"] if len(rows) > limit else []
    return [f"{title}: {len(rows)}", *(f"  {terminal.clean(row)}" for row in rows[:limit]), *more]


def _plan_line(row: PlanRow) -> str:
    holders = ", ".join(row.holders) or "none"
    receipts = f"; evidence: {evidence(row)}" if row.evidence else ""
    return f"{row.plan_id} {row.status} {row.steps_done}/{row.steps} ({row.actor}; holders: {holders}{receipts})"


def _task_text(task: str, title: str) -> str:
    return f"{task} ({terminal.short(title, 50)})" if title else task


def _claim_line(row: ClaimRow, board: Board) -> str:
    state = "IDLE" if row.idle else row.state
    held_for, last_seen = age(row.claimed_at, board), age(row.last_sign, board, "never")
    return f"{_task_text(row.task_id, row.title)} {row.agent_id} {state} for {held_for}, last seen {last_seen}"


def _request_line(row: RequestRow, board: Board) -> str:
    to = f" to {row.to}" if row.to else ""
    return f"{row.kind} from {row.sender}{to} in {_task_text(row.task_id, row.title)}, {age(row.at, board)}: {terminal.short(row.summary, 80)}"


def _beat_line(row: BeatRow, board: Board) -> str:
    return f"{row.agent_id} {row.state}, last seen {ago(row.last_seen, board)} {beat_text(row)}".rstrip()
