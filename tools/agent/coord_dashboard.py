#!/usr/bin/env python3
"""The manager's board: what is wrong, what to do, who is at what."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import sys
import time
from contextlib import suppress
from datetime import timedelta

from tools.core.board import model as board_rows
from tools.core.board import render_text as board_text
from tools.core.board import snapshot as board
from tools.core.bus import handoffs
from tools.core.cli import app as cli
from tools.core.fs import files
from tools.core.receipts import write as receipts
from tools.core.workspace import Place

RETIRED_AGENTS: tuple[str, ...] = ()
"""Agents that are parked: they never alarm, on no board and in no heartbeat check. A plain tuple of ids."""

main = cli.group(__doc__)
_SUFFIX = {"markdown": ".md", "json": ".json"}


@cli.command(main, "report")
@cli.option(
    "--format", "form", type=cli.Choice(sorted(_SUFFIX)), default="markdown", show_default=True, help="Of the file."
)
@cli.option("--output", help="Where the file goes (default: _report/manager/); - prints it instead.")
@cli.manager_window
@cli.agent_window
@cli.option("--messages", type=cli.COUNT, default=board_rows.MESSAGES, show_default=True, help="The last N directives.")
@cli.option("--compact", is_flag=True, help="Print every section in few lines.")
@cli.option("--follow", type=cli.SECONDS, help="Print the compact board again every S seconds, until Ctrl-C; no file.")
@cli.option("--fail-on-alert", is_flag=True, help="Exit 1 when there are alerts.")
def report(
    run: cli.Run,
    form: str,
    output: str | None,
    manager_window: timedelta,
    agent_window: timedelta,
    messages: int,
    compact: bool,
    follow: float | None,
    fail_on_alert: bool,
) -> None:
    """Write the board and print its verdict."""
    view = board_rows.View(manager_window, agent_window, messages, RETIRED_AGENTS)
    if follow is not None:
        with suppress(KeyboardInterrupt):
            while True:
                _show_once(run, view)
                time.sleep(follow)
        return
    found = board.take(run, view)
    place = None if output == "-" else _write(run, found, form, output)
    if run.as_json or (place is None and form == "json"):
        run.emit_raw(_text(found, "json"))
    elif place is None:
        run.emit_raw(board_text.compact(found) if compact else board_text.markdown(found))
    else:
        shown = board_text.compact(found) if compact else board_text.headline(found)
        run.emit({}, f"{shown}\nwritten to {place.name}")
    if fail_on_alert and found.alerts:
        run.finish(1)


def _show_once(run: cli.Run, view: board_rows.View) -> None:
    found = board.take(run, view)
    run.emit_line(board.as_document(found), "") if run.as_json else run.emit({}, board_text.compact(found) + "\n")
    sys.stdout.flush()


def _text(found: board_rows.Board, form: str) -> str:
    return files.dump_json(board.as_document(found)).decode() if form == "json" else board_text.markdown(found)


def _write(run: cli.Run, found: board_rows.Board, form: str, output: str | None) -> Place:
    markdown = board_text.markdown(found).encode("utf-8", "backslashreplace")
    content = board.as_document(found) if form == "json" else markdown
    folder = run.workspace.report.child("manager")
    if output is None:
        return receipts.write_stamped(folder, "coordination-dashboard", _SUFFIX[form], content, run.now)
    place = receipts.output_place(run.workspace, output, folder)
    receipts.replace(place, content)
    return place


@cli.command(main, "clear")
@cli.option("--agent", required=True, type=cli.AGENT, help="Whose entry it is; the acting seat is the manifest's.")
@cli.option("--note", type=cli.LINE, default="", help="What was done about it.")
def clear(run: cli.Run, agent: str, note: str) -> None:
    """Clear an agent's dirty handoffs; the receipts stay."""
    _settle(run, agent, handoffs.CLEARED, note, "")


@cli.command(main, "reassign")
@cli.option("--agent", required=True, type=cli.AGENT, help="Whose entry it is; the acting seat is the manifest's.")
@cli.option("--to", "to", required=True, type=cli.AGENT, help="Who looks after it from now on.")
@cli.option("--note", required=True, type=cli.LINE, help="Why.")
def reassign(run: cli.Run, agent: str, to: str, note: str) -> None:
    """Give an agent's dirty handoffs to another; the receipts stay."""
    _settle(run, agent, handoffs.REASSIGNED, note, to)


def _settle(run: cli.Run, agent: str, kind: str, note: str, to: str) -> None:
    settled = handoffs.settle(run, agent, kind, note, to)
    lines = [settled.event.summary if settled and settled.event else f"{agent} has no open dirty handoff"]
    receipts = list(settled.event.receipts) if settled and settled.event else []
    lines += [f"- {path}" for path in receipts]
    run.emit({"records": settled.records if settled else [], "receipts": receipts}, "\n".join(lines))


if __name__ == "__main__":
    cli.main(main)
