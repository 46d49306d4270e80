"""The values that options take, checked as they are parsed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from tools.core import clock, ids
from tools.core.errors import UsageError
from tools.core.models.bus import OWN_FIELDS


class _Value(click.ParamType):  # type: ignore[type-arg]  # before click 8.2 it takes no type
    """A value that a function checks; the function raises UsageError."""

    def __init__(self, name: str, check: Callable[[str], Any]) -> None:
        self.name = name
        self._check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self._check(value) if isinstance(value, str) else value


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


AGENT = _Value("AGENT", ids.require_agent)
TASK = _Value("TASK", ids.require_task)
PLAN = _Value("PLAN", ids.require_plan)
LABEL = _Value("LABEL", lambda text: ids.require_task(text, "label"))
DECISION = _Value("DECISION", lambda text: ids.require_task(text, "decision id"))
EVENT = _Value("EVENT", lambda text: ids.require_word(text, "event"))
MESSAGE = _Value("TYPE", lambda text: ids.require_word(text, "type"))
DURATION = _Value("DURATION", _duration)
SECONDS = _Value("SECONDS", _seconds)
SINCE = _Value("SINCE", _since)
STAMP = _Value("STAMP", _moment)
LINE = _Value("TEXT", _line)
COUNT = click.IntRange(min=0, max=1_000_000)


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
