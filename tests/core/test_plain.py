"""The light twins of the standard library behave as the real ones."""

import json
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core import plain, plain_json


class Light(plain.NamedTuple):
    """Two fields and a property."""

    name: str
    count: int = 3

    @property
    def shown(self) -> str:
        return f"{self.name}:{self.count}"


class Real(typing.NamedTuple):
    """Two fields and a property."""

    name: str
    count: int = 3

    @property
    def shown(self) -> str:
        return f"{self.name}:{self.count}"


@pytest.mark.parametrize(
    "question",
    [
        lambda row: row("a"),
        lambda row: tuple(row("a", 4)),
        lambda row: row("a")._replace(count=5).count,
        lambda row: row("a")._asdict(),
        lambda row: row._make(["a", 1]).shown,
        lambda row: (row._fields, row._field_defaults, row.__match_args__, row.__doc__),
        lambda row: row("a") == ("a", 3) and hash(row("a")) == hash(("a", 3)),
        lambda row: repr(row("a", 9)).partition("(")[2],
        lambda row: __import__("copy").copy(row("a")),
    ],
)
def test_a_light_row_answers_as_a_real_one(question):
    assert question(Light) == question(Real)


@pytest.mark.parametrize(
    "call",
    [lambda row: row(), lambda row: row("a", 1, 2), lambda row: row("a")._replace(x=1), lambda row: row._make([1])],
)
def test_a_light_row_refuses_what_a_real_one_refuses(call):
    for row in (Light, Real):
        with pytest.raises((TypeError, ValueError)):
            call(row)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
)


@given(values)
def test_what_is_written_reads_back_as_json_reads_it(value):
    text = json.dumps(value, ensure_ascii=False)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return
    assert plain_json.loads(data) == json.loads(data) and json.loads(plain_json.dumps(value)) == value


@given(st.binary())
def test_any_bytes_are_a_value_or_a_value_error(data):
    try:
        expected = json.loads(data.decode("utf-8"), parse_constant=lambda text: (_ for _ in ()).throw(ValueError(text)))
    except (ValueError, RecursionError):
        with pytest.raises(ValueError):
            plain_json.loads(data)
    else:
        assert plain_json.loads(data) == expected


@pytest.mark.parametrize("data", [b"", b"[1", b"NaN", b"[" * 200_000, b"1 2", b"\xff", b'{"a"'])
def test_damage_is_a_value_error(data):
    with pytest.raises(ValueError):
        plain_json.loads(data)
