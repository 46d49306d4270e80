"""A run recorded as evidence of a plan: the plan is checked before anything runs, and cites the receipt afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from tools.core import hint
from tools.core.context import Context
from tools.core.errors import SetupError, ToolkitError, UsageError
from tools.core.git import repository, tracked
from tools.core.plans import edits, storage
from tools.core.receipts.run import About, Done, Show, record
from tools.core.workspace import Workspace


def record_run(context: Context, command: Sequence[str], about: About, *, name: str | None, show: Show) -> Done:
    """Runs a command as `run.record` does; the receipt is staged and cited where `about` names a plan."""
    _require_plan(context.workspace, about)
    done = record(context.workspace, command, about, context.now, name=name, show=show)
    if about.plan_id:
        _cite(context.workspace, about, done.place.name)
    return done


def _cite(workspace: Workspace, about: About, receipt: str) -> None:
    """Stages a run's evidence and cites it; what goes wrong is told as that, for the command has run and need not again."""
    try:
        tracked.stage(workspace, [receipt, f"{receipt.removesuffix('.json')}.log"])
        storage.change(workspace, about.plan_id, lambda raw: edits.attach(raw, receipt, about.step or None))
    except ToolkitError as problem:
        step = (about.step,) if about.step else ()
        raise type(problem)(
            f"the command ran and is recorded in {receipt}, but {about.plan_id} does not cite it: {problem.message}",
            code="run.not_cited",
            hint=hint.tool("planner.cli", "attach-receipt", about.plan_id, *step, "--file", receipt),
            details=problem.details,
        ) from problem


def _require_plan(workspace: Workspace, about: About) -> None:
    """The plan and the step that the run is attached to are there before anything runs."""
    if about.step and not about.plan_id:
        raise UsageError("--step needs --plan", code="usage")
    if not about.plan_id:
        return
    plan = storage.require(workspace, about.plan_id)
    if about.step and about.step not in [step.id for step in plan.steps]:
        steps = ", ".join(step.id for step in plan.steps) or "none"
        raise UsageError(f"{about.plan_id} has no step {about.step}; its steps: {steps}", code="plan.step_unknown")
    if not repository.is_repository(workspace.root):
        raise SetupError(
            "a run can be attached to a plan only where git can stage it", code="git.none", hint=hint.git("init")
        )
