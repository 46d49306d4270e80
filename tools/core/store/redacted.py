"""What a commit writes, with its secrets replaced: what is returned and shown is the same."""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING
from tools.core.store.api import Append, Replace
from tools.core.text import secrets

if TYPE_CHECKING:
    from tools.core.store.api import Change


def without_secrets(change: Change) -> Change:
    """A change as it is written."""
    if isinstance(change, Append):
        return change._replace(record=secrets.redact_value(change.record))
    if isinstance(change, Replace):
        return change._replace(content=secrets.redact_value(change.content))
    return change
