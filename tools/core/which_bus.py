"""Which bus is this clone's: the one that is here, none yet, or one that has to be joined before anything is written.

A second bus in one clone would give each task to two agents. So what a clone knows of a bus (a branch,
here or at a remote, or the registration of a worktree whose files are gone) stands in the way of a new one.
"""

from __future__ import annotations

import os

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.gitdir import common_folder, git_folder, places_of_branch, registrations
from tools.core.plain import NamedTuple
from tools.core.workspace import BUS, Workspace

BRANCH = "bus"
HERE, NONE, APART, UNSEEN = "here", "none", "apart", "unseen"


class Answer(NamedTuple):
    """HERE, NONE, APART (there is one to join) or UNSEEN (its folder cannot be seen now), and what says so."""

    state: str
    sign: str = ""


def may_be_on_server(workspace: Workspace) -> bool:
    """Whether something says where the bus is; a signpost may also say that it came back to files."""
    return workspace.store not in ("", "files") or os.path.lexists(workspace.signpost.path)


def find(workspace: Workspace) -> Answer:
    """Which bus this clone has, from files alone; a plain folder beside a branch counts as APART.

    Where git keeps its refs in no plain file, only the registration of a bus is a sign.
    """
    bus = workspace.bus.path
    if may_be_on_server(workspace):
        return Answer(HERE)
    if os.path.lexists(os.path.join(bus, ".git")) or is_plain_on_purpose(workspace):
        return Answer(HERE)
    own = git_folder(workspace.root)
    common = common_folder(own) if own else ""
    is_there = os.path.isdir(bus)
    sign = _sign(common) if common else ""
    if not sign:
        return Answer(HERE if is_there else NONE)
    if not is_there and _is_unseen(workspace, os.path.realpath(common)):
        return Answer(UNSEEN, workspace.bus_root)
    return Answer(APART, sign)


def require_none_elsewhere(workspace: Workspace) -> None:
    """SetupError where a first record would begin a second bus."""
    answer = find(workspace)
    if answer.state in (APART, UNSEEN):
        raise apart_error(answer)


def apart_error(answer: Answer) -> SetupError:
    """The refusal to begin a bus where there is one already."""
    if answer.state == UNSEEN:
        return SetupError(
            f"the files of the main checkout {answer.sign}, where the live bus is, cannot be seen from here: mount it",
            code="bus.unseen",
            hint=hint.program("ls", "-la", answer.sign),
        )
    return SetupError(
        f"{answer.sign} has the bus of this clone, which is not joined here",
        code="bus.apart",
        hint=hint.init(),
    )


def is_plain_on_purpose(workspace: Workspace) -> bool:
    """Whether `init --bus folder` made the folder: it has a map, and nothing that a bus with a branch begins with."""
    bus = workspace.bus.path
    return os.path.isfile(os.path.join(bus, "README.md")) and not os.path.lexists(os.path.join(bus, ".gitignore"))


def _sign(common: str) -> str:
    places = places_of_branch(common, BRANCH) or ()
    if "" in places:
        return f"the branch {BRANCH}"
    if places:
        return f"{places[0]}/{BRANCH}"
    registered = registrations(common, BUS, BRANCH)
    return registered[0] if registered else ""


def _is_unseen(workspace: Workspace, common: str) -> bool:
    """Whether only the git folder of the main checkout is visible, as in a container: its files are not."""
    if workspace.root == workspace.bus_root or workspace.bus_root != os.path.dirname(common):
        return False
    try:
        names = os.listdir(workspace.bus_root)
        with open(os.path.join(common, "index"), "rb") as index:
            header = index.read(12)
    except OSError:
        return not os.path.isdir(workspace.bus_root)
    return names == [os.path.basename(common)] and int.from_bytes(header[8:], "big") > 0
