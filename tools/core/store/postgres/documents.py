"""The documents of a bus: what is asked for them, and which of them are live, without opening the finished ones."""

from __future__ import annotations

NAMED = (
    "SELECT name, content, version FROM teof.documents WHERE bus = :bus AND (name = ANY (%s::text[])"
    " OR split_part(name, '/', 1) || '/' = ANY (%s::text[])) ORDER BY name"
)
"""Documents by name, and all of some kinds."""

_OF = "FROM teof.documents AS d WHERE bus = :bus AND "
_OVER = "state IN ('released', 'done')"
_CLAIM_OF = "SELECT 1 FROM teof.documents AS c WHERE c.bus = d.bus AND c.name = 'claims/' || substr(d.name, 13) AND c.state = 'done'"
_STANDING = "state = '' AND starts_with(name, 'assignments/') AND NOT EXISTS (" + _CLAIM_OF + ")"
_RESERVED = (
    "state = 'released' AND EXISTS (SELECT 1 FROM teof.documents AS a WHERE a.bus = d.bus"
    " AND a.name = 'assignments/' || substr(d.name, 8))"
)
LIVE = (
    f"SELECT name, content, version, state {_OF} state IN ('active', 'paused')"
    f" UNION SELECT name, content, version, state {_OF} state IS NULL"
    f" UNION SELECT name, content, version, state {_OF} {_STANDING}"
    f" UNION SELECT name, content, version, state {_OF} {_RESERVED}"
    f" UNION SELECT name, content, version, state {_OF} name = ANY (%s::text[])"
    f" UNION (SELECT name, content, version, state {_OF} {_OVER} ORDER BY ended DESC, name LIMIT %s)"
    f" UNION ALL SELECT state, NULL, count(*)::text, NULL {_OF} {_OVER} GROUP BY state"
)
"""All that may be live, some documents by name, and the newest claims that are over; then how many are over, by state.

The rows of that count have no content. A claim that the server cannot read has no state: the client judges it.
"""
