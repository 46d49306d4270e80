"""Counts, each in one statement along an index that covers what it counts."""

from __future__ import annotations

TOTALS = (
    "SELECT coalesce(sum(records) FILTER (WHERE stream = 'events'), 0), coalesce(sum(records) FILTER (WHERE stream <> 'events'), 0)"
    " FROM teof.streams WHERE bus = :bus"
)

OF_THREAD = "SELECT (SELECT records FROM teof.streams WHERE bus = :bus AND stream = %s)"

VOLUME = (
    "SELECT count(*) FILTER (WHERE stream = 'events'), count(*) FILTER (WHERE stream <> 'events'), count(DISTINCT agent),"
    " count(DISTINCT reply_to) FILTER (WHERE stream <> 'events') FROM (SELECT stream, agent, reply_to FROM teof.records"
    " WHERE bus = :bus AND kind IS NOT NULL AND stream = 'events' AND moment BETWEEN %s AND %s UNION ALL SELECT stream, agent,"
    " reply_to FROM teof.records WHERE bus = :bus AND kind IS NOT NULL AND stream <> 'events' AND moment BETWEEN %s AND %s) AS window_"
)

SIGNS = (
    "SELECT agent, moment / %s AS period, count(*) FROM teof.records JOIN teof.voices USING (bus, agent, kind)"
    " WHERE bus = :bus AND agent = ANY (%s) AND moment BETWEEN %s AND %s GROUP BY 1, 2"
)
