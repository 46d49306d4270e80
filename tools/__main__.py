"""The index of commands, `init`, and the console script `teof`."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from tools.core import catalogue, cli
from tools.core.errors import UsageError

main_group = cli.group(
    "Several coding agents and a manager share one git repository.\n\nWithout a command: the list of all commands."
)
main_group.invoke_without_command = True


def main() -> None:
    """`teof <command> …` and `python -m tools …`."""
    given = sys.argv[1:]
    if given and not given[0].startswith("-") and given[0] != "init":
        _run(given[0], given[1:])
    if not given or given[0] in ("--json",):
        cli.main(index, given)
    cli.main(main_group, given)


def _run(name: str, given: list[str]) -> None:
    module = catalogue.module_of(name)
    if module is None:
        cli.main(_unknown(name), [])
    command: Any = importlib.import_module(str(module)).main
    cli.main(command, given)


def _unknown(name: str) -> Any:
    @cli.command(doc="")
    def refuse(run: cli.Run) -> None:
        raise UsageError(f"no command {name!r}", code="usage", hint="python -m tools")

    return refuse


@cli.command(doc="List all commands, one line each.")
def index(run: cli.Run) -> None:
    rows = catalogue.commands()
    width = max(len(row.shown) for row in rows)
    lines = [f"  {row.shown:<{width}}  {row.sentence}" for row in rows]
    document = {"commands": [{"name": row.shown, "module": row.module, "summary": row.sentence} for row in rows]}
    run.emit(document, "\n".join(["commands (each takes --help, --json, --root):", *lines]))


@cli.command(main_group, "init")
@cli.option("--agent", type=cli.AGENT, help="Make this checkout the seat of an agent.")
@cli.repeated("--role", type=cli.LINE, help="A role of that seat, such as manager.")
@cli.option(
    "--bus",
    type=cli.Choice(["branch", "folder"]),
    help="The bus as a worktree of its own branch, or as a plain folder.",
)
@cli.option("--dry-run", is_flag=True, help="Say what would be done.")
def init(run: cli.Run, agent: str | None, role: tuple[str, ...], bus: str | None, dry_run: bool) -> None:
    """Make this git repository ready: folders, ignore lines, the bus, a seat."""
    from tools.core import repository

    done = repository.prepare(run.workspace, agent=agent, roles=role, bus=bus, dry_run=dry_run)
    verb = "would " if dry_run else ""
    lines = [f"{verb}{step}" for step in done.steps] or ["nothing to do: this repository is ready"]
    run.emit({"steps": done.steps, "dry_run": dry_run, "hints": done.hints}, "\n".join(lines))
    for hint in done.hints:
        run.note(f"hint: {hint}")


if __name__ == "__main__":
    main()
