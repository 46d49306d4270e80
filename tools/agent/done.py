#!/usr/bin/env python3
"""End a task: run its checks as evidence, judge the branch, push when asked, then tell the thread and release."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import shlex
import sys
from typing import Any

from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.models.record import to_mapping


@cli.command(doc=__doc__, writes=True)
@cli.option("--task", type=cli.TASK, help="The task (default: the only one you are at work on).")
@cli.repeated("--run", "checks", help="A command to run and keep as evidence; the first that fails stops all.")
@cli.option("--summary", type=cli.LINE, default="", help="One line for the thread.")
@cli.option("--status", type=cli.Choice(["done", "released"]), default="done", show_default=True, help="How it ends.")
@cli.option("--push", is_flag=True, help="Push the branch first.")
@cli.option("--no-check", is_flag=True, help="Do not judge the branch (needs --reason, recorded).")
@cli.option("--reason", type=cli.LINE, default="", help="Why the branch is not judged.")
def main(
    run: cli.Run,
    *,
    task: str | None,
    checks: tuple[str, ...],
    summary: str,
    status: str,
    push: bool,
    no_check: bool,
    reason: str,
) -> None:
    from tools.core.session import finish

    if no_check and not reason:
        raise UsageError("--no-check needs --reason", code="done.reason")
    claim = finish.the_claim(run, task)
    finish.require_mine(run, claim)
    if not claim.is_live:
        run.emit(
            {"claim": to_mapping(claim), "changed": False}, f"{claim.task_id} is {claim.state} already: nothing changed"
        )
        return
    commands = [shlex.split(check) for check in checks]
    receipts, passed = finish.run_checks(run, claim, commands, _show)
    if not passed:
        run.emit(
            {"receipts": receipts, "failed": True}, f"a check failed; {claim.task_id} stays yours; see {receipts[-1]}"
        )
        run.finish(1)
    if no_check:
        finish.override(run, claim, reason)
    elif unmet := finish.findings(run):
        lines = [f"{check.name}: {check.detail}\n  {run.spell(check.repair)}" for check in unmet]
        run.emit({"receipts": receipts, "findings": [_document(run, check) for check in unmet]}, "\n".join(lines))
        run.finish(1)
    if push:
        run.note(f"pushed to {finish.push(run)}")
    done = finish.finish(
        run,
        claim.task_id,
        status=status,
        summary=summary or f"{claim.agent_id}: {claim.task_id} {status}",
        receipts=receipts,
    )
    run.emit(
        {"claim": to_mapping(done.claim), "receipts": receipts, "changed": done.record is not None},
        f"{claim.task_id} is {done.claim.state}" + "".join(f"\n- {receipt}" for receipt in receipts),
    )


def _document(run: cli.Run, check: Any) -> dict[str, Any]:
    return {**check._asdict(), "repair": run.spell(check.repair)}


def _show(block: bytes) -> None:
    sys.stderr.write(block.decode("utf-8", "replace"))
    sys.stderr.flush()


if __name__ == "__main__":
    cli.main(main)
