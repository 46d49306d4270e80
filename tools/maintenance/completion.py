#!/usr/bin/env python3
"""Let a shell complete commands, options and live ids: eval "$(teof maintenance.completion bash)"."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from collections.abc import Iterable

from tools.core.cli import app as cli
from tools.core.cli import completion
from tools.core.errors import ToolkitError


@cli.command(doc=__doc__)
@cli.argument("shell", type=cli.Choice(completion.SHELLS))
@cli.option("--words", is_flag=True, help="Print what may stand for the last of the words behind it, one a line.")
@cli.argument("line", metavar="[WORD]...", nargs=-1)
def main(run: cli.Run, *, shell: str, words: bool, line: tuple[str, ...]) -> None:
    if not words:
        run.emit({"shell": shell, "script": completion.script(shell)}, completion.script(shell).rstrip("\n"))
        return
    names = completion.candidates(line, lambda kind: _ids(run, kind))
    run.emit({"candidates": names}, "\n".join(names))


def _ids(run: cli.Run, kind: str) -> Iterable[str]:
    """The live ids of a kind; none where there is no repository, or none that can be read."""
    try:
        if kind == "TASK":
            return _tasks(run)
        if kind == "AGENT":
            return _agents(run)
        return _plans(run) if kind == "PLAN" else ()
    except ToolkitError:
        return ()


def _tasks(run: cli.Run) -> Iterable[str]:
    from tools.core.backlog import items

    return {*run.store.names("claims"), *(item.task_id for item in items.all_items(run.workspace)[0])}


def _agents(run: cli.Run) -> Iterable[str]:
    from tools.core.seats import manifests

    return {*run.history.agents(), *(variant.agent_id for variant in manifests.variants(run.workspace)[0])}


def _plans(run: cli.Run) -> Iterable[str]:
    from tools.core.plans import storage

    return storage.names(run.workspace)


if __name__ == "__main__":
    cli.main(main)
