"""Whether a seat may edit a path while others hold claims: one rule for hooks, commits, pushes and MCP.

Only an active claim of another seat that names paths guards anything; a paused, released or finished one does
not, and neither does a claim without paths. A path is relative to the root of the checkout, with `/`.
"""

from __future__ import annotations

from tools.core.bus.rules import path_patterns
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Protocol

    class GuardingClaim(Protocol):
        """What the rule reads of a claim."""

        @property
        def task_id(self) -> str: ...
        @property
        def agent_id(self) -> str: ...
        @property
        def state(self) -> str: ...
        @property
        def paths(self) -> Sequence[str]: ...


OFF, CLAIMS, OWN, STRICT = LEVELS = ("off", "claims", "own", "strict")
"""What is refused: nothing, paths others claim, also edits without a claim, also edits outside the seat's claims."""

HELD, NO_CLAIM, OUTSIDE = "held", "no_claim", "outside"


class Refusal(NamedTuple):
    """Why this seat may not edit a path; `claim` is the other seat's, or the seat's own where that is too narrow."""

    path: str
    reason: str
    claim: GuardingClaim | None = None


def refusal(path: str, claims: Sequence[GuardingClaim], seat: str, level: str = CLAIMS) -> Refusal | None:
    """Why `seat` ("" for none) may not edit `path`; None when it may."""
    if level == OFF:
        return None
    holder = next(covering(path, [claim for claim in claims if claim.agent_id != seat]), None)
    if holder is not None:
        return Refusal(path, HELD, holder)
    if level == CLAIMS:
        return None
    own = [claim for claim in claims if claim.agent_id == seat and claim.state == "active"]
    if not own:
        return Refusal(path, NO_CLAIM)
    if level == STRICT and all(claim.paths for claim in own) and not next(covering(path, own), None):
        return Refusal(path, OUTSIDE, own[0])
    return None


def covering(path: str, claims: Iterable[GuardingClaim]) -> Iterator[GuardingClaim]:
    """The active claims whose patterns may name a path, in order."""
    place = f"./{path}"  # a bare name is a file of the root here, not a pattern that matches at any depth
    return (
        claim
        for claim in claims
        if claim.state == "active" and any(path_patterns.may_overlap(place, pattern) for pattern in claim.paths)
    )
