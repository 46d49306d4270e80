"""The words of a claim's status: today's four, and those of old and foreign files."""

from __future__ import annotations

CLAIM_STATUSES = ("active", "paused", "released", "done")
LIVE = ("active", "paused")
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
