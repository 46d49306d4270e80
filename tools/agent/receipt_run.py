#!/usr/bin/env python3
"""Run a command and keep its output, exit status and commit as evidence."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import sys
from typing import TextIO

from tools.core import hint
from tools.core.cli import app as cli
from tools.core.hint import Note
from tools.core.models.record import to_mapping
from tools.core.plans import attach
from tools.core.receipts.run import About, Done, verify_receipt
from tools.core.receipts.verify import BROKEN
from tools.core.text import terminal

main = cli.group(__doc__, default="run")


@cli.command(main, "run", writes=True)
@cli.option("--plan", type=cli.PLAN, help="Attach the receipt to this plan.")
@cli.option("--step", type=cli.LINE, default="", help="Attach the receipt to this step of the plan.")
@cli.option("--task", type=cli.TASK, help="The task of the run.")
@cli.option("--name", type=cli.LINE, help="The name of the files (default: the words of the command).")
@cli.argument("command", nargs=-1, required=True)
def run_command(
    run: cli.Run, *, plan: str | None, step: str, task: str | None, name: str | None, command: tuple[str, ...]
) -> None:
    """Run a command in the root, show its output, write the receipt, and exit with its status."""
    about = About(run.seat.agent_id, plan or "", step, task or "")
    stream = sys.stderr if run.as_json else sys.stdout
    recorded = attach.record_run(run, command, about, name=name, show=lambda block: _show(stream, block))
    receipt = recorded.receipt
    _say_what_is_odd(run, recorded)
    attached = f", cited by {plan}{f' step {step}' if step else ''}" if plan else ""
    if run.as_json:
        run.emit({"path": recorded.place.name, "receipt": to_mapping(receipt)}, "")
    else:
        run.note(f"exit {receipt.exit_status} after {receipt.duration_seconds:.1f}s -> {recorded.place.name}{attached}")
    run.finish(receipt.exit_status)


@cli.command(main, "verify")
@cli.argument("paths", nargs=-1, required=True)
@cli.option("--rerun", is_flag=True, help="Also run the command again and compare its exit status.")
def verify(run: cli.Run, *, paths: tuple[str, ...], rerun: bool) -> None:
    """Show whether receipts are verified, unverified (without a run) or broken; exit 1 with a broken one."""
    names = [run.workspace.relative(path) for path in paths]
    verdicts = [verify_receipt(run.workspace, name, rerun=rerun) for name in names]
    rows = [
        {"path": name, "standing": verdict.standing, "reason": verdict.reason}
        for name, verdict in zip(names, verdicts, strict=True)
    ]
    table = terminal.table(
        ("standing", "receipt", "why"), [(row["standing"], row["path"], row["reason"]) for row in rows]
    )
    run.emit({"receipts": rows}, table)
    run.finish(1 if any(verdict.standing == BROKEN for verdict in verdicts) else 0)


def _say_what_is_odd(run: cli.Run, done: Done) -> None:
    if done.is_left_open:
        run.note("a process that the command left behind still has its output; what that prints now is no evidence")
    if done.rule:
        run.note(f"git ignored the output of runs; {done.rule} keeps it from now on, commit that as well")
    if done.ignored:
        text = f"git ignores {' and '.join(done.ignored)}, which no other clone would have"
        run.warn([Note(text, hint.git("add", "-f", "--", *done.ignored))])


def _show(stream: TextIO, block: bytes) -> None:
    """Writes bytes unchanged where the stream accepts them."""
    raw = getattr(stream, "buffer", None)
    if raw is None:
        stream.write(block.decode("utf-8", "replace"))
        return
    stream.flush()
    raw.write(block)
    raw.flush()


if __name__ == "__main__":
    cli.main(main)
