"""What should be: for each file the wishes of those who own a part of it. Pure but for two questions about folders."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from tools.core.errors import UsageError
from tools.core.integrations.vendors import registry
from tools.core.integrations.vendors.vendor import FileWish, ManualStep, ProgramWish, Where
from tools.core.setup import git_hooks, instructions

GIT = "git"
"""What setup takes beside the programs: the guard in git's hooks."""

ORDER = (*registry.NAMES, GIT)
"""The order in which programs are set up, whatever order they were named in."""

ALL = "all"
"""Every program that is on the path."""

INSTRUCTIONS = "instructions"
EXCLUDE = "exclude"


class Options(NamedTuple):
    """How a clone is set up; one for all its programs, kept in the ledger."""

    scope: str = "project"
    guard: str = "claims"
    allow_commits: bool = False
    mcp: bool = True
    instructions: str = ""  # the checkout they were written in, "" for none

    def document(self) -> dict[str, Any]:
        """The options as the ledger has them."""
        return self._asdict()


class Plan(NamedTuple):
    """The files, what programs have to do, and what only a person can do."""

    files: dict[str, dict[str, FileWish]]  # by path, then by owner
    programs: dict[str, list[ProgramWish]]
    manual: list[ManualStep]


def require_names(names: list[str]) -> list[str]:
    """The programs meant, in our order; UsageError for one that is not known."""
    for name in names:
        if name not in (*ORDER, ALL):
            import difflib

            near = difflib.get_close_matches(name, [*ORDER, ALL], 1)
            meant = f"; did you mean {near[0]}?" if near else f"; known: {', '.join([*ORDER, ALL])}"
            raise UsageError(f"no program {name!r}{meant}", code="setup.unknown")
    return [name for name in (*ORDER, ALL) if name in names]


def plan(clis: list[str], where: Where, options: Options, claude_file: str | None) -> Plan:
    """What should be for some programs in a clone."""
    files: dict[str, dict[str, FileWish]] = {}
    programs: dict[str, list[ProgramWish]] = {}
    manual: list[ManualStep] = []
    if GIT in clis:
        wishes, manual = git_hooks.wishes(where)
        files.update({wish.path: {GIT: wish} for wish in wishes})
    agents = [name for name in clis if name != GIT]
    for name in agents:
        vendor = registry.vendor_of(name)
        assert vendor is not None
        for wish in vendor.files(where):
            files.setdefault(wish.path, {})[name] = wish
        programs[name] = vendor.programs(where)
        manual = [*manual, *vendor.manual(where)]
    if options.instructions and agents:
        for wish in instructions.wishes(options.instructions, agents, claude_file):
            if not os.path.islink(wish.path) or wish.path.endswith(instructions.AGENTS_FILE):
                files.setdefault(wish.path, {})[INSTRUCTIONS] = wish
    return Plan(files, programs, manual)


def exclusion(paths: list[str], where: Where) -> FileWish:
    """The block that keeps git from seeing the machine-local files that setup made, in all worktrees."""
    names = sorted({_relative(path, where) for path in paths})
    text = "".join(f"/{name}\n" for name in names if name)
    return FileWish(f"{where.common}/info/exclude", "hash", text=text)


def _relative(path: str, where: Where) -> str:
    """The path inside the innermost worktree it lies in; "" outside all of them."""
    roots = [root for root in where.worktrees if path.startswith(root + "/")]
    return path[len(max(roots, key=len)) + 1 :] if roots else ""
