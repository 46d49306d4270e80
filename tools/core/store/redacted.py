"""What a commit writes, with its secrets replaced: what is returned and shown is the same."""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING
from tools.core.store.api import Append, Replace
from tools.core.text import secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.core.store.api import Change

_MANY = 10
"""Changes from which on they are searched together first: few of those that another clone sends have a secret."""


def without_secrets(changes: Sequence[Change]) -> list[Change]:
    """Changes as they are written."""
    suspects = set(range(len(changes)))
    if len(changes) >= _MANY:
        suspects = secrets.places_with_secrets([secrets.all_text(_content(change)) for change in changes])
    return [_redacted(change) if place in suspects else change for place, change in enumerate(changes)]


def _content(change: Change) -> Mapping[str, object]:
    if isinstance(change, Append):
        return change.record
    return change.content if isinstance(change, Replace) else {}


def _redacted(change: Change) -> Change:
    if isinstance(change, Append):
        return change._replace(record=secrets.redact_value(change.record))
    if isinstance(change, Replace):
        return change._replace(content=secrets.redact_value(change.content))
    return change
