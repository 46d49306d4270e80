"""What only a program itself can put into its settings; started for nothing else, and never waited for long.

Where it is absent or refuses, the very command becomes a step for a person.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence

from tools.core.integrations.vendors.vendor import ManualStep, ProgramWish, Where
from tools.core.setup.ledger import Ledger
from tools.core.setup.plan import GIT, Options, Plan

PATIENCE = 20.0
"""Seconds a program may take."""


def missing_package(clis: Sequence[str], options: Options) -> list[ManualStep]:
    """What has to be installed before the programs can start the MCP server that they are told to start."""
    from importlib.util import find_spec

    agents = [cli for cli in clis if cli != GIT]
    if not agents or not options.mcp or find_spec("mcp") is not None:
        return []
    from tools.core.integrations.mcp.server import MISSING

    return [
        ManualStep(
            agents[0],
            shlex.join([MISSING.commands[0].program, *MISSING.commands[0].arguments]),
            "the MCP server needs it, and Codex begins no session without its server",
        )
    ]


def settle(place: Where, kept: Ledger, wanted: Plan, *, dry_run: bool) -> list[ManualStep]:
    """Runs what has to be run, remembers it in the ledger, and returns what a person has to do instead."""
    manual: list[ManualStep] = []
    for cli, wishes in wanted.programs.items():
        done = kept.programs.get(cli, [])
        for wish in wishes:
            command = [list(wish.add), list(wish.remove)]
            if command in done:
                continue
            if dry_run or not _run(place, wish):
                step = f"cd {shlex.quote(place.main)} && {shlex.join(wish.add)}"
                manual.append(ManualStep(cli, step, "the program keeps this setting itself"))
            else:
                kept.programs.setdefault(cli, []).append(command)
    for cli in [cli for cli in kept.programs if cli not in wanted.programs]:
        if not dry_run:
            for _, remove in kept.programs.pop(cli):
                _start(place, remove)
    return manual


def _run(place: Where, wish: ProgramWish) -> bool:
    _start(place, list(wish.remove))  # one of another time or place would be in the way
    return _start(place, list(wish.add))


def _start(place: Where, command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    try:
        done = subprocess.run(
            command, cwd=place.main, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def is_installed(program: str) -> bool:
    """Whether a program is on the path."""
    return shutil.which(program) is not None


def said(*command: str, seconds: float = 5.0) -> str:
    """What a program says on stdout; "" when it fails, hangs or is not there."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def in_login_shell(name: str) -> str:
    """Where a login shell, as agents' programs start one, finds a command; "" for nowhere."""
    return said("sh", "-lc", f"command -v {shlex.quote(name)}").strip()
