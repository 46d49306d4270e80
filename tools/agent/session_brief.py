#!/usr/bin/env python3
"""Sum up a task for whoever works on it; with the operator's preset, check that all is in order."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from typing import Any

from tools.core import clock
from tools.core.board import build, model
from tools.core.board.text import verdict_line
from tools.core.bus import status
from tools.core.cli import app as cli
from tools.core.receipts import outputs, write
from tools.core.session import brief
from tools.core.text import terminal


@cli.command(doc=__doc__, writes=True)
@cli.option("--task", required=True, type=cli.TASK, help="The task.")
@cli.option("--limit", type=cli.COUNT, default=5, show_default=True, help="The number of events, and of messages.")
@cli.option("--preset", type=cli.Choice(["operator"]), help="Also run the operator's checklist; writes a receipt.")
@cli.option("--output", type=cli.LINE, help="Write the brief to this file (a bare name: session_brief/).")
@cli.option("--fail-on-fail", is_flag=True, help="Exit 1 when a check fails.")
def main(run: cli.Run, *, task: str, limit: int, preset: str | None, output: str | None, fail_on_fail: bool) -> None:
    task_brief = brief.gather(run, task, limit)
    board = build.take(run, model.View(reader=run.manager))
    document = {**brief.as_document(task_brief), "board": board.verdict}
    lines = [*_lines(task_brief), f"board: {verdict_line(board)}"]
    failed = False
    if preset is not None:
        checks = brief.checklist(run, task_brief)
        failed = any(check.status == brief.FAIL for check in checks)
        document |= {
            "preset": preset,
            "checks": [{**check._asdict(), "repair": run.spell(check.repair)} for check in checks],
        }
        lines += [_check_line(run, check) for check in checks]
    if preset is not None or output is not None:
        document |= {"agent_id": run.seat.agent_id, "generated_at": clock.to_text(run.now)}
        lines.append(f"wrote {_write(run, document, preset, output)}")
    run.emit(document, "\n".join(lines))
    if fail_on_fail and failed:
        run.finish(1)


def _lines(task_brief: brief.Brief) -> list[str]:
    claim = task_brief.held.claim
    lines = [
        f"{task_brief.task}: {claim.state}, {claim.agent_id}, {claim.branch or 'no branch'}"
        if claim
        else f"{task_brief.task}: no claim"
    ]
    lines += [f"event {status.event_line(entry)}" for entry in task_brief.events]
    lines += [
        f"message {entry.record.ts} {entry.agent} {entry.kind}: {entry.record.summary}" for entry in task_brief.messages
    ]
    return [terminal.clean(line) for line in lines]


def _check_line(run: cli.Run, check: brief.Check) -> str:
    repair = "" if check.status == brief.PASS else f" -> {run.spell(check.repair)}"
    return f"{check.status:4} {check.name}: {check.reason} ({check.path}){repair}"


def _write(run: cli.Run, document: dict[str, Any], preset: str | None, output: str | None) -> str:
    folder = run.workspace.agent_report(run.seat.agent_id).child("session_brief")
    if output is None:
        return write.write_stamped(folder, preset or "brief", ".json", document, run.now).name
    place = outputs.output_place(run.workspace, output, folder)
    outputs.replace_output(place, document)
    return place.name


if __name__ == "__main__":
    cli.main(main)
