#!/usr/bin/env python3
"""The manager's board: alarms, the commands that clear them, and the work of every agent."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
import sys
import time
from contextlib import suppress
from datetime import timedelta
from typing import NoReturn

from tools.core.board import build, forms, model, text
from tools.core.board.view import take as take_view
from tools.core.bus import handoffs
from tools.core.cli import app as cli
from tools.core.receipts import outputs, write
from tools.core.workspace import Place

RETIRED_AGENTS: tuple[str, ...] = ()
"""Retired agents: no board and no heartbeat check alarms for them. A plain tuple of ids."""

main = cli.group(__doc__)


@cli.command(main, "report")
@cli.option(
    "--format",
    "form",
    type=cli.Choice(sorted(forms.SUFFIXES)),
    help="Of the file (default: json or html where --output ends so, else markdown).",
)
@cli.option("--output", help="Where the file goes (default: _report/manager/); - prints it instead.")
@cli.manager_window
@cli.agent_window
@cli.option("--messages", type=cli.COUNT, default=model.MESSAGES, show_default=True, help="The last N directives.")
@cli.option("--compact", is_flag=True, help="Print every section in few lines.")
@cli.option(
    "--follow",
    type=cli.SECONDS,
    help="Print the compact board again every S seconds, until Ctrl-C; with html the file is written anew instead.",
)
@cli.option("--fail-on-alert", is_flag=True, help="Exit 1 when there are alerts.")
def report(
    run: cli.Run,
    *,
    form: str | None,
    output: str | None,
    manager_window: timedelta,
    agent_window: timedelta,
    messages: int,
    compact: bool,
    follow: float | None,
    fail_on_alert: bool,
) -> None:
    """Write the board and print its verdict; github without --output goes to the summary of a GitHub job."""
    form = form or forms.by_name(output or "")
    options = model.View(manager_window, agent_window, messages, RETIRED_AGENTS, run.manager)
    if follow is not None:
        with suppress(KeyboardInterrupt):
            if form == "html":
                _follow_page(run, options, output, follow)
            _follow(run, options, follow)
        return
    board = forms.make(run, form, options, run.manager)
    place = "" if output == "-" else _written(run, board.text, form, output)
    if run.as_json or (not place and form == "json"):
        run.emit_raw(forms.json_text(board.board))
    elif not place:
        run.emit_raw(text.compact(board.board) if compact and form == "markdown" else board.text)
    else:
        shown = text.compact(board.board) if compact else text.headline(board.board)
        run.emit({}, f"{shown}\nwritten to {place}")
    if fail_on_alert and board.board.alerts:
        run.finish(1)


@cli.command(main, "show")
@cli.manager_window
@cli.agent_window
def show(run: cli.Run, *, manager_window: timedelta, agent_window: timedelta) -> None:
    """Show the board in few lines; writes nothing."""
    options = model.View(manager_window, agent_window, retired=RETIRED_AGENTS, reader=run.manager)
    board = build.take(run, options)
    run.emit(build.as_document(board), text.compact(board))


def _follow(run: cli.Run, options: model.View, seconds: float) -> NoReturn:
    while True:
        run.store.history.refresh()
        board = build.take(run.at_present(), options)
        if run.as_json:
            run.emit_line(build.as_document(board), "")
        else:
            run.emit({}, text.compact(board) + "\n")
        sys.stdout.flush()
        time.sleep(seconds)


def _follow_page(run: cli.Run, options: model.View, output: str | None, seconds: float) -> NoReturn:
    """Writes the page whenever something but the time has changed."""
    place, before = None, None
    while True:
        run.store.history.refresh()
        view = take_view(run.at_present(), options, run.manager)
        if (substance := forms.substance(view)) != before:
            data = forms.document(view, seconds).encode("utf-8", "backslashreplace")
            if place is None:
                place = _file(run, data, "html", output)
                run.emit_line({"path": place.name}, f"writing {place.name} whenever something changes")
            outputs.replace_output(place, data)
            before = substance
        time.sleep(seconds)


def _written(run: cli.Run, text: str, form: str, output: str | None) -> str:
    """Writes the text and returns the name of its file."""
    data = text.encode("utf-8", "backslashreplace")
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if form == "github" and output is None and summary:
        with open(summary, "ab") as job:  # other steps write there as well
            job.write(data)
        return summary
    return _file(run, data, form, output).name


def _file(run: cli.Run, data: bytes, form: str, output: str | None) -> Place:
    folder = run.workspace.report.child("manager")
    if output is None:
        return write.write_stamped(folder, "coordination-dashboard", forms.SUFFIXES[form], data, run.now)
    place = outputs.output_place(run.workspace, output, folder)
    outputs.replace_output(place, data)
    return place


@cli.command(main, "clear")
@cli.option(
    "--agent", required=True, type=cli.AGENT, help="The owner of the entry; the acting seat is the one of the manifest."
)
@cli.option("--note", type=cli.LINE, default="", help="The action taken.")
def clear(run: cli.Run, *, agent: str, note: str) -> None:
    """Clear an agent's dirty handoffs; the receipts stay."""
    _settle(run, agent, handoffs.CLEARED, note, "")


@cli.command(main, "reassign")
@cli.option(
    "--agent", required=True, type=cli.AGENT, help="The owner of the entry; the acting seat is the one of the manifest."
)
@cli.option("--to", "to", required=True, type=cli.AGENT, help="The new owner.")
@cli.option("--note", required=True, type=cli.LINE, help="The reason.")
def reassign(run: cli.Run, *, agent: str, to: str, note: str) -> None:
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
