"""The rows of each view of the board."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tools.core import hint
from tools.core.board.alerts import assign
from tools.core.board.lanes.lane import Lane
from tools.core.board.model import AlertRow, ClaimRow, PlanRow, RequestRow
from tools.core.board.page.names import open_plans
from tools.core.board.page.words import edge, kind
from tools.core.board.view import BoardView, RecordRow
from tools.core.terminal import strips
from tools.core.terminal.rows import AMBER, BLANK, BLUE, BOLD, DIM, PLAIN, RED, Cell, Row, Size, ago, line, words
from tools.core.terminal.width import cut

VIEWS = ("Needs", "Waiting", "Agents", "Work", "Log")
_KINDS = {
    "manager_stale": "manager away",
    "manager_missing": "no manager",
    "manager_away": "signed off",
    "agent_idle": "silent",
    "request_waiting": "no answer",
    "dirty_handoff": "uncommitted",
    "plan_unclaimed": "no holder",
    "evidence_broken": "evidence",
    "hold": "on hold",
    "overlap": "same files",
    "holder_away": "signed off",
    "assignment_waiting": "not started",
    "agents_idle": "free agents",
    "decision_overdue": "decision",
    "unproven": "no evidence",
    "bus_unsent": "not sent",
}
_FEW = 6
"""Requests for the reader on the first view; where there is one more it is shown as well."""


def rows(view: BoardView, name: str, size: Size) -> list[Row]:
    """The rows of a view."""
    made = {"Needs": _needs, "Waiting": _waiting, "Agents": _agents, "Work": _work, "Log": _log}[name]
    return list(made(view, size))


def counts(view: BoardView) -> dict[str, int | None]:
    """How much there is in each view; the log has no number."""
    board = view.board
    numbers = (len(board.alerts), len(board.requests), len(view.lanes), len(board.claims), None)
    return dict(zip(VIEWS, numbers, strict=True))


def _needs(view: BoardView, size: Size) -> Iterator[Row]:
    yield from (_alert(row, view, size) for row in view.board.alerts)
    if not view.board.alerts:
        yield words(" Nothing alarms.", DIM)
    yield from (_alert(row, view, size) for row in view.other_reminders)
    if view.for_reader:
        yield BLANK
        yield from _for_reader(view, size)
    if size.is_wide and view.lanes:
        yield BLANK
        yield Row(
            line(Cell(" WHO IS AT WHAT", 28, BOLD), Cell(strips.scale(view.board.generated_at), strips.COLUMNS, DIM))
        )
        yield from _lanes(view, size, is_wide=True)


def _alert(row: AlertRow, view: BoardView, size: Size) -> Row:
    word = _KINDS.get(row.kind, kind(row.kind).lower())
    text = _sentence(row)
    age = ago(row.since, view.board.generated_at) if row.since else ""
    colour = RED if edge(row.kind) == "red" else AMBER
    cells = (Cell(word, 13, colour), Cell(text, size.columns - 22), Cell(age, 7, BOLD, is_right=True), Cell("", 1))
    request = next((request for request in view.board.requests if request.id and request.id == row.record_id), None)
    key = f"alert {row.kind} {row.agent_id} {row.task_id} {row.plan_id} {row.record_id} {row.command}"
    return Row(line(Cell("", 1), *cells), key, row.command, row.task_id, request, whole=text)


def _sentence(row: AlertRow) -> str:
    """What an alert says in one line: of a plan its summary, for its id says less and is longer."""
    if row.kind in ("plan_unclaimed", "evidence_broken") and row.title:
        return f"{row.title} (last {row.agent_id})" if row.kind == "plan_unclaimed" else f"{row.title}: {row.text}"
    return f"{row.text} · {row.title}" if row.title else row.text


def _for_reader(view: BoardView, size: Size) -> Iterator[Row]:
    waiting, others = view.for_reader, len(view.between_others)
    verb = "waits" if len(waiting) == 1 else "wait"
    yield Row(((f" FOR {view.reader or 'anybody'}", BOLD), (f"  {len(waiting)} {verb} for an answer", DIM)))
    shown = waiting if len(waiting) <= _FEW + 1 else waiting[:_FEW]
    yield from (_request(row, view.board.generated_at, size) for row in shown)
    rest = [f"{len(waiting) - len(shown)} more"] if len(waiting) > len(shown) else []
    rest += [f"{others} between others: 2"] if others else []
    if rest:
        yield words(f"  … {', and '.join(rest)}", DIM)


def _request(row: RequestRow, now: datetime, size: Size, *, with_target: bool = False) -> Row:
    who = f"{row.sender} → {row.to or 'anybody'}" if with_target else row.sender
    names, thread = (26 if with_target else 11), 16
    cells = (
        Cell("", 2),
        Cell(who, names),
        Cell(row.task_id, thread, DIM),
        Cell(row.summary, size.columns - names - thread - 10),
        Cell(ago(row.at, now), 7, BOLD, is_right=True),
        Cell("", 1),
    )
    key = f"request {row.id} {row.task_id} {row.at} {row.sender}"
    return Row(line(*cells), key, row.command, row.task_id, row, whole=row.summary)


def _waiting(view: BoardView, size: Size) -> Iterator[Row]:
    groups: Sequence[tuple[str, list[RequestRow]]] = (
        (f"For {view.reader or 'anybody'}", view.for_reader),
        ("Between others", view.between_others),
        ("Directives without an answer", view.unanswered_directives),
    )
    for heading, requests in groups:
        if requests:
            yield words(f" {heading}  {len(requests)}", BOLD)
            now = view.board.generated_at
            yield from (_request(row, now, size, with_target=size.columns >= 100) for row in requests)
    if not view.board.requests:
        yield words(" Every question has an answer.", DIM)


def _agents(view: BoardView, size: Size) -> Iterator[Row]:
    now, is_wide = view.board.generated_at, size.columns >= 110
    head = (12, 8, 6, 2) if is_wide else (12, 11, 5, 2)
    names = line(Cell(" who", head[0], DIM), Cell("state", head[1], DIM), Cell("seen", head[2], DIM, is_right=True))
    yield Row((*names, *line(Cell("", head[3]), _newest(strips.scale(now), size, DIM))))
    yield from _lanes(view, size, is_wide=is_wide)
    if view.seats_without_lane:
        yield words(f"  … {view.seats_without_lane} more; what they hold is in view 4", DIM)


def _lanes(view: BoardView, size: Size, *, is_wide: bool) -> Iterator[Row]:
    now = view.board.generated_at
    most = strips.busiest(view.lanes, now)
    titles = {row.task_id: row.title for row in view.board.claims}
    for lane in view.lanes:
        held = [row.task_id for row in lane.charts[0].held if not row.ending]
        tasks = ", ".join(f"{task} {titles.get(task, '')}".rstrip() for task in held)
        signs = _newest(strips.strip(lane, now, most, plain=size.plain), size, BLUE)
        row = Row(
            _lane(lane, view, signs, held, size if is_wide else None),
            f"lane {lane.agent_id}",
            _command(lane, view),
            "".join(held[:1]),
        )
        if is_wide:
            yield row._replace(
                spans=(*row.spans, *line(Cell("", 2), Cell(tasks or "–", size.columns - 79), Cell("", 1)))
            )
        else:
            yield row
            yield Row(((" " * 13 + cut(tasks or "holds nothing", size.columns - 14), PLAIN),), follows=True)


def _newest(strip: str, size: Size, style: str) -> Cell:
    """A strip, or its newest end where the screen is narrow."""
    columns = min(strips.COLUMNS, size.columns - 30)
    return Cell(strip[-columns:], columns, style)


def _lane(lane: Lane, view: BoardView, signs: Cell, held: list[str], wide: Size | None) -> tuple[tuple[str, str], ...]:
    state = lane.state.upper() if lane.is_alarming else lane.state
    style = RED if lane.is_alarming else BLUE if held else DIM
    seen = ago(lane.last_seen, view.board.generated_at)
    name, word, age = (10, 8, 6) if wide else (11, 11, 5)
    cells = (Cell("", 2 if wide else 1), Cell(lane.agent_id, name, BOLD), Cell(state, word, style))
    return line(*cells, Cell(seen, age, DIM, is_right=True), Cell("", 2), signs)


def _command(lane: Lane, view: BoardView) -> str:
    alert = next((row for row in view.board.alerts if row.agent_id == lane.agent_id and row.command), None)
    return alert.command if alert else view.spell(hint.tool("agent.bus_watch", "--agent", lane.agent_id))


def _work(view: BoardView, size: Size) -> Iterator[Row]:
    board, plans = view.board, open_plans(view)
    yield words(f" Held now  {len(board.claims)}", BOLD)
    yield from (_claim(row, view, size) for row in board.claims)
    yield from (BLANK, words(f" Plans in hand  {len(plans)}", BOLD))
    yield from (_plan(row, view, size) for row in plans)
    yield from (BLANK, words(f" Ready to take  {len(board.ready)}", BOLD))
    for task in board.ready:
        style = BOLD if task.priority == "high" else DIM
        cells = (
            Cell(task.task_id, 15),
            Cell(task.title, size.columns - 27),
            Cell(task.priority, 8, style, is_right=True),
        )
        yield Row(
            line(Cell("", 2), *cells, Cell("", 2)),
            f"ready {task.task_id}",
            view.spell(assign(task.task_id)),
            task.task_id,
            whole=task.title,
        )


def _claim(row: ClaimRow, view: BoardView, size: Size) -> Row:
    state, style = ("SILENT", RED) if row.idle else (row.state, AMBER if row.state == "paused" else BLUE)
    cells = (
        Cell("", 2),
        Cell(row.task_id, 15),
        Cell(row.agent_id, 12),
        Cell(state, 9, style),
        Cell(row.title, size.columns - 47),
        Cell(ago(row.claimed_at, view.board.generated_at), 8, BOLD, is_right=True),
        Cell("", 1),
    )
    command = view.spell(hint.tool("agent.bus_claim", "show", "--task", row.task_id))
    return Row(line(*cells), f"claim {row.task_id}", command, row.task_id, whole=row.title)


def _plan(row: PlanRow, view: BoardView, size: Size) -> Row:
    broken = row.evidence.get("broken", 0)
    note = f"{broken} broken" if broken else ", ".join(row.holders) or "no holder"
    cells = (
        Cell("", 2),
        Cell(row.summary or row.plan_id, size.columns - 45),
        Cell("", 1),
        Cell(f"{row.steps_done} of {row.steps}", 9, DIM),
        Cell(note, 24, AMBER if broken or not row.holders else PLAIN),
        Cell(ago(row.created, view.board.generated_at), 8, BOLD, is_right=True),
        Cell("", 1),
    )
    command = view.spell(hint.tool("planner.cli", "show", row.plan_id))
    return Row(line(*cells), f"plan {row.plan_id}", command, whole=f"{row.plan_id} {row.summary}")


def _log(view: BoardView, size: Size) -> Iterator[Row]:
    yield from (_record(row, number, view, size) for number, row in enumerate(view.log))


def _record(row: RecordRow, number: int, view: BoardView, size: Size) -> Row:
    when = f"{row.at:%m-%d %H:%M}" if row.at else "–"
    cells = (
        Cell("", 1),
        Cell(when, 13, DIM),
        Cell(row.agent_id, 12, BOLD),
        Cell(row.kind, 11, DIM),
        Cell(row.task_id, 16, DIM),
        Cell(row.summary, size.columns - 53),
    )
    about = ("--task", row.task_id) if row.task_id else ()
    command = view.spell(hint.tool("agent.bus_watch", *about))
    return Row(
        line(*cells),
        f"record {row.id or number}",
        command,
        row.task_id,
        whole=row.summary,
    )
