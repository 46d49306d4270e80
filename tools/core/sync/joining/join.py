"""A clone joins the bus of its branch: the same records, by the same rules, as an exchange brings.

The folder gets what the branch and the remote have before its pointer is put in place: a join that
dies half-way is no worktree yet, and the next one starts from the same records. Where the branch says that
the bus is on a server, the clone follows it there.
"""

from __future__ import annotations

from typing import NamedTuple

from tools.core import templates
from tools.core.context import Context
from tools.core.fs import files, folders, locks
from tools.core.problem import Problem
from tools.core.sync import bus_branch, bus_commits
from tools.core.sync.arrivals import Conflict
from tools.core.sync.bus_branch import BRANCH
from tools.core.sync.bus_commits import Carrier
from tools.core.sync.joining import newcomer
from tools.core.sync.turn import Turn


class Joined(NamedTuple):
    """What joining came to; `silent` is a remote that could not be asked."""

    silent: str = ""
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def news(self) -> tuple[str, ...]:
        """What the user should know of it, as sentences."""
        lost = (f"another clone was first: {each.loser} lost {each.task} to {each.holder}" for each in self.conflicts)
        return (*map(str, self.problems), *lost)


def join(context: Context, agent: str) -> Joined:
    """Makes the bus a worktree of its branch, the remote's where there is one; keeps all live records.

    The caller holds the lock of the common git folder. `agent` names the sender of notices of
    lost claims, "" where there is no seat. Also ties a bus to its git folder again after a move.
    """
    workspace = context.workspace
    folders.make_folder(workspace.bus)  # refuses a link before git does anything
    origin = bus_branch.ensure(workspace)
    admin = bus_branch.registered(workspace) or bus_branch.register(workspace)
    _write_own_files(context)
    carrier = Carrier(workspace.root, "", BRANCH, workspace.root)
    with Turn(context, agent, carrier, None) as turn:
        turn.receive()
        turn.survey()
        turn.build()
        turn.remember(sent=False)
    bus_branch.tie(workspace, admin)
    bus_commits.list_files(workspace.bus.path, BRANCH)
    lost = newcomer.follow(context, agent, carrier)
    return Joined(origin.silent, (*turn.arrivals.conflicts, *lost), tuple(turn.arrivals.problems))


def _write_own_files(context: Context) -> None:
    """The maps and settings of the folder, which are this toolkit's and never a remote's."""
    workspace = context.workspace
    with locks.hold(workspace.bus, holder=workspace.cache.child("holder")):
        for name, data in templates.bus_files().items():
            if not files.exists(workspace.bus.child(name)):
                files.replace(workspace.bus.child(name), data)
