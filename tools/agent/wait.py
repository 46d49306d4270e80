#!/usr/bin/env python3
"""Wait until something comes: mail, an answer, a task given back, a task that is ready; exit 1 when the time is over."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from datetime import timedelta

from tools.core.cli import app as cli
from tools.core.errors import UsageError
from tools.core.text import terminal


@cli.command(doc=__doc__, writes=True)
@cli.option(
    "--for",
    "kinds",
    multiple=True,
    type=cli.Choice(["mail", "reply", "release", "ready"]),
    help="What ends the wait (default mail). May be repeated.",
)
@cli.option("--task", type=cli.TASK, help="The task whose release is waited for.")
@cli.option("--timeout", type=cli.DURATION, default="9m", show_default=True, help="How long at most.")
def main(run: cli.Run, *, kinds: tuple[str, ...], task: str | None, timeout: timedelta) -> None:
    from tools.core.integrations import waiting

    if "release" in kinds and task is None:
        raise UsageError("--for release needs --task", code="wait.task")
    run.warn(run.losses())
    wish = waiting.Wish(kinds or (waiting.MAIL,), task or "")
    arrivals = waiting.wait(run, wish, timeout.total_seconds())
    text = "\n".join(terminal.clean(waiting.line_of(part)) for part in arrivals)
    run.emit({"arrivals": [waiting.document(part) for part in arrivals]}, text or "nothing came")
    if not arrivals:
        run.finish(1)


if __name__ == "__main__":
    cli.main(main)
