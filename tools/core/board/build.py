"""The manager's board, built once: the documents, the answers of the history, and the rows of both.

A board costs the same however long the history is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tools.core import versions
from tools.core.backlog import states
from tools.core.backlog.items import all_items, dependencies_too, unknown_dependencies
from tools.core.board import rows
from tools.core.board.alerts import Signals
from tools.core.board.answers import Answers, ask, missing_pointers
from tools.core.board.model import Board, Snapshot, View
from tools.core.board.reminders import Waiting
from tools.core.board.verdict import Judgement, judge
from tools.core.bus import claim_documents
from tools.core.consensus import decisions
from tools.core.context import Context, Spell
from tools.core.fs import files
from tools.core.hint import Note
from tools.core.models import schema
from tools.core.models.entry import Entry, in_turn
from tools.core.plans.storage import all_plans
from tools.core.seats import seat
from tools.core.sync import unsent

_NO_MANAGER = "no manager: no session was booted as one here, and no assignment names one"


_ALL = 1 << 31
_FEW = 10
"""Requests that every view shows all of."""
_FINISHED = 50
"""Finished claims, the newest, that a board without a look back needs; of all others it shows the number."""


def read(context: Context, *, with_all_finished: bool = False) -> Snapshot:
    """The documents of the bus, the backlog and the plans, read once; finished claims are only few of many."""
    items, item_problems = all_items(context.workspace)
    plans, plan_problems = all_plans(context.workspace)
    newest = _ALL if with_all_finished else _FINISHED
    documents = claim_documents.live(context.store, dependencies_too(items), newest)
    claims, assignments = documents.claims, documents.assignments
    unknown = unknown_dependencies(items, [claim.task_id for claim in claims])
    return Snapshot(
        context.now,
        claims,
        [claim for claim in claims if claim.is_live],
        documents.finished,
        assignments,
        items,
        plans,
        seat.all_manifests(context.workspace),
        states.tasks_of(items, claims, assignments, documents.unreadable),
        states.holders_of_plans(plans, claims, items),
        {item.path: item.task_id for item in items},
        [*documents.problems, *item_problems, *unknown, *plan_problems],
    )


def take(context: Context, view: View) -> Board:
    """The board as of now."""
    return build(context, read(context), view)


def build(context: Context, snapshot: Snapshot, view: View) -> Board:
    """The board of a snapshot."""
    answers = ask(context, snapshot, view)
    unclaimed = [plan for plan in snapshot.plans if states.is_unclaimed(plan, snapshot.holders[plan.plan_id])]
    plans = rows.plan_rows(context.workspace, snapshot, unclaimed)
    managers = [row.agent for row in answers.pulse.managers]
    view = view._replace(reader=view.reader or next(iter(managers), ""))
    signals = Signals(answers.pulse, answers.dirty, unclaimed, answers.waiting, plans.broken)
    waiting = Waiting(
        reader=view.reader,
        requests=answers.waiting,
        holds=answers.holds,
        overlaps=rows.overlaps(snapshot.live),
        agents=answers.agents,
        unproven=answers.unproven,
        decisions=answers.decisions,
        findings=_findings(snapshot, answers, context.spell),
        managers=managers,
        agent_window=view.agent_window,
        unsent_since=unsent.unsent_since(context.workspace),
    )
    return _board(context, snapshot, answers, plans, (judge(snapshot, signals, waiting), waiting, view))


def _board(
    context: Context,
    snapshot: Snapshot,
    answers: Answers,
    plans: rows.PlanRows,
    judged: tuple[Judgement, Waiting, View],
) -> Board:
    titles, spell = snapshot.titles, context.spell
    judgement, waiting, view = judged
    return Board(
        version=versions.BOARD,
        generated_at=snapshot.now,
        verdict=judgement.colour,
        reader=view.reader,
        manager_window_minutes=view.manager_window.total_seconds() / 60,
        agent_window_minutes=view.agent_window.total_seconds() / 60,
        alerts=[rows.alert_row(alarm, spell) for alarm in judgement.alarms],
        reminders=[rows.alert_row(reminder, spell) for reminder in judgement.reminders],
        active_plans=plans.active,
        claims=rows.claim_rows(snapshot, answers.pulse, answers.agents),
        finished_claims=dict(sorted(snapshot.finished.items())),
        overlaps=list(waiting.overlaps),
        unclaimed_plans=plans.unclaimed,
        ready=rows.ready_rows(snapshot),
        backlog=rows.count(task.state for task in snapshot.tasks),
        requests=[rows.request_row(entry, titles, spell) for entry in _shown_in_part(answers.waiting)],
        handoffs=[rows.handoff_row(handoff) for handoff in answers.dirty],
        managers=[rows.manager_row(manager) for manager in answers.pulse.managers],
        agents=answers.agents,
        quiet_agents=answers.quiet_agents,
        automation=plans.automation,
        directives=answers.directives,
        older_directives=answers.older_directives,
        decisions=[rows.decision_row(decision) for decision in answers.decisions if decision.state == decisions.OPEN],
        decided=sum(decision.state != decisions.OPEN for decision in answers.decisions),
        findings=list(waiting.findings),
        notes=[] if answers.pulse.managers else [_NO_MANAGER],
    )


def _shown_in_part(requests: Sequence[Entry]) -> list[Entry]:
    """The oldest first; in turns of their senders where a view shows a part of them, else one could hide all others."""
    if len(requests) <= _FEW:
        return list(requests)
    return [requests[place] for place in in_turn([entry.agent for entry in requests])]


def _findings(snapshot: Snapshot, answers: Answers, spell: Spell) -> list[str]:
    """Damaged records, lost records and directives without a pointer, each once."""
    problems = map(str, [*snapshot.problems, *answers.problems])
    notes = [*answers.losses, *missing_pointers(answers.directives)]
    return list(dict.fromkeys([*problems, *_sentences(notes, spell)]))


def _sentences(notes: Iterable[Note], spell: Spell) -> list[str]:
    """Each note with the command that helps."""
    return [f"{note.text}: {command}" if (command := spell(note.hint)) else note.text for note in notes]


def as_document(board: Board) -> dict[str, Any]:
    """The board as JSON."""
    document: dict[str, Any] = schema.document(board)
    return document


def schema_files() -> dict[str, bytes]:
    """The JSON Schema of the board for docs/schemas/, made from its rows."""
    document = schema.schema(Board, "board", "What `coord_dashboard report --format json` writes.")
    return {"board.schema.json": files.dump_json(document)}
