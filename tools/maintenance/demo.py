#!/usr/bin/env python3
"""Play a walkthrough in a scratch repository: two agents and a task in a minute, or the whole playbook."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
import shutil
import tempfile
from collections.abc import Iterable

from tools.core import workspace
from tools.core.board import forms
from tools.core.board.model import View
from tools.core.board.view import take
from tools.core.cli import app as cli
from tools.core.context import Context
from tools.core.demo import walkthrough
from tools.core.demo.player import Played, Stage
from tools.core.demo.walkthrough import Scene, Showing

MANAGER = "manager-1"
"""The seat of the walkthroughs whose board is written."""


@cli.command(doc=__doc__)
@cli.argument("name", metavar="WALKTHROUGH", type=cli.Choice(walkthrough.names()), default="minute")
@cli.option("--keep", is_flag=True, help="Keep the scratch folder and print its path.")
@cli.option(
    "--board",
    type=cli.LINE,
    help="Where the manager's board goes as a page; by default a new file among the temporary ones.",
)
def main(run: cli.Run, *, name: str, keep: bool, board: str | None) -> None:
    top = tempfile.mkdtemp(prefix="teof-demo-")
    try:
        deviations = play(run, top, walkthrough.load(name))
        if not deviations and os.path.isdir(os.path.join(top, MANAGER)):
            _write_board(run, os.path.join(top, MANAGER), board or _new_page())
    finally:
        if keep:
            run.note(f"kept: {top}")
        else:
            shutil.rmtree(top, ignore_errors=True)
    if deviations:
        run.finish(1)


def _new_page() -> str:
    handle, path = tempfile.mkstemp(prefix="teof-board-", suffix=".html")
    os.close(handle)
    return path


def _write_board(run: cli.Run, root: str, path: str) -> None:
    view = take(Context(workspace.find(root, {})), View())
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="backslashreplace") as page:
        page.write(forms.document(view))
    _emit_lines(run, f"\nthe board as a page: {os.path.abspath(path)}", {"board": os.path.abspath(path)})


def play(run: cli.Run, top: str, scenes: Iterable[Scene]) -> list[str]:
    """Plays scenes until a scene deviates, and returns its deviations."""
    stage = Stage(top)
    count = 0
    number = 0
    for scene in scenes:
        number += scene.showing is not Showing.QUIET
        if not run.as_json and scene.showing is not Showing.QUIET:
            why = f"\n{scene.why}" if scene.why and scene.showing is Showing.SOME else ""
            _emit_lines(run, f"\n== {number}. {scene.title} =={why}")
        deviations = []
        for played in stage.play(scene):
            count += 1
            _show(run, scene, played)
            deviations += [f"{played.seat} $ {played.command}: {deviation}" for deviation in played.deviations]
        if deviations:
            run.warn(f"deviates: {deviation}" for deviation in deviations)
            if run.as_json:
                run.emit_line({"commands": count, "deviations": deviations}, "")
            return deviations
    _emit_lines(run, f"\n{count} command{'s' * (count != 1)}, all as expected", {"commands": count, "deviations": []})
    return []


def _show(run: cli.Run, scene: Scene, played: Played) -> None:
    if run.as_json:
        facts = {"scene": scene.title, "who": played.seat, "command": played.command, "exit": played.exit}
        run.emit_line({**facts, "output": "\n".join(played.output), "deviations": played.deviations}, "")
        return
    if played.showing is Showing.QUIET and not played.deviations:
        return
    _emit_lines(run, f"{played.seat} $ {played.command}")
    for line in played.telling() + ([f"[exit {played.exit}]"] if played.exit else []):
        _emit_lines(run, f"    {line}")


def _emit_lines(run: cli.Run, text: str, document: dict[str, object] | None = None) -> None:
    for line in text.split("\n"):
        if line or not run.as_json:
            run.emit_line(document or {}, line)


if __name__ == "__main__":
    cli.main(main)
