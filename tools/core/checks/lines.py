"""One line of a log: canonical, valid in another form, or to be explained by the strict validator.

Most lines are canonical, so that case is decided by a list of predicates generated from the record's
own field rules, one list for each order of keys in the log. They never accept what
`validate.problems` rejects; a line that does not pass goes there for the reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tools.core import clock
from tools.core.checks.findings import Finding, make_finding
from tools.core.fs import jsonl
from tools.core.models import validate_fast
from tools.core.models.record import fields_of, required_fields
from tools.core.problem import Problem

ANCIENT = "2005-04-07"
"""The day of git's own first commit: no record of a bus is older."""


class LineContext(NamedTuple):
    """What decides about a line besides its text: its log, and the latest credible timestamp."""

    path: str
    kind: type
    thread: str  # "" for the event log
    latest: str  # canonical text of the last moment that does not count as future


class Shape(NamedTuple):
    """An order of keys: one predicate for each key, and whether the toolkit writes this order."""

    tests: Sequence[validate_fast.Test]
    is_canonical: bool


class Shapes:
    """The shapes of a kind of record by the order of their keys, each made when first needed."""

    def __init__(self, kind: type) -> None:
        self._tests, self._required = validate_fast.tests_of(kind)
        self._shapes: dict[tuple[str, ...], Shape | None] = {}

    def of(self, keys: tuple[str, ...]) -> Shape | None:
        """The shape of these keys; None when a required key is missing or a key is not a field."""
        try:
            return self._shapes[keys]
        except KeyError:
            pass
        shape = None
        if self._required - {"id"} <= set(keys) <= self._tests.keys():
            is_canonical = "id" in keys and keys == tuple(sorted(keys))
            shape = Shape([self._tests[key] for key in keys], is_canonical)
        if len(self._shapes) < 1000:
            self._shapes[keys] = shape
        return shape


UNKNOWN, VALID, CANONICAL = range(3)


def classify(shapes: Shapes, raw: bytes, record: dict[str, Any]) -> int:
    """CANONICAL; VALID for correct fields in another form or without an id; else UNKNOWN."""
    shape = shapes.of(tuple(record))
    if shape is None:
        return UNKNOWN
    try:
        for test, value in zip(shape.tests, record.values(), strict=True):
            if not test(value):
                return UNKNOWN
    except (TypeError, AttributeError):
        return UNKNOWN
    if b"\\u" in raw:
        return UNKNOWN  # an escape may hide half a surrogate pair, which the toolkit never writes
    return CANONICAL if shape.is_canonical and _looks_compact(raw) else VALID


def _looks_compact(raw: bytes) -> bool:
    return b'": ' not in raw and b', "' not in raw and b"\\u" not in raw


# -- the reasons why a line is not canonical ---------------------------------------------------------


def examine(
    context: LineContext,
    line: jsonl.Line,
    fingerprint: str,
    number: int,
    record: Mapping[str, object],
    *,
    is_valid: bool = False,
) -> Iterator[Finding]:
    """The findings of a strict check about a record; old forms that readers accept are notes.

    `fingerprint` is the hash of the line, which the caller has computed already.
    """
    if not record.get("id"):
        chain = "" if record.get("prev") or number == 1 else " and no prev"
        yield make_finding("record.no_id", context.path, number, f"no id{chain}", fingerprint=fingerprint)
    for problem in () if is_valid else _problems(context.kind, record):
        if problem.pointer not in ("/id", "/prev") or record.get(problem.pointer[1:]):
            yield _shape(context, number, record, problem, fingerprint)
    stamp = record.get("ts")
    if isinstance(stamp, str) and not (is_valid and ANCIENT < stamp <= context.latest):
        yield from stamp_findings(context.path, number, "ts", stamp, context.latest, fingerprint)
    if form := _form(line, record):
        yield make_finding("record.form", context.path, number, form, fingerprint=fingerprint)


def _problems(kind: type, record: Mapping[str, object]) -> Sequence[Problem]:
    from tools.core.models import validate  # pydantic: only a log with an unusual line loads it

    return validate.problems(kind, record)


def _shape(
    context: LineContext, number: int, record: Mapping[str, object], problem: Problem, fingerprint: str
) -> Finding:
    pointer = problem.pointer
    if pointer == "/ts" and clock.parse(record.get("ts")) is not None:
        message = f"{pointer}: {str(record['ts'])!r} is not UTC in whole seconds, as in 2026-01-31T12:00:00Z"
        return make_finding("stamp.form", context.path, number, message, fingerprint=fingerprint)
    accepted = _is_accepted(context, record, pointer)
    rule = "record.old" if accepted else "record.shape"
    return make_finding(rule, context.path, number, f"{pointer or '/'}: {problem.reason}", fingerprint=fingerprint)


_OLD_NAMES = {"from": ("agent_id",), "type": ("event",), "agent_id": ("from",), "event": ("type",)}


def _is_accepted(context: LineContext, record: Mapping[str, object], pointer: str) -> bool:
    """Whether readers accept the field as it is (formats, "What readers accept")."""
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


def stamp_findings(path: str, number: int, field: str, stamp: str, latest: str, fingerprint: str) -> Iterator[Finding]:
    """Findings about the moment of a timestamp, in whatever form it is written."""
    moment = clock.parse(stamp)
    if moment is None:
        return
    text = clock.to_text(moment)
    if text > latest:
        yield make_finding("stamp.future", path, number, f"{field} {stamp} is in the future", fingerprint=fingerprint)
    elif text < ANCIENT:
        yield make_finding(
            "stamp.ancient", path, number, f"{field} {stamp} is older than git itself", fingerprint=fingerprint
        )


def _form(line: jsonl.Line, record: Mapping[str, object]) -> str:
    end = ""
    if not line.whole:
        end = "the last line has no newline"
    elif line.end - line.offset - 1 > len(line.raw):
        end = "the line ends in CR LF"
    text = ""
    if list(record) != sorted(record):
        text = "the keys are not sorted"
    elif _looks_compact(line.raw):
        return end
    elif _has_spaces(line.raw, record) or _spelled(record) not in (None, line.raw):
        text = "not compact JSON in plain UTF-8"
    return f"{end}; {text}" if end and text else end or text


def _has_spaces(raw: bytes, record: Mapping[str, object]) -> bool:
    """Whether a space follows the first colon, as in most old lines; cheaper than spelling the record."""
    return raw.startswith(f'{{"{next(iter(record), "")}": '.encode("utf-8", "replace"))


def _spelled(record: Mapping[str, object]) -> bytes | None:
    try:
        return jsonl.spelled(record)
    except ValueError:
        return None


def latest_text(now: datetime) -> str:
    """The last moment that does not count as future, as canonical text."""
    return clock.to_text(now + clock.CREDIBLE_AHEAD)
