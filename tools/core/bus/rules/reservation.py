"""For whom a task is reserved; of the standard library alone, because a session's start asks it for a whole backlog."""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class Earlier(Protocol):
        """Who held a task before."""

        @property
        def agent_id(self) -> str: ...

    class Holding(Protocol):
        """What of a claim decides whether a reservation stands."""

        @property
        def task_id(self) -> str: ...
        @property
        def agent_id(self) -> str: ...
        @property
        def state(self) -> str: ...
        @property
        def is_live(self) -> bool: ...
        @property
        def claimed_at(self) -> str: ...
        @property
        def released_at(self) -> str: ...
        @property
        def paused_by(self) -> str: ...
        @property
        def taken_from(self) -> Earlier | None: ...

    class Reserving(Protocol):
        """What of an assignment reserves a task."""

        @property
        def task_id(self) -> str: ...
        @property
        def engineer(self) -> str | None: ...
        @property
        def assigned_at(self) -> str: ...


def assigned_engineer(assignment: Reserving | None, claim: Holding | None) -> str | None:
    """Whom a task is reserved for; None once that engineer gave it back or was found gone."""
    if assignment is None or assignment.engineer is None:
        return None
    if claim is None or claim.agent_id != assignment.engineer:
        given_on = claim and claim.taken_from and claim.taken_from.agent_id == assignment.engineer
        ended = bool(given_on and claim and _not_before(claim.claimed_at, assignment.assigned_at))
    elif claim.is_live:
        ended = bool(claim.paused_by)
    else:
        ended = _not_before(claim.released_at, assignment.assigned_at)
    return None if ended else assignment.engineer


def _not_before(later: str, earlier: str) -> bool:
    from tools.core import clock  # few reservations depend on a time

    end, beginning = clock.parse(later), clock.parse(earlier)
    return end is None or beginning is None or end >= beginning
