"""One line of a log: is it a record as the toolkit writes it, an old one that readers accept, or neither.

Most lines are as the toolkit writes them, so that case is decided by a list of tests generated from
the record's own field rules, one for each order of keys that was met. It is never looser than
`checks.problems`, to which every line goes that does not pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tools.core import clock
from tools.core.checks import findings
from tools.core.checks.findings import Finding
from tools.core.fs import jsonl
from tools.core.models import validate_fast as field_tests
from tools.core.models.record import fields_of, required_fields
from tools.core.problem import Problem

ANCIENT = "2005-04-07"
"""The day of git's own first commit: no record of a bus is older."""


class Context(NamedTuple):
    """What a line is judged by besides itself: whose log it stands in, and the latest credible stamp."""

    path: str
    kind: type
    thread: str  # "" for the event log
    latest: str  # canonical text of the last moment that is not the future


class Shape(NamedTuple):
    """What an order of keys amounts to: one test for each key, and whether the toolkit writes it."""

    tests: Sequence[field_tests.Test]
    is_written: bool


class Shapes:
    """The shape of each order of keys of a kind of record, made when the order is first met."""

    def __init__(self, kind: type) -> None:
        self._tests, self._required = field_tests.tests_of(kind)
        self._known: dict[tuple[str, ...], Shape | None] = {}

    def of(self, keys: tuple[str, ...]) -> Shape | None:
        """The shape of some keys; None when a required one is missing or one is unknown."""
        try:
            return self._known[keys]
        except KeyError:
            pass
        shape = None
        if self._required - {"id"} <= set(keys) <= self._tests.keys():
            is_written = "id" in keys and keys == tuple(sorted(keys))
            shape = Shape([self._tests[key] for key in keys], is_written)
        if len(self._known) < 1000:
            self._known[keys] = shape
        return shape


UNSURE, VALID, AS_WRITTEN = range(3)


def judge(shapes: Shapes, raw: bytes, record: dict[str, Any]) -> int:
    """AS_WRITTEN, or VALID for fields that are right in another form or without an id; else UNSURE."""
    shape = shapes.of(tuple(record))
    if shape is None:
        return UNSURE
    try:
        for test, value in zip(shape.tests, record.values(), strict=True):
            if not test(value):
                return UNSURE
    except (TypeError, AttributeError):
        return UNSURE
    if b"\\u" in raw:
        return UNSURE  # an escape may hide what no JSON of the toolkit has: half a character
    return AS_WRITTEN if shape.is_written and _looks_compact(raw) else VALID


def _looks_compact(raw: bytes) -> bool:
    return b'": ' not in raw and b', "' not in raw and b"\\u" not in raw


# -- everything that can be said of a line that did not pass -----------------------------------------


def examine(
    context: Context, line: jsonl.Line, mark: str, number: int, record: Mapping[str, object], *, is_valid: bool = False
) -> Iterator[Finding]:
    """What a strict check says about a record, old forms that readers accept as notes; `mark` is the line's hash."""
    if not record.get("id"):
        chain = "" if record.get("prev") or number == 1 else " and no prev"
        yield findings.make("record.no_id", context.path, number, f"no id{chain}", mark=mark)
    for problem in () if is_valid else _problems(context.kind, record):
        if problem.pointer not in ("/id", "/prev") or record.get(problem.pointer[1:]):
            yield _shape(context, number, record, problem, mark)
    stamp = record.get("ts")
    if isinstance(stamp, str) and not (is_valid and ANCIENT < stamp <= context.latest):
        yield from stamp_findings(context.path, number, "ts", stamp, context.latest, mark)
    if form := _form(line, record):
        yield findings.make("record.form", context.path, number, form, mark=mark)


def _problems(kind: type, record: Mapping[str, object]) -> Sequence[Problem]:
    from tools.core.models import validate as checks  # what it costs to start, only a log with an odd line pays

    return checks.problems(kind, record)


def _shape(context: Context, number: int, record: Mapping[str, object], problem: Problem, mark: str) -> Finding:
    pointer = problem.pointer
    if pointer == "/ts" and clock.parse(record.get("ts")) is not None:
        message = f"{pointer}: {str(record['ts'])!r} is not UTC in whole seconds, as in 2026-01-31T12:00:00Z"
        return findings.make("stamp.form", context.path, number, message, mark=mark)
    accepted = _is_accepted(context, record, pointer)
    rule = "record.old" if accepted else "record.shape"
    return findings.make(rule, context.path, number, f"{pointer or '/'}: {problem.reason}", mark=mark)


_OLD_NAMES = {"from": ("agent_id",), "type": ("event",), "agent_id": ("from",), "event": ("type",)}


def _is_accepted(context: Context, record: Mapping[str, object], pointer: str) -> bool:
    """Whether readers can make something of it (formats, "What readers accept")."""
    field, _, inner = pointer[1:].partition("/")
    value = record.get(field)
    if field not in fields_of(context.kind):
        return True  # unknown fields are kept, and shown as meta
    if value is None:
        if field == "task_id":
            return True
        optional = field not in required_fields(context.kind)
        return optional or any(isinstance(record.get(old), str) for old in _OLD_NAMES.get(field, ()))
    if field == "meta":
        return True
    if field in ("plan_id", "pr", "branch", "note", "receipts", "to"):
        return True
    if not record.get("id") and field in ("event", "type", "summary", "severity"):
        return isinstance(value, str) and value.strip() != ""  # written by hand, before there were rules
    return field == "task_id" and context.thread == "" and isinstance(value, str) and not inner and "/" not in value


def stamp_findings(path: str, number: int, field: str, stamp: str, latest: str, mark: str) -> Iterator[Finding]:
    """What is odd about the moment a stamp names, whatever its form."""
    moment = clock.parse(stamp)
    if moment is None:
        return
    text = clock.to_text(moment)
    if text > latest:
        yield findings.make("stamp.future", path, number, f"{field} {stamp} lies in the future", mark=mark)
    elif text < ANCIENT:
        yield findings.make("stamp.ancient", path, number, f"{field} {stamp} is older than git itself", mark=mark)


def _form(line: jsonl.Line, record: Mapping[str, object]) -> str:
    end = ""
    if not line.whole:
        end = "the last line has no line end"
    elif line.end - line.offset - 1 > len(line.raw):
        end = "the line ends in CR LF"
    text = ""
    if list(record) != sorted(record):
        text = "the keys are not sorted"
    elif _looks_compact(line.raw):
        return end
    elif _is_spaced(line.raw, record) or _rewritten(record) not in (None, line.raw):
        text = "not compact JSON in plain UTF-8"
    return f"{end}; {text}" if end and text else end or text


def _is_spaced(raw: bytes, record: Mapping[str, object]) -> bool:
    """Whether a space follows the first colon, as in most old lines: seen faster than by writing the record anew."""
    return raw.startswith(f'{{"{next(iter(record), "")}": '.encode("utf-8", "replace"))


def _rewritten(record: Mapping[str, object]) -> bytes | None:
    try:
        return jsonl.spelled(record)
    except ValueError:
        return None


def latest_text(now: datetime) -> str:
    """The last moment that is not the future, as canonical stamps compare with it."""
    return clock.to_text(now + clock.CREDIBLE_AHEAD)
