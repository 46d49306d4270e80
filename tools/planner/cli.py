#!/usr/bin/env python3
"""Plans: write one, change its steps, cite its evidence; every change is checked before it is written."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core import clock, hint, ids
from tools.core.backlog.items import all_items
from tools.core.cli import app as cli
from tools.core.errors import SetupError, UsageError
from tools.core.git import tracked
from tools.core.models.plan import CHECKPOINT_STATUSES, PLAN_STATUSES, Plan
from tools.core.models.record import to_mapping
from tools.core.plans import edits, storage
from tools.core.receipts import scaffold, verify
from tools.core.receipts.paths import path_problem
from tools.core.text import terminal

main = cli.group(__doc__)
step_group = cli.group("Add a step, or set its status.")
main.add_command(step_group, "step")

_plan = cli.argument("plan", type=cli.PLAN)
_step = cli.argument("step", type=cli.LINE)
_optional_step = cli.argument("step", type=cli.LINE, required=False)
_file = cli.option("--file", "path", required=True, type=cli.LINE, help="A file that git tracks.")
_STATUS = cli.Choice(PLAN_STATUSES)


@cli.command(main, "new", writes=True)
@cli.argument("slug", type=cli.LINE)
@cli.option("--summary", required=True, type=cli.LINE, help="The purpose of the plan, in one line.")
@cli.option("--actor", type=cli.LINE, help="The agent that works on it (default: the acting seat).")
@cli.option("--owner", type=cli.LINE, help="The owner of the checkpoint (default: the actor).")
@cli.repeated("--step", "steps", type=cli.LINE, help="A step, ID:Title.")
@cli.option("--checkpoint", type=cli.LINE, help="The condition at the end.")
@cli.repeated("--link", "links", type=cli.LINE, help="A link, type:ref.")
@cli.option("--queue-ref", type=cli.TASK, help="The backlog item of the plan.")
@cli.option("--priority", type=cli.COUNT, help="A whole number.")
@cli.option("--scaffold", "with_scaffold", is_flag=True, help="Also create the folder for its evidence.")
@cli.option("--force", is_flag=True, help="Replace a plan of this name; the old file is kept beside it.")
def new(
    run: cli.Run,
    *,
    slug: str,
    summary: str,
    actor: str | None,
    owner: str | None,
    steps: tuple[str, ...],
    checkpoint: str | None,
    links: tuple[str, ...],
    queue_ref: str | None,
    priority: int | None,
    with_scaffold: bool,
    force: bool,
) -> None:
    """Write a plan and the template of its justification."""
    actor = _actor(run, actor)
    plan_id = _plan_id(run, slug)
    raw = edits.new(plan_id, created=clock.to_text(run.now), actor=actor, owner=owner or actor, summary=summary.strip())
    for step_id, title in [_pair(step, "--step S1:Title") for step in steps] or [("S1", summary.strip())]:
        raw = edits.add_step(raw, title, step_id)
    if checkpoint:
        raw = edits.set_checkpoint(raw, status="pending", description=checkpoint)
    for text in [*links, *([f"queue:{queue_ref}"] if queue_ref else [])]:
        raw = edits.add_link(raw, *_link(run, text))
    if priority is not None:
        raw["priority"] = priority
    work = (
        scaffold.Work(ids.require_agent(actor, "actor"), plan_id, summary, plan_id=plan_id) if with_scaffold else None
    )
    written = storage.create(run, raw, force=force)
    if work is not None:
        written += scaffold.write(run.workspace, work)
    names = [place.name for place in written]
    run.emit({"plan_id": plan_id, "plan": raw, "written": names}, "\n".join([f"{plan_id}: new", *_bulleted(names)]))


@cli.command(main, "status", writes=True)
@_plan
@cli.argument("status", type=_STATUS)
def status(run: cli.Run, *, plan: str, status: str) -> None:
    """Move a plan: queued, in_progress, blocked, done."""
    _change(run, plan, lambda raw: edits.set_status(raw, status), status)


@cli.command(step_group, "add", writes=True)
@_plan
@cli.option("--desc", required=True, type=cli.LINE, help="The work of the step.")
@cli.option("--id", "step_id", type=cli.TASK, help="The step's id (default: the next S<n>).")
def step_add(run: cli.Run, *, plan: str, desc: str, step_id: str | None) -> None:
    """Add a step at the end."""
    _change(run, plan, lambda raw: edits.add_step(raw, desc, step_id), f"step added: {desc}")


@cli.command(step_group, "set", writes=True)
@_plan
@_step
@cli.option("--status", required=True, type=_STATUS, help="The new status.")
@cli.option("--note", help="The result, or what blocks the step.")
def step_set(run: cli.Run, *, plan: str, step: str, status: str, note: str | None) -> None:
    """Set the status of a step."""
    _change(run, plan, lambda raw: edits.set_step(raw, step, status=status, note=note), f"{step} {status}")


@cli.command(main, "attach-receipt", writes=True)
@_plan
@_optional_step
@_file
def attach_receipt(run: cli.Run, *, plan: str, step: str | None, path: str) -> None:
    """Cite a tracked file as evidence of a step, or of the plan itself; the file is never edited."""
    storage.require(run.workspace, plan)
    name = tracked.require(run.workspace, path)
    verdict = verify.verdict(run.workspace, name)
    subject = f"{step} " if step else ""
    _change(
        run,
        plan,
        lambda raw: edits.attach(raw, name, step),
        f"{subject}cites {name} ({verdict.standing}: {verdict.reason})",
    )


@cli.command(main, "detach-receipt", writes=True)
@_plan
@_optional_step
@_file
def detach_receipt(run: cli.Run, *, plan: str, step: str | None, path: str) -> None:
    """Remove a citation; the evidence stays."""
    cited = storage.require(run.workspace, plan).all_receipts
    name = path if path in cited else run.workspace.relative(path)  # an invalid path can be removed too
    _change(run, plan, lambda raw: edits.detach(raw, name, step), f"no longer cites {name}")


@cli.command(main, "set", writes=True)
@_plan
@cli.option("--actor", required=True, type=cli.LINE, help="The agent that works on it now.")
def set_actor(run: cli.Run, *, plan: str, actor: str) -> None:
    """Set the actor of a plan."""
    _change(run, plan, lambda raw: edits.set_actor(raw, actor), f"actor {actor}")


@cli.command(main, "checkpoint", writes=True)
@_plan
@cli.option("--status", required=True, type=cli.Choice(CHECKPOINT_STATUSES), help="The status of the checkpoint.")
@cli.option("--description", type=cli.LINE, help="The condition of the checkpoint.")
def checkpoint(run: cli.Run, *, plan: str, status: str, description: str | None) -> None:
    """Set the status of the checkpoint."""
    _change(
        run,
        plan,
        lambda raw: edits.set_checkpoint(raw, status=status, description=description),
        f"checkpoint {status}",
    )


@cli.command(main, "link", writes=True)
@_plan
@cli.argument("link", metavar="TYPE:REF", type=cli.LINE)
def link(run: cli.Run, *, plan: str, link: str) -> None:
    """Link a plan to a claim, a thread, a backlog item, a document."""
    kind, ref = _link(run, link)
    _change(run, plan, lambda raw: edits.add_link(raw, kind, ref), f"linked {kind}:{ref}")


@cli.command(main, "show")
@_plan
def show(run: cli.Run, *, plan: str) -> None:
    """Show one plan and whether its receipts are verified."""
    document = storage.require(run.workspace, plan)
    evidence = {path: verify.standing(run.workspace, path) for path in document.all_receipts}
    run.emit({"plan": to_mapping(document), "evidence": evidence}, _text(document, evidence))


@cli.command(main, "list")
@cli.repeated("--status", "statuses", type=_STATUS, help="Only plans with this status.")
@cli.option("--actor", type=cli.LINE, help="Only plans of this actor.")
def list_plans(run: cli.Run, *, statuses: tuple[str, ...], actor: str | None) -> None:
    """List the plans of this checkout, oldest first."""
    plans, problems = storage.all_plans(run.workspace)
    run.skipped(problems)
    shown = [
        plan for plan in plans if (not statuses or plan.state in statuses) and (actor is None or plan.actor == actor)
    ]
    rows = [
        (
            plan.plan_id,
            plan.state,
            plan.actor,
            f"{len(plan.steps) - len(plan.open_steps)}/{len(plan.steps)}",
            plan.summary,
        )
        for plan in shown
    ]
    text = terminal.table(("plan", "status", "actor", "done", "summary"), rows) if rows else "no plans"
    run.emit({"plans": [to_mapping(plan) for plan in shown]}, text)


def _change(run: cli.Run, plan_id: str, edit: edits.Edit, outcome: str) -> None:
    run.seat  # noqa: B018 - an unclear seat is refused before anything is read
    change = storage.change(run.workspace, plan_id, edit)
    place = run.workspace.plan(plan_id).name
    text = f"{plan_id}: {outcome} -> {place}" if change.is_new else f"{plan_id}: nothing to change"
    run.emit({"plan": to_mapping(change.plan), "changed": change.is_new, "path": place}, text)


def _actor(run: cli.Run, actor: str | None) -> str:
    try:
        seat = run.seat
    except SetupError as problem:
        if actor is None or problem.code != "seat.none":
            raise
        return actor
    return actor or seat.agent_id


def _plan_id(run: cli.Run, slug: str) -> str:
    if ids.is_plan(slug):
        return slug
    plan_id = f"{clock.to_text(run.now)[:10]}-{slug}"
    if not ids.is_plan(plan_id):
        raise UsageError(
            f"not a slug: {slug!r} (expected lower-case letters and digits with single hyphens between them)",
            code="plan.slug",
            hint=hint.tool("planner.cli", "new", ids.slug(slug), "--summary", hint.WORDS),
        )
    return plan_id


def _pair(text: str, form: str) -> tuple[str, str]:
    left, colon, right = text.partition(":")
    if not colon or not left.strip() or not right.strip():
        raise UsageError(f"{text[:80]!r} does not have the form {form}", code="value.pair")
    return left.strip(), right.strip()


def _link(run: cli.Run, text: str) -> tuple[str, str]:
    kind, ref = _pair(text, "type:ref")
    ids.require_word(kind, "link type")
    if kind == "queue" and ids.is_task(ref):
        return kind, _backlog_file(run, ref)
    problem = path_problem(ref) if kind in ("bus", "queue") else None
    if problem:
        raise UsageError(f"{ref} {problem.reason}", code="plan.link")
    return kind, ref


def _backlog_file(run: cli.Run, task: str) -> str:
    items, _ = all_items(run.workspace)
    for item in items:
        if item.task_id == task:
            return item.path
    raise UsageError(
        f"the backlog has no {task}", code="queue.unknown", hint=hint.tool("agent.idle_pickup", "list", "--all")
    )


def _text(plan: Plan, evidence: dict[str, str]) -> str:
    lines = [
        f"{plan.plan_id} ({plan.state}) {plan.summary}",
        f"actor: {plan.actor}",
        f"checkpoint: {plan.checkpoint.state}, {plan.checkpoint.owner}: {plan.checkpoint.description}",
    ]
    lines += [f"link: {link.type} {link.ref}" for link in plan.links]
    lines += [f"receipt: {path} ({evidence[path]})" for path in plan.receipts]
    for step in plan.steps:
        lines.append(f"{step.id} [{step.state}] {step.title}" + (f": {step.notes}" if step.notes else ""))
        lines += [f"  receipt: {path} ({evidence[path]})" for path in step.receipts]
    return "\n".join(lines)


def _bulleted(names: list[str]) -> list[str]:
    return [f"- {name}" for name in names]


if __name__ == "__main__":
    cli.main(main)
