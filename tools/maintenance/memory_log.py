#!/usr/bin/env python3
"""The memory log, which links automation to approval: add entries, verify their chain."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core.bus import posts
from tools.core.checks import findings, output
from tools.core.checks.sources import Live
from tools.core.cli import app as cli
from tools.core.models.bus import EVENTS
from tools.core.plans import storage
from tools.core.receipts import memory_log
from tools.core.receipts.write import citations_of
from tools.core.text import terminal

MAX_EVENTS = 20
"""The newest events of a plan, cited by `link`."""

main = cli.group(__doc__)


@cli.command(main, "add", writes=True)
@cli.option("--summary", required=True, help="One line.")
@cli.option("--ref", type=cli.LINE, default="", help="The subject: plan:<id>, a branch, a path.")
@cli.repeated("--receipt", help="A path of evidence, or the event log's and #<event id>.")
@cli.repeated("--artifact", help="A path that was created or changed.")
def add(run: cli.Run, *, summary: str, ref: str, receipt: tuple[str, ...], artifact: tuple[str, ...]) -> None:
    """Append an entry, chained to the last."""
    seat = run.seat
    receipts, missing_receipts = citations_of(run.workspace, receipt)
    artifacts, missing_artifacts = citations_of(run.workspace, artifact)
    text = posts.summary_of(summary)
    entry = memory_log.add(
        run.workspace, memory_log.Draft(text, seat.agent_id, ref, cited=receipts, artifacts=artifacts), run.now
    )
    run.warn(f"{path} does not exist yet" for path in [*missing_receipts, *missing_artifacts])
    run.emit(entry, f"{entry['run_id']} -> {memory_log.place(run.workspace).name}")


@cli.command(main, "verify")
@cli.option("--format", "form", type=cli.Choice(output.FORMATS), default="text", help="The form of the findings.")
def verify(run: cli.Run, *, form: str) -> None:
    """Check every hash and every link of the chain; exit 1 when one is wrong."""
    from tools.core.checks import memory  # loads pydantic

    listed = findings.ordered(findings.stricter(memory.check(Live(run))))
    run.emit(output.document(listed, run.spell), output.show(listed, form, run.spell))
    run.finish(1 if findings.failed(listed) else 0)


@cli.command(main, "link", writes=True)
@cli.argument("plan", type=cli.PLAN)
def link(run: cli.Run, *, plan: str) -> None:
    """Append an entry that links a plan to its events."""
    seat = run.seat
    document = storage.require(run.workspace, plan)
    events = run.history.events_about_plan(plan, MAX_EVENTS)
    draft = memory_log.Draft(
        summary=f"Plan {plan}: {' '.join(document.summary.split())}"[:1000],
        actor=seat.agent_id,
        ref=f"plan:{plan}",
        cited=tuple(f"{run.store.where(EVENTS)}#{event.id}" for event in events),
        artifacts=(run.workspace.plan(plan).name,),
    )
    entry = memory_log.add(run.workspace, draft, run.now)
    run.emit(
        entry,
        f"{entry['run_id']}: {plan} with {terminal.number(len(events), 'event')} -> {memory_log.place(run.workspace).name}",
    )


if __name__ == "__main__":
    cli.main(main)
