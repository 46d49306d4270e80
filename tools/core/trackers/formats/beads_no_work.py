"""Which lines of an export of beads are no work: its header, memories, deleted issues, templates, mail of its agents."""

from __future__ import annotations

from collections.abc import Mapping

_STATUSES = ("tombstone", "pinned")
_TYPES = ("message", "event", "gate", "agent", "role", "rig", "convoy", "slot", "merge-request", "molecule")
_FLAGS = frozenset(("is_template", "ephemeral", "pinned", "wisp"))


def reason(issue: Mapping[str, object]) -> str:
    """Why a line is not a piece of work, or ""."""
    if "_schema" in issue:
        return "the header of the export"
    why = _reason(issue)
    return f"{str(issue.get('id') or issue.get('key') or '')[:80]} {why}" if why else ""


def _reason(issue: Mapping[str, object]) -> str:
    status, kind = issue.get("status"), issue.get("issue_type")
    if issue.get("_type", "issue") != "issue":
        return f"is a {issue['_type']}, not an issue"
    if status in _STATUSES:
        return f"is {status}"
    if kind in _TYPES:
        return f"is of the type {kind}, which is no work"
    if _FLAGS.isdisjoint(issue):
        return ""
    flags = [flag for flag in sorted(_FLAGS & issue.keys()) if issue[flag] is True]
    return f"is marked {flags[0]}" if flags else ""
