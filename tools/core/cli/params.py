"""The values that options take, checked as they are read."""

from __future__ import annotations

from tools.core import clock, ids
from tools.core.errors import UsageError
from tools.core.models.bus import OWN_FIELDS
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta
    from typing import Any


class Value(NamedTuple):
    """A value that a function makes of a text; the function raises UsageError. `name` stands for it in a help."""

    name: str
    read: Callable[[str], Any]


class Choice:
    """One of some words."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)

    def read(self, text: str) -> str:
        """The word; UsageError for any other."""
        if text not in self.words:
            raise UsageError(f"{text!r} is none of {', '.join(self.words)}", code="usage")
        return text


class IntRange(NamedTuple):
    """A whole number within bounds, both included."""

    min: int
    max: int

    def read(self, text: str) -> int:
        """The number; UsageError for one outside, and for a spelling that is not the plain one."""
        if not (text.isascii() and text.isdigit() and len(text) < 10) or not self.min <= int(text) <= self.max:
            raise UsageError(f"{text!r} is no number from {self.min} to {self.max}", code="usage")
        return int(text)


def _duration(text: str) -> timedelta:
    duration = clock.parse_duration(text)
    if duration is None:
        raise UsageError(f"{text!r} is not a duration; write 90m, 24h or 7d", code="value.duration")
    return duration


def _since(text: str) -> datetime:
    moment = clock.parse_since(text, clock.now())
    if moment is None:
        raise UsageError(f"{text!r} is neither a timestamp nor a distance such as 90m, 24h, 7d", code="value.since")
    return moment


def _moment(text: str) -> datetime:
    moment = clock.parse(text)
    if moment is None:
        raise UsageError(f"{text!r} is not a timestamp; write 2026-01-31T12:00:00Z", code="value.stamp")
    return moment


def _line(text: str) -> str:
    if "\n" in text or "\r" in text or "\0" in text:
        raise UsageError("the value has more than one line", code="value.line")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if not 0.01 <= seconds <= 3600:
        raise UsageError(f"{text!r} is not an interval; write 0.5s", code="value.interval")
    return seconds


AGENT = Value("AGENT", ids.require_agent)
TASK = Value("TASK", ids.require_task)
PLAN = Value("PLAN", ids.require_plan)
LABEL = Value("LABEL", lambda text: ids.require_task(text, "label"))
DECISION = Value("DECISION", lambda text: ids.require_task(text, "decision id"))
EVENT = Value("EVENT", lambda text: ids.require_word(text, "event"))
MESSAGE = Value("TYPE", lambda text: ids.require_word(text, "type"))
DURATION = Value("DURATION", _duration)
SECONDS = Value("SECONDS", _seconds)
SINCE = Value("SINCE", _since)
STAMP = Value("STAMP", _moment)
LINE = Value("TEXT", _line)
COUNT = IntRange(0, 1_000_000)


def key_values(pairs: Sequence[str], own: frozenset[str] = OWN_FIELDS) -> dict[str, str]:
    """`key=value` data, split at the first `=`; a record's own field name is refused."""
    values: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not ids.is_key(key):
            raise UsageError(f"{pair[:80]!r} is not key=value with a word as its key", code="value.pair")
        if key in own:
            raise UsageError(
                f"{key!r} is a field of the record itself and cannot be set as data", code="value.own_field"
            )
        values[key] = value
    return values
