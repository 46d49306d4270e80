"""Who was here, in one statement for all agents it is about."""

from __future__ import annotations

_BESIDE = 200
"""Events that stand just before an agent's last one and say how late it is."""

ROSTER = (
    "SELECT DISTINCT agent, NULL FROM teof.voices WHERE bus = :bus UNION ALL (SELECT DISTINCT ON (subject) subject, kind"
    " FROM teof.records WHERE bus = :bus AND kind IS NOT NULL AND subject IS NOT NULL ORDER BY subject, moment DESC, seq DESC)"
)
"""Every agent that wrote; and again every agent that was retired or revived, with the last of these marks."""

_LAST = (
    "SELECT DISTINCT ON (voice.agent) newest.agent, newest.moment, newest.stream, newest.number, newest.raw FROM teof.voices AS"
    " voice, LATERAL (SELECT agent, moment, seq, stream, number, raw FROM teof.records AS r WHERE r.bus = :bus AND r.agent ="
    " voice.agent AND r.kind = voice.kind AND r.moment <= %s AND r.at = r.moment ORDER BY moment DESC, seq DESC LIMIT 1) AS newest"
    " WHERE voice.bus = :bus AND voice.agent = ANY (%s){} ORDER BY voice.agent, newest.moment DESC, newest.seq DESC"
)
LAST = _LAST.format("")
"""The last credible record of each agent: one step into the index for each kind it ever wrote."""

LAST_OF_KINDS = _LAST.format(" AND voice.kind = ANY (%s)")

_BY_PLACE = (
    "SELECT voice.agent, (SELECT max(moment) FROM (SELECT moment FROM teof.records AS r WHERE r.bus = :bus AND r.stream = 'events'"
    f" AND r.kind IS NOT NULL AND r.seq <= max(voice.last) ORDER BY seq DESC LIMIT {_BESIDE + 1}) AS beside"
    " WHERE moment > 0 AND moment <= %s) FROM teof.voices AS voice WHERE voice.bus = :bus AND voice.agent = ANY (%s)"
    " AND voice.last IS NOT NULL GROUP BY voice.agent"
)
SEEN = (
    f"SELECT agent, max(moment) FROM (SELECT agent, moment FROM ({LAST}) AS own UNION ALL {_BY_PLACE}) AS signs"
    " WHERE moment IS NOT NULL GROUP BY agent"
)
"""The latest of each agent's own stamps and of the moments that stand just before its last event."""
