"""UTC moments and durations, to and from text.

Records carry whole seconds in UTC, `2026-11-22T15:26:00Z`; readers take any ISO 8601 stamp and
read one without a zone as UTC (formats, "What readers accept").
"""

from __future__ import annotations

import time

from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import UTC as UTC
    from datetime import datetime as datetime
    from datetime import timedelta as timedelta
else:
    try:  # the interpreter's own; in Python 3.11 `datetime` reads its twin in Python first
        from _datetime import datetime, timedelta, timezone
    except ImportError:
        from datetime import datetime, timedelta, timezone
    UTC = timezone.utc  # noqa: UP017 - the interpreter itself has no other name for it

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
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    clock_time = (utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second)
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % clock_time  # noqa: UP031 - a third of what strftime or an f-string costs


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
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_canonical(text: str) -> bool:
    """Whether a stamp has exactly the form that writers use."""
    marks, digits = text[4::3], text[0:4] + text[5:7] + text[8:10] + text[11:13] + text[14:16] + text[17:19]
    return len(text) == 20 and marks == "--T::Z" and _is_number(digits) and parse(text) is not None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def parse_duration(text: str, *, unit: str = "m") -> timedelta | None:
    """`90m`, `24h`, `7d`, `2w`, `30s`, or a bare number of `unit`; None when it is neither."""
    text = text.strip()
    own = text[-1:] if text[-1:] in _SECONDS else ""
    number = text.removesuffix(own).rstrip()
    if not _is_number(number) or len(number) > 9:
        return None
    try:
        return timedelta(seconds=int(number) * _SECONDS[own or unit])
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


def stamp_behind(now: datetime, earlier: str, gap: int) -> str:
    """Now as a record carries it, but at least `gap` seconds behind what came before it.

    Stamps have whole seconds, and clocks differ: without a gap two things of one second have no order. A stamp
    that cannot have been written by now moves nothing.
    """
    before = parse(earlier)
    if before is not None and is_credible(before, now):
        now = max(now, before + timedelta(seconds=gap))
    return to_text(now)


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
