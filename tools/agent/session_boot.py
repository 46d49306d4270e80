#!/usr/bin/env python3
"""Begin (or wrap) a session: check seat and branch, sync, shake hands, see who holds what."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os

from tools.core.bus import posts
from tools.core.bus.presence import IDLE_FOCUS
from tools.core.bus.status import PRESETS
from tools.core.cli import app as cli
from tools.core.seats import guards
from tools.core.session import boot, standing
from tools.core.text import terminal

_NO_NETWORK = "CODEX_SANDBOX_NETWORK_DISABLED"
"""Set by Codex for commands that it runs without a network."""


@cli.command(doc=__doc__, writes=True)
@cli.option("--focus", type=cli.LINE, default="", help="The focus of this session; `idle` signs off.")
@cli.option("--summary", type=cli.LINE, default="", help="The summary of the handshake.")
@cli.option("--sync/--no-sync", default=True, help="Fetch and fast-forward first (default: yes).")
@cli.option("--sync-allow-dirty", is_flag=True, help="Boot with a dirty tree (writes a receipt).")
@cli.option("--with-status", is_flag=True, help="Also write a bus_status snapshot.")
@cli.option("--status-preset", type=cli.Choice(sorted(PRESETS)), help="The snapshot's preset.")
@cli.option("--dashboard/--no-dashboard", default=True, help="Write a snapshot of the board (default: yes).")
@cli.option(
    "--dashboard-format", type=cli.Choice(["json", "markdown"]), default="json", show_default=True, help="Its form."
)
@cli.option(
    "--manager-report-tail/--no-manager-report-tail",
    default=True,
    help="Write the last messages of the hub (default: yes).",
)
@cli.option(
    "--manager-report-tail-count", type=cli.COUNT, default=10, show_default=True, help="The number of messages."
)
@cli.option(
    "--allow-manifest-mismatch", is_flag=True, help="Act although the manifest belongs to another agent (recorded)."
)
@cli.option("--allow-branch-mismatch", is_flag=True, help="Work on a branch of another seat (recorded).")
@cli.option("--no-announce", is_flag=True, help="Log no handshake.")
@cli.option("--dry-run", is_flag=True, help="Check the guards and print the steps; write nothing.")
def main(
    run: cli.Run,
    *,
    focus: str,
    summary: str,
    sync: bool,
    sync_allow_dirty: bool,
    with_status: bool,
    status_preset: str | None,
    dashboard: bool,
    dashboard_format: str,
    manager_report_tail: bool,
    manager_report_tail_count: int,
    allow_manifest_mismatch: bool,
    allow_branch_mismatch: bool,
    no_announce: bool,
    dry_run: bool,
) -> None:
    if summary:
        posts.summary_of(summary)
    options = boot.BootOptions(
        focus=focus,
        summary=summary,
        sync=sync,
        allow_dirty=sync_allow_dirty,
        with_status=with_status or status_preset is not None,
        status_preset=status_preset,
        dashboard=dashboard,
        dashboard_format=dashboard_format,
        tail=manager_report_tail,
        tail_count=manager_report_tail_count,
        announce=not no_announce,
        in_sandbox=_NO_NETWORK in os.environ,
    )
    guarded = guards.guard(
        run.workspace,
        run.named_agent,
        run.binding,
        allow_manifest=allow_manifest_mismatch,
        allow_branch=allow_branch_mismatch,
        now=run.now,
    )
    if dry_run:
        steps = boot.plan(guarded, options)
        run.emit({"agent_id": guarded.seat.agent_id, "dry_run": True, "steps": steps}, terminal.bullets(steps))
        return
    run.join_bus(guarded.seat.agent_id)
    booted = boot.boot(run, guarded, options, run.note)
    run.emit(boot.as_document(booted, run), _text(run, booted, is_over=focus == IDLE_FOCUS))


def _text(run: cli.Run, booted: boot.Booted, *, is_over: bool) -> str:
    agent, branch = booted.guarded.seat.agent_id, booted.guarded.branch or "no branch"
    if is_over:
        lines = [f"{agent} signed off on {branch}" + (f"; {booted.sync}" if booted.sync else "")]
        lines += [f"you still hold {claim.task_id} ({claim.state})" for claim in booted.standing.held]
    else:
        lines = [f"{agent} booted on {branch}" + (f"; {booted.sync}" if booted.sync else "")]
        lines += standing.lines_of(booted.standing, run)
        lines += [f"board: {booted.board}"] if booted.board and not booted.board.startswith("GREEN") else []
    return "\n".join([*lines, *(f"wrote {name}" for name in booted.written)])


if __name__ == "__main__":
    cli.main(main)
