"""Where a call comes from: its checkout, the live bus, whose seat it is, who holds what.

Read without a process, a lock or anything that costs a start; what cannot be read is not there.
"""

from __future__ import annotations

import os

from tools.core import gitdir, ids, plain_json, which_bus, workspace
from tools.core.errors import ToolkitError
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.files import small
from tools.core.workspace import MANIFEST, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.core.context import Context


class Surroundings(NamedTuple):
    """A checkout with a bus; `seat` is "" where nobody's manifest is."""

    workspace: Workspace
    folder: str
    seat: str
    manifest: str  # the absolute path of the manifest that names the seat
    server: Context | None = None  # what to ask where the bus is on a server


def find(folder: str, environment: Mapping[str, str], project: str) -> Surroundings | None:
    """What surrounds a folder; None where there is no bus. `project` names the variable of a parent's checkout."""
    here = _workspace(folder, environment)
    if here is None or not (os.path.isdir(here.bus.path) or which_bus.may_be_on_server(here)):
        return None
    bound = environment.get("TEOF_MANIFEST")
    place = os.path.join(here.root, bound or MANIFEST)
    seat = seat_of(place)
    parent = environment.get(project, "") if project and not seat and not bound else ""
    if parent and os.path.isabs(parent):
        other = _workspace(parent, environment)
        if other is not None and clone_of(other.root) == clone_of(here.root):
            place = os.path.join(other.root, MANIFEST)
            seat = seat_of(place)
    return Surroundings(here, folder, seat, place if seat else "")


def _workspace(folder: str, environment: Mapping[str, str]) -> Workspace | None:
    try:
        return workspace.find(folder, environment)
    except (ToolkitError, OSError, ValueError):
        return None


def seat_of(manifest: str) -> str:
    """The agent that a manifest names; "" for the template, for damage and for what is not there."""
    try:
        agent = plain_json.load_object(small.read(os.path.realpath(manifest)) or b"").get("agent_id")
    except (ValueError, OSError):
        return ""
    return agent if isinstance(agent, str) and ids.is_agent(agent) and agent != ids.TEMPLATE_AGENT else ""


def clone_of(root: str) -> str:
    """What all worktrees of one clone share: git's common folder, else the root itself."""
    git = gitdir.git_folder(root)
    return os.path.realpath(gitdir.common_folder(git)) if git else root


class Target(NamedTuple):
    """A file that is about to change: relative to the worktree it lies in, or inside the live bus."""

    name: str
    is_bus: bool


def target_of(here: Surroundings, path: str) -> Target | None:
    """A path as its tool was given it, links of its parents followed; None outside this clone."""
    try:
        whole = os.path.join(here.folder, path)
        parent, name = os.path.split(os.path.normpath(whole) if path.endswith("/") else whole)
        absolute = os.path.normpath(os.path.join(os.path.realpath(parent), name))
        if _is_inside(absolute, os.path.realpath(here.workspace.bus.path)):
            return Target(os.path.relpath(absolute, here.workspace.bus_root), True)
        around = absolute if os.path.isdir(absolute) and not os.path.islink(absolute) else os.path.dirname(absolute)
        root = workspace.find(around, {}).root
    except (ToolkitError, OSError, ValueError):
        return None
    if root != here.workspace.root and clone_of(root) != clone_of(here.workspace.root):
        return None
    return Target(os.path.relpath(absolute, root).replace(os.sep, "/"), False) if _is_inside(absolute, root) else None


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)
