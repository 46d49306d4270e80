"""UTC moments and durations, to and from text.

Records carry whole seconds in UTC, `2026-11-22T15:26:00Z`; readers take any ISO 8601 stamp and
read one without a zone as UTC (formats, "What readers accept").
"""

from __future__ import annotations

import re
import time
from datetime import UTC as UTC
from datetime import datetime, timedelta

CREDIBLE_AHEAD = timedelta(minutes=5)
"""A stamp further ahead of the clock than this is no sign of life (design §5)."""

EPOCH = datetime.fromtimestamp(0, UTC)
"""What a missing stamp sorts as."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def now() -> datetime:
    """The present moment in UTC, whole seconds."""
    return datetime.fromtimestamp(int(time.time()), UTC)


def to_text(moment: datetime) -> str:
    """A moment as records carry it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def file_stamp(moment: datetime) -> str:
    """A moment as file names carry it: no colons, so that every file system takes it."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def parse(text: object) -> datetime | None:
    """The moment a stamp names, or None when it is not one; a naive stamp is UTC."""
    if not isinstance(text, str) or not 8 <= len(text) <= 40:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_canonical(text: str) -> bool:
    """Whether a stamp has exactly the form that writers use."""
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", text, re.ASCII) is not None and parse(text) is not None


def parse_duration(text: str, *, unit: str = "m") -> timedelta | None:
    """`90m`, `24h`, `7d`, `2w`, `30s`, or a bare number of `unit`; None when it is neither."""
    match = re.fullmatch(r"([0-9]{1,9})\s*([smhdw]?)", text.strip())
    if not match:
        return None
    try:
        return timedelta(seconds=int(match[1]) * _SECONDS[match[2] or unit])
    except OverflowError:
        return None


def parse_since(text: str, now: datetime) -> datetime | None:
    """A stamp, or a distance back from now that names its unit; None when it is neither."""
    if not text.strip().isdigit():
        distance = parse_duration(text)
        if distance is not None:
            try:
                return now - distance
            except OverflowError:
                return None
    return parse(text.strip())


def is_credible(moment: datetime, now: datetime) -> bool:
    """Whether a stamp can have been written by now, clocks of two machines allowed for."""
    return moment <= now + CREDIBLE_AHEAD


def age(moment: datetime, now: datetime) -> str:
    """How long ago, for people: `45s`, `12m`, `3h 5m`, `9d 4h`; the future is `in …`."""
    seconds = int((now - moment).total_seconds())
    return f"in {span(-seconds)}" if seconds < 0 else span(seconds)


def span(seconds: float) -> str:
    """A length of time for people, in its two largest units."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86400:
        hours, minutes = divmod(whole // 60, 60)
        return f"{hours}h {minutes}m" if minutes else f"{hours}h"
    days, hours = divmod(whole // 3600, 24)
    return f"{days}d {hours}h" if hours else f"{days}d"
