"""A clone as setup sees it: where it is, what is set up in it, and the request that a command line makes of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.fs import folders
from tools.core.gitdir import common_folder, git_folder
from tools.core.integrations.vendors import registry
from tools.core.integrations.vendors.vendor import Where
from tools.core.seats.seat import reading
from tools.core.setup import instructions, ledger, programs
from tools.core.setup import plan as plans
from tools.core.setup.agents import Request, Result, set_up
from tools.core.setup.decide import decide
from tools.core.setup.launchers import Programs
from tools.core.setup.ledger import Ledger
from tools.core.setup.plan import Options
from tools.core.workspace import REPORT, Place, Workspace, worktrees


class Clone(NamedTuple):
    """A clone with a bus; `common` is git's common folder, `server` the command of the MCP server."""

    workspace: Workspace
    common: str
    home: str
    server: tuple[str, ...]
    ledger: Ledger


class Row(NamedTuple):
    """What there is of one program; `drifted` counts the files that differ from what setup would write."""

    cli: str
    title: str
    installed: bool
    set_up: bool
    drifted: int


def find(workspace: Workspace, home: str, server: Sequence[str]) -> Clone:
    """The clone around a checkout; SetupError outside git and without a bus."""
    own = git_folder(workspace.root)
    if own is None:
        raise SetupError(f"{workspace.root} is not a git repository", code="repository.none", hint=hint.git("init"))
    if not os.path.isdir(workspace.bus.path):
        raise SetupError("there is no bus here yet", code="setup.no_bus", hint=hint.init("--agent", hint.WORDS))
    common = os.path.realpath(common_folder(own))
    return Clone(workspace, common, os.path.realpath(home), tuple(server), ledger.read(common))


def place(clone: Clone, options: Options) -> Where:
    """Where things are: the main checkout, and every worktree that has a seat."""
    main = os.path.realpath(clone.workspace.bus_root)
    seated = [root for root in worktrees(clone.workspace) if _has_seat(root)]
    return Where(
        main,
        tuple(dict.fromkeys([main, *seated])),
        clone.common,
        clone.home,
        clone.server,
        options.scope == "user",
        options.allow_commits,
        options.mcp,
    )


def _has_seat(root: str) -> bool:
    return os.path.isdir(root) and reading(Workspace(root, root)) is not None


def options_of(clone: Clone) -> Options:
    """The options the clone is set up with."""
    options = {key: value for key, value in clone.ledger.options.items() if key in Options._fields}
    return Options(**options)


def request(
    clone: Clone,
    names: Sequence[str],
    asked: Mapping[str, Any],
    *,
    without_instructions: bool,
    remove: bool,
    dry_run: bool,
) -> Request:
    """What a command line asks for; what it does not say stays as the clone is set up."""
    options = options_of(clone)
    if asked.get("scope"):
        options = options._replace(scope=asked["scope"])
    if asked.get("guard"):
        options = options._replace(guard=asked["guard"])
    if asked.get("allow_commits") is not None:
        options = options._replace(allow_commits=True)
    if asked.get("no_mcp") is not None:
        options = options._replace(mcp=False)
    if without_instructions:
        options = options._replace(instructions="")
    elif not remove and not options.instructions and any(name != plans.GIT for name in names):
        options = options._replace(instructions=os.path.realpath(clone.workspace.root))
    return Request(_meant(clone, names, remove=remove), options, remove, dry_run)


def _meant(clone: Clone, names: Sequence[str], *, remove: bool) -> list[str]:
    if "all" not in names:
        return list(names)
    if remove:
        return list(clone.ledger.clis)
    installed = [row.cli for row in overview(clone) if row.installed]
    return [name for name in plans.ORDER if name in {*names, *installed}]


def overview(clone: Clone) -> list[Row]:
    """Every supported program, installed or not."""
    rows = []
    options = options_of(clone)
    for name in registry.NAMES:
        vendor = registry.vendor_of(name)
        assert vendor is not None
        is_set_up = name in clone.ledger.clis
        drifted = len(drift(clone, options, name)) if is_set_up else 0
        rows.append(Row(name, vendor.TITLE, programs.is_installed(vendor.PROGRAM), is_set_up, drifted))
    return rows


def drift(clone: Clone, options: Options, cli: str) -> list[str]:
    """The files of a program that differ from what setup would write now."""
    text = instructions.claude_text(options.instructions) if options.instructions else None
    where = place(clone, options)
    wanted = plans.plan(clone.ledger.clis, where, options, text)
    changes = decide(clone.ledger, wanted, where, keep_instructions=True)
    return [path for path, change in changes.items() if change.is_real and cli in wanted.files.get(path, {})]


def line_of(row: Row) -> str:
    """One program in one line."""
    state = "set up" if row.set_up else "not set up"
    if row.drifted:
        state += f", {row.drifted} files differ"
    return f"{row.cli:<9} {'installed' if row.installed else 'not on PATH':<12} {state}"


def repeat(clone: Clone, tools: Programs) -> Result | None:
    """Gives each worktree its share of what is set up; None where nothing is."""
    if not clone.ledger.clis:
        return None
    options = options_of(clone)
    return set_up(Request([], options, repeats=True), place(clone, options), tools)


def fix(clone: Clone, tools: Programs) -> list[str]:
    """Does what is safe: makes missing folders and repeats what the ledger says is set up; what was done."""
    session = Place(clone.workspace.bus_root, f"{REPORT}/session")
    steps = []
    if not os.path.isdir(session.path):
        folders.make_folder(session)
        steps.append(f"make {session.path}")
    result = repeat(clone, tools)
    return [*steps, *(result.changes if result else [])]
