"""The words of a claim's status: what old and foreign files say, in today's four."""

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
    """Active, paused, released or done; a word that is none of ours counts as active."""
    if status in CLAIM_STATUSES:
        return status
    status = status.lower()
    status = _OLD.get(status, status)
    return status if status in CLAIM_STATUSES else "active"
