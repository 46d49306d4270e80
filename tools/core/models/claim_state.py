"""The words of a claim's status: today's four, and those of old and foreign files; and when a claim ended."""

from __future__ import annotations

from tools.core import clock
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CLAIM_STATUSES = ("active", "paused", "released", "done")
LIVE = ("active", "paused")
DONE = "done"
"""The state of a claim from which on an assignment of its task does not count any more."""

_OLD = {
    "pending": "active",
    "in_progress": "active",
    "closed": "done",
    "cancelled": "done",
    "abandoned": "done",
}


def state_of(status: str) -> str:
    """Active, paused, released or done; an unknown word counts as active."""
    if status in CLAIM_STATUSES:
        return status
    status = status.lower()
    status = _OLD.get(status, status)
    return status if status in CLAIM_STATUSES else "active"


def ended_at(claim: Mapping[str, object]) -> int:
    """The Unix second at which a claim ended, by its own stamps; 0 where it has none."""
    stamps = (clock.parse(claim.get(name)) for name in ("released_at", "updated_at", "claimed_at"))
    return next((int(stamp.timestamp()) for stamp in stamps if stamp is not None), 0)
