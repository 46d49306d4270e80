#!/usr/bin/env python3
"""Claim and release tasks: one holder at a time, however many ask at once."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import clock, hint
from tools.core.bus import claim_documents, claims
from tools.core.bus.rules import claim_rules
from tools.core.cli import app as cli
from tools.core.clock import timedelta
from tools.core.errors import UsageError
from tools.core.models.bus import EVENTS, Claim
from tools.core.models.record import to_mapping
from tools.core.plain import TYPE_CHECKING
from tools.core.text import terminal

if TYPE_CHECKING:
    from typing import Any

    from tools.core.backlog.items import Item

main = cli.group(__doc__)
_STATES = ["live", "finished", "active", "paused", "released", "done"]
SHOWN = 20
"""Finished claims of a list; live ones are never cut."""

_task = cli.option("--task", required=True, type=cli.TASK, help="The task.")
_notes = cli.option("--notes", help="A note on the claim.")
_stale_after = cli.option(
    "--stale-after",
    type=cli.DURATION,
    default="240m",
    show_default=True,
    help="Silence after which a holder is presumed gone.",
)


@cli.command(main, "claim", writes=True)
@_task
@cli.option("--plan", type=cli.PLAN, help="The plan this work follows.")
@cli.option("--branch", type=cli.LINE, help="The branch of the work (default: agent/<agent>/<task>).")
@cli.option(
    "--status", type=cli.Choice(["active", "paused"]), default="active", show_default=True, help="How to hold it."
)
@cli.repeated("--paths", type=cli.LINE, help="A pattern of files the work will touch, as in .gitignore.")
@cli.option("--exclusive", is_flag=True, help="Refuse when the paths overlap another live claim's.")
@_notes
@cli.option("--clear-notes", is_flag=True, help="Remove the note.")
@cli.option("--allow-unassigned", is_flag=True, help="Claim what is assigned to another engineer (recorded).")
@cli.option("--reopen", is_flag=True, help="Claim a task that is done (needs --reason, recorded).")
@cli.option(
    "--allow-waiting", is_flag=True, help="Claim a task whose dependencies are open (needs --reason, recorded)."
)
@cli.option("--reason", type=cli.LINE, default="", help="Why a guard is overridden.")
@cli.confirm
@cli.patience
@_stale_after
def claim(
    run: cli.Run,
    *,
    task: str,
    plan: str | None,
    branch: str | None,
    status: str,
    paths: tuple[str, ...],
    exclusive: bool,
    notes: str | None,
    clear_notes: bool,
    allow_unassigned: bool,
    reopen: bool,
    allow_waiting: bool,
    reason: str,
    confirm: bool,
    patience: timedelta,
    stale_after: timedelta,
) -> None:
    """Take a task, or update the claim you hold."""
    if notes is not None and clear_notes:
        raise UsageError("--notes and --clear-notes exclude each other", code="usage")
    if allow_waiting and not reason:
        raise UsageError("--allow-waiting needs --reason", code="usage")
    from tools.core.backlog import task_ids  # what else is done with claims asks nothing of the backlog

    item = task_ids.checked(run, task, lambda meant: hint.tool("agent.bus_claim", "claim", "--task", meant))
    if item is not None:
        task_ids.require_ready(run, item, reason if allow_waiting else "")
    request = claim_rules.Request(
        task,
        run.seat.agent_id,
        plan=plan,
        branch=branch,
        status=status,
        paths=paths or None,
        notes="" if clear_notes else notes,
        exclusive=exclusive,
        allow_unassigned=allow_unassigned,
        reopen=reopen,
        reason=reason,
        stale_after=stale_after,
    )
    change = run.done(lambda: claims.take(run, request), _task_of, patience if confirm else None)
    if plan and claims.plan_is_missing(run.workspace, plan):
        run.warn([f"plan {plan} has no file in this checkout"])
    _report(run, change, "holds", item)


def _task_of(change: claims.ClaimChange) -> str:
    return change.claim.task_id


@cli.command(main, "release", writes=True)
@_task
@cli.option(
    "--status", type=cli.Choice(["done", "released", "paused"]), default="done", show_default=True, help="How it ends."
)
@_notes
@cli.confirm
@cli.patience
def release(run: cli.Run, *, task: str, status: str, notes: str | None, confirm: bool, patience: timedelta) -> None:
    """Release a task you hold."""

    def act() -> claims.ClaimChange:
        return claims.release(run, task, status=status, notes=notes)

    change = run.done(act, _task_of, patience if confirm else None)
    _report(run, change, "released" if status != "paused" else "paused")


@cli.command(main, "pause", writes=True)
@_task
@cli.option("--notes", required=True, help="What was seen, for the agent who takes it next.")
@_stale_after
@cli.option("--force", is_flag=True, help="Pause although the holder shows signs of life (needs --reason, recorded).")
@cli.option("--reason", type=cli.LINE, default="", help="Why the holder is overridden.")
@cli.confirm
@cli.patience
def pause(
    run: cli.Run,
    *,
    task: str,
    notes: str,
    stale_after: timedelta,
    force: bool,
    reason: str,
    confirm: bool,
    patience: timedelta,
) -> None:
    """Pause your claim, or that of a holder who is gone, so that it can be taken."""

    def act() -> claims.ClaimChange:
        return claims.pause(run, task, notes=notes, stale_after=stale_after, force=force, reason=reason)

    change = run.done(act, _task_of, patience if confirm else None)
    _report(run, change, "paused")


def _report(run: cli.Run, change: claims.ClaimChange, verb: str, item: Item | None = None) -> None:
    claim, is_new = change.claim, change.record is not None
    run.warn(change.warnings)
    text = f"{run.seat.agent_id} {verb} {claim.task_id} ({claim.state}, fence {claim.fence}, branch {claim.branch})"
    if not is_new:
        text = f"{claim.task_id}: nothing to change ({claim.state}, {claim.agent_id})"
    document = {"claim": to_mapping(claim), "changed": is_new, "event": change.record}
    if item is not None:
        from tools.core.backlog import task_ids

        document["item"] = item._asdict()
        text = "\n".join([text, *task_ids.lines_of(item)])
    run.emit(document, text)


@cli.command(main, "list")
@cli.option("--agent", type=cli.AGENT, help="Only this holder's.")
@cli.option("--status", type=cli.Choice(_STATES), help="Only claims in this state.")
@cli.option("--stale", is_flag=True, help="Only live claims whose holder has gone silent.")
@_stale_after
@cli.option("--fail-on-stale", is_flag=True, help="Exit 1 when there are stale claims.")
@cli.option(
    "--limit", type=cli.COUNT, default=SHOWN, show_default=True, help="The number of finished claims; 0 shows none."
)
def list_claims(
    run: cli.Run,
    *,
    agent: str | None,
    status: str | None,
    stale: bool,
    stale_after: timedelta,
    fail_on_stale: bool,
    limit: int,
) -> None:
    """Show claims: the live ones, then the finished ones, newest first."""
    is_plain = agent is None and status is None
    claims = claim_documents.live_claims(run.store, limit if is_plain else _ALL)
    run.skipped(claims.problems)
    rows = claim_documents.newest_first([claim for claim in claims.claims if _matches(claim, agent, status)])
    last_seen: dict[str, Any] = {}
    if stale or fail_on_stale or any(claim.is_live for claim in rows):
        run.skipped(run.history.problems([EVENTS]))
        last_seen = run.history.last_seen({claim.agent_id for claim in rows if claim.is_live}, run.now)
    gone = [claim for claim in rows if claim.is_live and _is_stale(claim, last_seen, stale_after, run)]
    if stale:
        rows = gone
    shown = rows[: sum(claim.is_live for claim in rows) + limit]
    rest = len(rows) - len(shown)
    if is_plain and not stale:
        rest += sum(claims.finished.values()) - len(claims.ended)
    more = hint.tool("agent.bus_claim", "list", "--status", "finished", "--limit", str(len(shown) + rest))
    run.emit(
        {"claims": [_document(claim, last_seen, is_stale=claim in gone) for claim in shown], "more": rest},
        _table(shown, last_seen, run) + run.cut(rest, more),
    )
    if fail_on_stale and gone:
        run.finish(1)


_ALL = 1 << 31


def _matches(claim: Claim, agent: str | None, status: str | None) -> bool:
    states = {claim.state, "live" if claim.is_live else "finished"}
    return (agent is None or claim.agent_id == agent) and (status is None or status in states)


def _is_stale(claim: Claim, last_seen: dict[str, Any], stale_after: timedelta, run: cli.Run) -> bool:
    return claim_rules.is_stale(claim, claim_rules.Facts(run.now, last_seen=last_seen.get(claim.agent_id)), stale_after)


def _document(claim: Claim, last_seen: dict[str, Any], *, is_stale: bool) -> dict[str, Any]:
    seen_at = last_seen.get(claim.agent_id)
    extra = {"last_sign": clock.to_text(seen_at) if seen_at else None, "stale": is_stale}
    return {**to_mapping(claim), "state": claim.state, **extra}


def _table(rows: list[Claim], last_seen: dict[str, Any], run: cli.Run) -> str:
    if not rows:
        return "no claims"
    cells = []
    for claim in rows:
        seen_at = last_seen.get(claim.agent_id) if claim.is_live else clock.parse(claim.released_at)
        seen = clock.age(seen_at, run.now) if seen_at else "-"
        cells.append((claim.task_id, claim.agent_id, claim.state, seen, claim.branch or "-", claim.plan_id or "-"))
    return terminal.table(("task", "holder", "state", "last sign", "branch", "plan"), cells)


@cli.command(main, "show")
@_task
def show(run: cli.Run, *, task: str) -> None:
    """Show a claim, who held it before, and the holder's last sign of life."""
    documents = claim_documents.of_task(run.store, task)
    if documents.claim is None:
        raise UsageError(
            f"{task} is not claimed", code="claim.none", hint=hint.tool("agent.bus_claim", "claim", "--task", task)
        )
    from tools.core.models.entry import Query  # the history alone has entries

    run.skipped(run.history.problems([EVENTS]))
    seen_at = run.history.last_seen([documents.claim.agent_id], run.now).get(documents.claim.agent_id)
    history, more = run.history.select(Query(tasks=[task], kinds=_CHANGES, messages=False), 50)
    seen = f"{clock.to_text(seen_at)} ({clock.age(seen_at, run.now)} ago)" if seen_at else "none"
    lines = [f"{key}: {terminal.clean(value)}" for key, value in _facts(documents).items()]
    lines += [f"last sign of life: {seen}", "history:" + (f" ({more} older)" if more else "")]
    lines += [f"- {entry.record.ts} {entry.agent} {entry.kind}: {entry.record.summary}" for entry in history]
    document = {
        "claim": to_mapping(documents.claim),
        "assignment": to_mapping(documents.assignment) if documents.assignment else None,
        "last_sign": clock.to_text(seen_at) if seen_at else None,
        "history": [to_mapping(entry.record) for entry in history],
    }
    run.emit(document, "\n".join(lines))


_CHANGES = ("claim", "release", "pause", "takeover", "reopened", "assign", "conflict")


def _facts(documents: claim_documents.TaskDocuments) -> dict[str, Any]:
    claim = documents.claim
    assert claim is not None
    facts = {key: value for key, value in to_mapping(claim).items() if key not in ("taken_from", "paths")}
    if claim.taken_from:
        facts["taken from"] = f"{claim.taken_from.agent_id} at {claim.taken_from.at}: {claim.taken_from.reason}"
    if claim.paths:
        facts["paths"] = " ".join(claim.paths)
    if documents.assignment:
        facts["assigned to"] = f"{documents.assignment.engineer or 'no engineer'} by {documents.assignment.manager}"
    return facts


if __name__ == "__main__":
    cli.main(main)
