"""The board for people: Markdown that reads well raw and rendered, and a compact text.

Both begin with the verdict and what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from tools.core import clock
from tools.core.board.model import AlertRow, BeatRow, Board, ClaimRow, DecisionRow, DirectiveRow, PlanRow, RequestRow
from tools.core.text import terminal
from tools.core.text.markdown import code_span, escape_markdown, markdown_table

SHOWN = 30
"""Rows of a section of the Markdown; live claims and alerts are never cut."""


def verdict(board: Board) -> str:
    """The board in one sentence."""
    if board.alerts:
        many = len(board.alerts)
        return f"RED: {many} {'alert' if many == 1 else 'alerts'}. Work them off from the top."
    if late := _overdue(board):
        return f"GREEN: no alerts, but {_many(late, 'overdue decision')}."
    return "GREEN: nothing needs anybody."


def counts(board: Board) -> str:
    """What there is, in one line."""
    finished = ", ".join(f"{count} {state}" for state, count in board.finished_claims.items())
    parts = [
        f"{_many(board.claims, 'live claim')}{f' ({finished})' if finished else ''}",
        _many(board.ready, "ready task"),
        _many(board.unclaimed_plans, "unclaimed plan"),
        _many(board.requests, "open request"),
        _many(board.handoffs, "dirty handoff"),
    ]
    if late := _overdue(board):
        parts.append(_many(late, "overdue decision"))
    return " · ".join(parts)


def _many(rows: Sequence[object], what: str) -> str:
    return f"{len(rows)} {what}{'' if len(rows) == 1 else 's'}"


def _ago(at: datetime | None, board: Board, never: str = "never") -> str:
    return never if at is None else f"{clock.to_text(at)} ({_age(at, board)})"


def _age(at: datetime | None, board: Board, unknown: str = "-") -> str:
    return unknown if at is None else clock.age(at, board.generated_at)


def _windows(board: Board) -> str:
    manager, agent = board.manager_window_minutes, board.agent_window_minutes
    shown = [f"{window:g} min" if window else "off" for window in (manager, agent)]
    return f"windows: managers {shown[0]}, agents {shown[1]}"


def _words(row: BeatRow) -> str:
    meta = terminal.fields(sorted(row.meta.items()))
    return " ".join(
        part for part in (terminal.short(row.summary, 90), f"({terminal.short(meta, 90)})" if meta else "") if part
    )


# -- Markdown ------------------------------------------------------------------------------------


def markdown(board: Board) -> str:
    """The whole board as Markdown."""
    sections = [
        (
            "",
            f"# Coordination dashboard\n\n**{verdict(board)}**\n\n{clock.to_text(board.generated_at)} · {counts(board)}",
        ),
        *(("", f"> {escape_markdown(note)}") for note in board.notes),
        (f"Alerts ({len(board.alerts)})", alerts(board)),
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
    every = list(rows)
    return markdown_table(headings, every) if every else empty


def _bullets(rows: Sequence[str]) -> str:
    return ("\n".join(f"- {escape_markdown(row)}" for row in rows[:SHOWN]) or "None.") + _cut(rows)


def alerts(board: Board) -> str:
    """Each alert with since when, who, and the command that clears it."""

    def line(number: int, row: AlertRow) -> str:
        about = [f"since {_ago(row.since, board)}" if row.since else _never(row), escape_markdown(row.agent_id)]
        text = escape_markdown(terminal.short(row.text, 300))
        lines = [text, " · ".join(part for part in about if part), f"→ {code_span(row.command)}"]
        return f"{number}. " + "  \n   ".join(line for line in lines if line)

    return "\n".join(line(number, row) for number, row in enumerate(board.alerts, 1)) or "None."


def _never(row: AlertRow) -> str:
    return "nothing was ever seen" if row.kind in ("manager_missing", "agent_idle") else ""


def _plans(rows: Sequence[PlanRow], board: Board) -> str:
    cells = [
        (
            row.plan_id,
            row.status.replace("_", " "),
            row.actor or "-",
            _age(row.created, board),
            f"{row.steps_done}/{row.steps}",
            _worth(row) or "-",
            ", ".join(row.holders) or "nobody",
            terminal.short(row.summary, 70),
        )
        for row in rows[:SHOWN]
    ]
    return _table(("plan", "status", "actor", "age", "steps", "evidence", "held by", "summary"), cells, "None.") + _cut(
        rows
    )


def _worth(row: PlanRow) -> str:
    return ", ".join(f"{count} {standing}" for standing, count in row.evidence.items())


def _claims(board: Board) -> str:
    cells = [
        (
            row.task_id,
            row.agent_id,
            "idle" if row.idle else row.state,
            _age(row.claimed_at, board),
            _age(row.last_sign, board, "never"),
            row.branch or "-",
            row.plan_id or "-",
            ", ".join(row.paths) or "-",
        )
        for row in board.claims
    ]
    table = _table(
        ("task", "holder", "state", "for", "last sign", "branch", "plan", "paths"), cells, "Nobody holds anything."
    )
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
    others = ", ".join(
        f"{count} {state.replace('_', ' ')}" for state, count in board.backlog.items() if state != "ready"
    )
    table = _table(("task", "priority", "plan", "depends", "title"), cells, "Nothing is ready.") + _cut(board.ready)
    return f"{table}\n\nThe rest of the backlog: {others or 'none'}."


def requests(board: Board) -> str:
    """The open requests as a table."""
    cells = [
        (
            _age(row.at, board),
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
        (row.owner, row.finder, row.branch or "-", row.changes, _ago(row.captured_at, board), row.path)
        for row in board.handoffs[:SHOWN]
    ]
    return _table(("owner", "found by", "branch", "changes", "since", "receipt"), cells, "None.") + _cut(board.handoffs)


def _beats(board: Board) -> str:
    cells = [
        (row.agent_id, row.role, row.state, _ago(row.last_seen, board), _words(row) or "-")
        for row in (*board.managers, *board.agents)
    ]
    table = _table(("who", "role", "state", "last seen", "says"), cells, "Nobody has been seen.")
    more = f"\n\n… {board.quiet_agents} more agents without live work" if board.quiet_agents else ""
    return f"{_windows(board)}\n\n{table}{more}"


def _automation(board: Board) -> str:
    cells = [
        (row.plan_id, row.status.replace("_", " "), row.actor, terminal.short("; ".join(row.pending_steps), 120) or "-")
        for row in board.automation[:SHOWN]
    ]
    return _table(("plan", "status", "actor", "pending steps"), cells, "None.") + _cut(board.automation)


def _directive_state(row: DirectiveRow) -> str:
    return ("open" if row.open else "answered") + ("" if row.pointed else ", no pointer")


def _directives(board: Board) -> str:
    cells = [
        (_ago(row.at, board, "-"), row.sender, row.task_id, _directive_state(row), terminal.short(row.summary, 90))
        for row in board.directives
    ]
    older = f"\n\n… {board.older_directives} older (--messages shows more)" if board.older_directives else ""
    return _table(("when", "from", "thread", "state", "directive"), cells, "None.") + older


def _overdue(board: Board) -> list[DecisionRow]:
    return [row for row in board.decisions if row.overdue]


def _lateness(row: DecisionRow) -> str:
    return f"OVERDUE: {row.overdue}" if row.overdue else "-"


def consensus_counts(board: Board) -> str:
    """How many decisions are open, how many of them overdue, and how many decided."""
    late = len(_overdue(board))
    return f"{len(board.decisions)} open, {f'{late} overdue, ' if late else ''}{board.decided} decided"


def decisions(board: Board) -> str:
    """The open decisions as a table."""
    cells = [
        (row.id, row.manager or "-", _ago(row.at, board), row.plan_id or "-", row.receipts, _lateness(row))
        for row in board.decisions[:SHOWN]
    ]
    headings = ("decision", "manager", "last update", "plan", "receipts", "overdue")
    return _table(headings, cells, "None open.") + _cut(board.decisions)


# -- compact text --------------------------------------------------------------------------------


def headline(board: Board) -> str:
    """The verdict, the alerts with what clears each, and the counts."""
    lines = [verdict(board)]
    for number, row in enumerate(board.alerts, 1):
        since = f"for {_age(row.since, board)}" if row.since else _never(row)
        title = f" — {terminal.short(row.title, 70)}" if row.title else ""
        lines.append(f"{number}. {row.text}{title}{f' ({since})' if since else ''}")
        lines.append(f"   {row.command}")
    return "\n".join(map(terminal.clean, [*lines, *board.notes, counts(board)]))


def compact(board: Board) -> str:
    """The board in few lines: every section that has something to say."""
    sections: list[tuple[str, list[str]]] = [
        ("active plans", [_plan_line(row) for row in board.active_plans]),
        ("claims", [_claim_line(row, board) for row in board.claims]),
        ("overlaps", [f"{row.task_id} {row.path} / {row.other_task_id} {row.other_path}" for row in board.overlaps]),
        ("unclaimed plans", [f"{row.plan_id} {row.status} ({row.actor})" for row in board.unclaimed_plans]),
        ("ready", [f"{row.task_id} {row.priority}: {terminal.short(row.title, 80)}" for row in board.ready]),
        ("open requests", [_request_line(row, board) for row in board.requests]),
        ("dirty handoffs", [f"{row.owner} on {row.branch or '-'}, found by {row.finder}" for row in board.handoffs]),
        (f"managers ({_windows(board)})", [_beat_line(row, board) for row in board.managers]),
        ("heartbeat automation in flight", [f"{row.plan_id} ({row.actor})" for row in board.automation]),
        (
            "directives",
            [f"{row.task_id} {_directive_state(row)}: {terminal.short(row.summary, 80)}" for row in board.directives],
        ),
        ("decisions", [f"{row.id}{f' OVERDUE: {row.overdue}' if row.overdue else ''}" for row in board.decisions]),
        ("findings", board.findings),
    ]
    lines = [headline(board)]
    for title, rows in sections:
        whole = title == "claims"
        lines += _section(title, rows, len(rows) if whole else 10)
    return "\n".join(lines)


def _section(title: str, rows: Sequence[str], limit: int) -> list[str]:
    if not rows:
        return []
    more = [f"  … {len(rows) - limit} more"] if len(rows) > limit else []
    return [f"{title}: {len(rows)}", *(f"  {terminal.clean(row)}" for row in rows[:limit]), *more]


def _plan_line(row: PlanRow) -> str:
    held = ", ".join(row.holders) or "nobody"
    evidence = f"; evidence: {_worth(row)}" if row.evidence else ""
    return f"{row.plan_id} {row.status} {row.steps_done}/{row.steps} ({row.actor}; held by {held}{evidence})"


def _named(task: str, title: str) -> str:
    return f"{task} ({terminal.short(title, 50)})" if title else task


def _claim_line(row: ClaimRow, board: Board) -> str:
    state = "IDLE" if row.idle else row.state
    held, seen = _age(row.claimed_at, board), _age(row.last_sign, board, "never")
    return f"{_named(row.task_id, row.title)} {row.agent_id} {state} for {held}, last sign {seen}"


def _request_line(row: RequestRow, board: Board) -> str:
    to = f" to {row.to}" if row.to else ""
    return f"{row.kind} from {row.sender}{to} in {_named(row.task_id, row.title)}, {_age(row.at, board)}: {terminal.short(row.summary, 80)}"


def _beat_line(row: BeatRow, board: Board) -> str:
    return f"{row.agent_id} {row.state}, last seen {_ago(row.last_seen, board)} {_words(row)}".rstrip()
