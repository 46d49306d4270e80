"""Pointers lead to the right characters of any JSON text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.core.text import json_pointer

RELAXED = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def _every(value: Any, pointer: str = "") -> list[tuple[str, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [
        (pointer, value),
        *(found for key, part in pairs for found in _every(part, pointer + json_pointer.join(key))),
    ]


@RELAXED
@given(VALUES, st.sampled_from([None, 1, 2, "\t"]), st.booleans())
def test_each_pointer_leads_to_its_value(value: Any, indent: Any, escaped: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    spans = json_pointer.spans(text)
    everything = _every(value)
    assert spans.keys() == {pointer for pointer, _ in everything}
    for pointer, part in everything:
        assert json.loads(text[spans[pointer].start : spans[pointer].end]) == part


def test_a_line_is_that_of_the_value_or_of_what_is_around_it() -> None:
    text = '{\n  "steps": [\n    {"id": "S1"},\n    {"id": "S2"}\n  ]\n}\n'
    spans = json_pointer.spans(text)
    assert json_pointer.line_of(text, spans, "/steps/1/id") == 4
    assert json_pointer.line_of(text, spans, "/steps/1/title") == 4
    assert json_pointer.line_of(text, spans, "/summary") == 1


def test_parts_of_a_pointer_are_escaped() -> None:
    assert json_pointer.join("a/b", "c~d", 3) == "/a~1b/c~0d/3"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{\n "a": 1,\n "b": {"c": 1,\n "c": 2}}', ("/b/c", 4)),
        ('{"a": [1,\n NaN]}', ("/a/1", 2)),
        ('{"a":\n 1e999}', ("/a", 2)),
        ('{"a": [true, false, null, -1.5e3, "NaN"]}', None),
        ('{"a": ', None),
        ("", None),
        ("[" * 100_000, None),
    ],
)
def test_what_json_does_not_have_is_found_where_it_stands(text: str, found: tuple[str, int] | None) -> None:
    assert json_pointer.first_violation(text) == found
