"""Who makes a call, and where: looked up at every call, because one server may serve several sessions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tools.core import workspace
from tools.core.context import Context
from tools.core.errors import GuardError, ToolkitError
from tools.core.integrations.hooks.surroundings import clone_of
from tools.core.seats.seat import acting, reading
from tools.core.workspace import Workspace

_TURN = "x-codex-turn-metadata"
_PARENT = "CLAUDE_PROJECT_DIR"


def context_of(meta: Mapping[str, Any], environment: Mapping[str, str], folder: str, *, needs_seat: bool) -> Context:
    """The context a call acts in: the caller's own checkout where it says so, else the parent's, else the server's.

    Raises what is missing (no checkout, no bus, no seat), and GuardError for a call from another clone.
    """
    bound = environment.get("TEOF_MANIFEST") or None
    own = _workspace(environment.get(_PARENT) or folder, environment)
    here = own
    caller = _caller(meta) if bound is None else None
    if caller is not None:
        here = workspace.find(caller, environment)
        if own is not None and clone_of(here.root) != clone_of(own.root):
            raise GuardError(f"{caller} is not a worktree of {own.root}", code="seat.elsewhere")
    if here is None:
        here = workspace.find(environment.get(_PARENT) or folder, environment)
    seat = acting(here, None, bound) if needs_seat else reading(here, bound)
    return Context(here, seat=seat)


def _caller(meta: Mapping[str, Any]) -> str | None:
    """The one workspace that a call's metadata names."""
    turn = meta.get(_TURN)
    spaces = turn.get("workspaces") if isinstance(turn, Mapping) else None
    names = [name for name in spaces if isinstance(name, str)] if isinstance(spaces, (list, Mapping)) else []
    return names[0] if len(names) == 1 and os.path.isabs(names[0]) else None


def _workspace(folder: str, environment: Mapping[str, str]) -> Workspace | None:
    try:
        return workspace.find(folder, environment)
    except ToolkitError:
        return None
