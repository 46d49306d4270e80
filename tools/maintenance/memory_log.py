#!/usr/bin/env python3
"""Keep the memory log, which ties automation to approval: add entries, verify their chain."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core.bus import posts
from tools.core.checks import findings
from tools.core.checks import output as reports
from tools.core.checks.sources import Live
from tools.core.cli import app as cli
from tools.core.models.bus import EVENTS
from tools.core.plans import storage
from tools.core.receipts import memory_log
from tools.core.receipts.write import citations_of

MAX_EVENTS = 20
"""Events of a plan that `link` cites, the newest."""

main = cli.group(__doc__)


@cli.command(main, "add", writes=True)
@cli.option("--summary", required=True, help="One line.")
@cli.option("--ref", type=cli.LINE, default="", help="What it is about: plan:<id>, a branch, a path.")
@cli.repeated("--receipt", help="A path of evidence, or the event log's and #<event id>.")
@cli.repeated("--artifact", help="A path that was made or changed.")
def add(run: cli.Run, summary: str, ref: str, receipt: tuple[str, ...], artifact: tuple[str, ...]) -> None:
    """Append an entry, chained to the last."""
    seat = run.seat
    cited, missing = citations_of(run.workspace, receipt)
    made, absent = citations_of(run.workspace, artifact)
    text = posts.summary_of(summary)
    entry = memory_log.add(
        run.workspace, memory_log.Draft(text, seat.agent_id, ref, cited=cited, artifacts=made), run.now
    )
    run.warn(f"{path} is not there yet" for path in [*missing, *absent])
    run.emit(entry, f"{entry['run_id']} -> {memory_log.place(run.workspace).name}")


@cli.command(main, "verify")
@cli.option("--format", "form", type=cli.Choice(reports.FORMATS), default="text", help="How to show what was found.")
def verify(run: cli.Run, form: str) -> None:
    """Check every hash and every link of the chain; exit 1 when one does not hold."""
    from tools.core.checks import memory as memory_check  # pydantic comes with it

    found = findings.ordered(findings.stricter(memory_check.check(Live(run))))
    run.emit(reports.document(found, run.spell), reports.show(found, form, run.spell))
    run.finish(1 if findings.failed(found) else 0)


@cli.command(main, "link", writes=True)
@cli.argument("plan", type=cli.PLAN)
def link(run: cli.Run, plan: str) -> None:
    """Append an entry that ties a plan to the events on record about it."""
    seat = run.seat
    known_plan = storage.require(run.workspace, plan)
    events = run.history.events_about_plan(plan, MAX_EVENTS)
    draft = memory_log.Draft(
        summary=f"Plan {plan}: {' '.join(known_plan.summary.split())}"[:1000],
        actor=seat.agent_id,
        ref=f"plan:{plan}",
        cited=tuple(f"{run.store.where(EVENTS)}#{event.id}" for event in events),
        artifacts=(run.workspace.plan(plan).name,),
    )
    entry = memory_log.add(run.workspace, draft, run.now)
    run.emit(entry, f"{entry['run_id']}: {plan} with {len(events)} events -> {memory_log.place(run.workspace).name}")


if __name__ == "__main__":
    cli.main(main)
