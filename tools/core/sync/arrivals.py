"""What one turn of an exchange brought in, what it left out, and what the shared branch turned out to have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tools.core.problem import Problem

_SHOWN = 5
"""Files that are left out and named; more of them are counted."""


class Conflict(NamedTuple):
    """A live claim of this clone that another clone's had beaten to the remote."""

    task: str
    holder: str
    loser: str


class Source(NamedTuple):
    """Where records come from: a ref, the commit it names, and whether it is what all clones share."""

    ref: str
    commit: str
    is_shared: bool

    @property
    def shown(self) -> str:
        """The ref as people are shown it."""
        return self.ref.removeprefix("refs/remotes/").removeprefix("refs/heads/").removeprefix("refs/")


@dataclass
class Arrivals:
    """What came in one turn, and what of the live bus the shared branch turned out to have."""

    received: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    shared: dict[str, list[bytes]] = field(default_factory=dict)
    """By log, the lines the shared branch has beyond what is remembered of it."""

    documents: set[str] = field(default_factory=set)
    """The documents that were changed in any place."""

    gone: dict[str, int] = field(default_factory=dict)
    """By log, how many lines the shared branch had and has no longer as they were."""

    def leave_out(self, source: Source, refused: Sequence[Problem]) -> None:
        """Names what of a source was not taken in."""
        shown = list(refused[:_SHOWN])
        if len(refused) > len(shown):
            shown.append(refusal("", f"{len(refused) - len(shown)} more files are not part of a bus"))
        self.problems += [
            problem._replace(path=f"{source.shown}:{problem.path}", reason=f"left out: {problem.reason}")
            for problem in shown
        ]


def refusal(path: str, reason: str) -> Problem:
    """Why a file or a document of a source is not taken in."""
    return Problem(path, 1, reason, "sync.left_out")
