"""Cheap tests made from a record's own field rules: whether a document is valid, without reasons.

They never accept what `validate` rejects. On failure, call `validate.explain` for the reasons; it costs
more to start than a whole command.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tools.core import clock, ids
from tools.core.models.record import HASH_PATTERN, STAMP_PATTERN, SUMMARY_PATTERN, required_fields

Test = Callable[[Any], object]

MEANINGS: dict[str, tuple[Callable[[str], bool], str]] = {
    ids.NAME_PATTERN: (ids.is_task, "a name that file systems or git reserve"),
    ids.PLAN_PATTERN: (ids.is_plan, "no such date"),
    STAMP_PATTERN: (clock.is_canonical, "no such moment"),
}
"""What matching text must also satisfy, beyond what its pattern can say."""

_OR_NONE = " | None"
_TUPLE = re.compile(r"tuple\[(\w+), \.\.\.\]")


def is_valid(kind: type, raw: Mapping[str, object]) -> bool:
    """Whether a document is a strict record of a kind; False also where only `validate.explain` can decide."""
    try:
        json.dumps(raw, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):  # a lone surrogate or NaN is not JSON
        return False
    return _is_record(kind, raw)


def _is_record(kind: type, raw: object) -> bool:
    tests, required = tests_of(kind)
    if not isinstance(raw, dict) or not required <= raw.keys() <= tests.keys():
        return False
    try:
        return all(tests[key](value) for key, value in raw.items())
    except (TypeError, AttributeError):
        return False


@cache
def tests_of(kind: Any) -> tuple[dict[str, Test], frozenset[str]]:
    """One test for each field as it is spelled in files, and the fields that must be there.

    A test may raise TypeError or AttributeError for a value of another kind.
    """
    tests = {
        part.metadata.get("alias", name): _test_of(part, vars(sys.modules[kind.__module__]))
        for name, part in kind.__record_fields__.items()
    }
    return tests, frozenset(required_fields(kind))


def _test_of(part: Any, names: Mapping[str, Any]) -> Test:
    annotation, rules = str(part.type), part.metadata
    if annotation.endswith(_OR_NONE):
        return _or_none(_test_of_type(annotation.removesuffix(_OR_NONE), rules, names))
    return _test_of_type(annotation, rules, names)


def _or_none(test: Test) -> Test:
    return lambda value: value is None or test(value)


def _test_of_type(annotation: str, rules: Mapping[str, Any], names: Mapping[str, Any]) -> Test:
    if many := _TUPLE.fullmatch(annotation):
        return _all_of(names.get(many[1]), not_empty=bool(rules.get("min_length")))
    if annotation.startswith("Mapping"):
        return _is_mapping if "Any" in annotation else _is_text_mapping
    if annotation == "bool":
        return lambda value: value is True or value is False
    if annotation in ("int", "float"):
        return _number((int,) if annotation == "int" else (int, float), rules)
    if annotation != "str":
        return lambda value: _is_record(names[annotation], value)
    return _text(rules)


def _text(rules: Mapping[str, Any]) -> Test:
    pattern, longest = rules.get("pattern"), rules.get("max_length", sys.maxsize)
    if pattern == SUMMARY_PATTERN:
        return lambda value: len(value) <= longest and value.strip() != "" and "\n" not in value and "\r" not in value
    if pattern == STAMP_PATTERN:
        return _Cached(clock.is_canonical).is_stamp
    if pattern in (ids.RECORD_PATTERN, HASH_PATTERN):
        return re.compile(pattern[1:-1]).fullmatch
    if pattern:
        return _Cached(_matcher(pattern, longest)).holds
    return _is_text if rules.get("min_length") else lambda value: isinstance(value, str)


def _number(kinds: tuple[type, ...], rules: Mapping[str, Any]) -> Test:
    least, most = rules.get("ge", -math.inf), rules.get("le", math.inf)
    return lambda value: type(value) in kinds and least <= value <= most


def _all_of(kind: type | None, *, not_empty: bool) -> Test:
    is_part: Test = (lambda part: isinstance(part, str)) if kind is None else (lambda part: _is_record(kind, part))
    return lambda value: isinstance(value, list) and (bool(value) or not not_empty) and all(map(is_part, value))


def _matcher(pattern: str, longest: int) -> Callable[[str], bool]:
    fullmatch = re.compile(pattern[1:-1]).fullmatch
    means = MEANINGS.get(pattern, (lambda _: True, ""))[0]
    return lambda text: bool(fullmatch(text)) and len(text) <= longest and means(text)


class _Cached:
    """A test of recurring texts that caches those that passed, up to a bound."""

    _clock_time = re.compile(r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z").fullmatch

    def __init__(self, test: Callable[[str], bool]) -> None:
        self._test = test
        self._good: set[str] = set()

    def holds(self, value: Any) -> bool:
        if value in self._good:
            return True
        if not isinstance(value, str) or not self._test(value):
            return False
        if len(self._good) < 10_000:
            self._good.add(value)
        return True

    def is_stamp(self, value: Any) -> bool:
        """A canonical stamp: its date is cached, its time is matched."""
        if value[:10] in self._good:
            return self._clock_time(value, 10) is not None
        if not self._test(value):
            return False
        if len(self._good) < 10_000:
            self._good.add(value[:10])
        return True


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_text_mapping(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(part, str) for part in value.values())


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)
