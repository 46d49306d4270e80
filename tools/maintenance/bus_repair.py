#!/usr/bin/env python3
"""Repair the bus: complete a journal, move a torn tail away, restore lost lines of a log or of a server."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
from collections.abc import Collection, Mapping
from typing import Any

from tools.core import clock, ids, which_bus
from tools.core.cli import app as cli
from tools.core.models.bus import CLAIMS, EVENTS, Event
from tools.core.models.lenient import claim_from
from tools.core.models.record import MAX_SUMMARY, to_mapping
from tools.core.store import layout, signpost
from tools.core.store.api import Append
from tools.core.store.files import repair
from tools.core.store.files.repair import Damage, Source, Step
from tools.core.store.postgres.store import PostgresStore
from tools.core.sync import bus_branch, door
from tools.core.sync.joining import newcomer


@cli.command(doc=__doc__, writes=True)
@cli.option("--apply", is_flag=True, help="Repair; without it, only print the steps.")
def main(run: cli.Run, *, apply: bool) -> None:
    if which_bus.may_be_on_server(run.workspace) and isinstance(run.store, PostgresStore):
        _restore(run, run.store, apply=apply)
        return
    seat = run.seat if apply else None
    damage = repair.survey(run.workspace, _source(run))
    if seat and any(step.mends for step in damage.steps):
        repair.apply(run.workspace, damage)
        run.store.commit([Append(EVENTS, to_mapping(_event(run, seat.agent_id, damage)))])
    unrepaired = [step for step in damage.steps if not step.mends]
    document = {"applied": apply, "steps": [_as_mapping(run, step) for step in damage.steps]}
    run.emit(document, "\n".join(_lines(run, damage, applied=apply)) or "the bus needs no repair")
    run.finish(1 if unrepaired else 0)


def _restore(run: cli.Run, server: PostgresStore, *, apply: bool) -> None:
    """Gives a server that went back what the files here have of its records: an export, or what a clone brought."""
    seat = run.seat if apply else None
    lines = newcomer.lacking(run) if signpost.read(run.workspace) else {}
    count, lost = sum(map(len, lines.values())), sum(loss.records for loss in run.store.history.losses())
    steps = [
        Step("lines", run.store.where(name), f"{len(part)} lines that the server lacks") for name, part in lines.items()
    ]
    if lost and not steps:
        text = f"{lost} records that this clone has seen are gone from the server, and no file here has them"
        steps = [Step("lines", run.store.where(EVENTS), text, mends=False)]
    if seat and steps:
        conflicts = newcomer.bring(run, seat.agent_id) if lines else []
        run.warn(f"{each.loser} lost {each.task} to {each.holder}" for each in conflicts)
        server.accept_losses()
        run.store.commit([Append(EVENTS, to_mapping(_restored(run, seat.agent_id, count, lost)))])
    document = {"applied": apply, "steps": [_as_mapping(run, step) for step in steps]}
    shown = [f"{_verb(step, applied=apply)}: {step.path}: {step.text}" for step in steps]
    if steps and not apply:
        shown.append("nothing was changed; --apply gives back what is here, and takes the rest for lost")
    run.emit(document, "\n".join(shown) or "the bus is on a server, which has every record that is here")
    run.finish(1 if any(not step.mends for step in steps) and not apply else 0)


def _verb(step: Step, *, applied: bool) -> str:
    return "lost" if not step.mends else "gave back" if applied else "would give back"


def _restored(run: cli.Run, agent: str, lines: int, lost: int) -> Event:
    return Event(
        id=ids.new_record_id(),
        ts=clock.to_text(run.now),
        agent_id=agent,
        event="recovered",
        summary=f"{agent} gave {lines} lines back to the server, which had lost records",
        meta={"lines": str(lines), "lost": str(lost)},
    )


def _source(run: cli.Run) -> Source:
    """The bus's own branch; the checked out one where the bus travels with the code."""
    own = os.path.lexists(run.workspace.bus.child(".git").path)
    refs = (f"refs/heads/{bus_branch.BRANCH}",) if own else ("HEAD",)

    def admits_claim(task: str, content: Mapping[str, object], highest: int, fences: Collection[int]) -> bool:
        fence = claim_from(content, task).fence
        address = layout.Address(CLAIMS, task)
        return not (
            door.document_reason(address, {**content, "fence": fence}, run.now)
            or door.jump_reason(fence, highest, fences)
        )

    return Source(refs, lambda line: not door.line_reason(line), admits_claim)


def _as_mapping(run: cli.Run, step: Step) -> dict[str, Any]:
    fields = {"kind": step.kind, "path": step.path, "text": step.text, "mends": step.mends}
    return {**fields, "hint": run.spell(step.look)}


def _lines(run: cli.Run, damage: Damage, *, applied: bool) -> list[str]:
    lines = []
    for step in damage.steps:
        verb = "cannot repair" if not step.mends else "done" if applied else "would"
        lines.append(f"{verb}: {step.path}: {step.text}")
        if look := run.spell(step.look):
            lines.append(f"  search its history, and restore it with git: {look}")
    if damage.steps and not applied:
        lines.append("nothing was changed; --apply repairs")
    return lines


def _event(run: cli.Run, agent: str, damage: Damage) -> Event:
    steps = "; ".join(f"{step.path}: {step.text}" for step in damage.steps if step.mends)
    return Event(
        id=ids.new_record_id(),
        ts=clock.to_text(run.now),
        agent_id=agent,
        event="recovered",
        summary=f"{agent} repaired the bus: {steps}"[:MAX_SUMMARY],
        meta={"lines": str(sum(map(len, damage.lines.values()))), "claims": str(len(damage.claims))},
    )


if __name__ == "__main__":
    cli.main(main)
