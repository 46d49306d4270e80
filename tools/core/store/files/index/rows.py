"""One record of a log as a row of the index: its columns, and what is kept of each.

Few records have the seldom columns; the others are written without them. Stamps of the usual form
are read without building a moment, because every record has one.
"""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias


from tools.core import clock
from tools.core.fs import jsonl
from tools.core.models.bus import EVENTS
from tools.core.models.entry import ASSIGN, HANDSHAKE, party_of
from tools.core.models.lenient import shortcoming, text_of

COMMON = "seq, number, id, at, moment, agent, kind, task, raw"
SPARSE = "mark, target, reply_to, severity, subject, decision, waiting, party"
COLUMNS = f"stream, {COMMON}, {SPARSE}"
_ASKING = ("request", "directive")
_RETIRING = ("retired", "revived")
_SELDOM_KEYS = frozenset({"to", "reply_to", "severity", "decision", "decision_id", "meta", "claim"})
_SELDOM_KINDS = frozenset({*_ASKING, *_RETIRING, ASSIGN, HANDSHAKE})
COMMON_COUNT = len(COMMON.split(","))

_MINUTES = {f"{minute:02}:": 60 * minute for minute in range(60)}
_SECONDS = {f"{second:02}Z": second for second in range(60)}

Row = tuple[object, ...]


def storable(value: object) -> object:
    """The value with lone surrogates escaped, which SQLite cannot hold."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


Maker: TypeAlias = "Callable[[int, int, jsonl.Line, Mapping[str, object]], Row | None]"


def row_maker(stream: str, latest: int, before: int) -> Maker:
    """A function from records of a stream, in order, to rows, None for what is no record of the bus.

    `latest` is the last credible second, `before` the moment of the record before the first. A row is
    shorter when the record has none of the seldom columns.
    """
    is_event = stream == EVENTS
    thread = "" if is_event else stream.partition("/")[2]
    who, whose = ("agent_id", "from") if is_event else ("from", "agent_id")
    what, which = ("event", "type") if is_event else ("type", "event")
    second = _seconds_reader()

    def row(seq: int, number: int, line: jsonl.Line, record: Mapping[str, object]) -> Row | None:
        nonlocal before
        get = record.get
        stamp = get("ts")
        at = second(stamp)
        moment = at if at is not None and at <= latest else before
        name, agent, kind = get("id"), get(who) or get(whose), get(what) or get(which)
        task = get("task_id") or get("task") or thread
        if not (
            (agent and kind and stamp and type(get("summary")) is type(stamp))
            and type(name) is type(agent) is type(kind) is type(task) is type(stamp) is str
        ):
            if shortcoming(record):
                return None
            name, agent, kind, task = text_of(name), text_of(agent), text_of(kind), text_of(task)
        before = moment
        common = (seq, number, name or None, at, moment, agent, kind, task, line.raw)
        if name and kind not in _SELDOM_KINDS and _SELDOM_KEYS.isdisjoint(record):
            return common
        return (*common, None if name else line.hash, *_sparse(record, agent, kind, is_event=is_event))

    return row


def _seconds_reader() -> Callable[[object], int | None]:
    """A function from stamps to Unix seconds that is quick for canonical ones of the same hour in a row."""
    last, start = "", 0

    def seconds(stamp: object) -> int | None:
        nonlocal last, start
        if isinstance(stamp, str) and last and stamp[:14] == last:
            minute, second = _MINUTES.get(stamp[14:17]), _SECONDS.get(stamp[17:])
            if minute is not None and second is not None:
                return start + minute + second
        moment = clock.parse(stamp)
        if moment is None:
            return None
        if isinstance(stamp, str) and clock.is_canonical(stamp):
            last, start = stamp[:14], int(moment.replace(minute=0, second=0).timestamp())
        return int(moment.timestamp())

    return seconds


def _sparse(record: Mapping[str, object], agent: str, kind: str, *, is_event: bool) -> tuple[object, ...]:
    """What few records have: target, reply_to, severity, subject, decision, waiting, party."""
    inner = record.get("meta")
    meta = {**record, **inner} if isinstance(inner, dict) else record
    return (
        text_of(record.get("to")) or None,
        text_of(record.get("reply_to")) or None,
        text_of(record.get("severity")) or None,
        text_of(meta.get("agent")) or agent if is_event and kind in _RETIRING else None,
        text_of(meta.get("decision_id") or meta.get("decision")) or None,
        1 if kind in _ASKING and not is_event else None,
        party_of(agent, kind, record.get("claim"), meta) or None if is_event else None,
    )
