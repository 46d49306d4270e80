"""The light twins of the standard library behave as the real ones."""

import contextlib
import functools
import json
import pickle
import subprocess
import sys
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CHECKOUT
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
        lambda row: pickle.loads(pickle.dumps(row("a"))),
        lambda row: (row(count=1, name="b"), row("a", count=2), row(name="c")),
    ],
)
def test_a_light_row_answers_as_a_real_one(question):
    assert question(Light) == question(Real)


@pytest.mark.parametrize(
    "call",
    [
        lambda row: row(),
        lambda row: row("a", 1, 2),
        lambda row: row("a", name="b"),
        lambda row: row("a", 1, count=2),
        lambda row: row("a", odd=1),
        lambda row: row(count=1),
        lambda row: row("a")._replace(x=1),
        lambda row: row._make([1]),
    ],
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


written = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda part: st.lists(part) | st.tuples(part) | st.dictionaries(st.text(), part),
)


def outcome(call):
    """What a call returns, or the kind of what it raises."""
    try:
        return call()
    except (TypeError, ValueError) as problem:
        return type(problem)


@given(written)
def test_every_spelling_is_that_of_json_byte_for_byte(value):
    real = functools.partial(json.dumps, value, ensure_ascii=False)
    compact = functools.partial(real, separators=(",", ":"), sort_keys=True)
    assert outcome(lambda: plain_json.sorted_line(value)) == outcome(lambda: compact(allow_nan=False))
    assert outcome(lambda: plain_json.sorted_line(value, allow_nan=True)) == outcome(compact)
    for keys in (True, False):
        pretty = functools.partial(real, indent=2, sort_keys=keys, allow_nan=False)
        assert outcome(lambda keys=keys: plain_json.pretty(value, sort_keys=keys)) == outcome(pretty)
    assert plain_json.shown(value) == json.dumps(value, sort_keys=True, indent=2, default=str)
    assert plain_json.shown_line(value) == json.dumps(value, sort_keys=True, default=str)


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {None: 1}}, {"a": [object]}, [b"x"]])
def test_what_json_has_no_word_for_is_shown_or_refused_as_json_does_it(value):
    assert plain_json.shown(value) == json.dumps(value, sort_keys=True, indent=2, default=str)
    assert outcome(lambda: plain_json.pretty(value)) == outcome(lambda: json.dumps(value, indent=2, sort_keys=True))


def managed(manager, body, end):
    """What happens where a body runs in a context whose generator ends in some way."""
    log = []

    @manager
    def context():
        log.append("in")
        try:
            yield "value"
            end(None)
        except LookupError as problem:
            log.append("caught")
            end(problem)
        finally:
            log.append("out")

    try:
        with context() as value:
            log.append(value)
            body()
        log.append("after")
    except Exception as problem:
        log.append(type(problem))
    return log


def fails(kind):
    def act(*_):
        raise kind("x")

    return act


def goes_on(_=None):
    return None


def raises_again(problem):
    if problem is not None:
        raise problem


@pytest.mark.parametrize("body", [goes_on, fails(LookupError), fails(KeyError), fails(OSError), fails(StopIteration)])
@pytest.mark.parametrize("end", [goes_on, raises_again, fails(LookupError), fails(ValueError), fails(StopIteration)])
def test_a_light_context_ends_as_a_real_one(body, end):
    assert managed(plain.contextmanager, body, end) == managed(contextlib.contextmanager, body, end)


@pytest.mark.parametrize("problem", [KeyError, LookupError, OSError, FileNotFoundError])
def test_light_suppression_lets_through_what_the_real_one_lets_through(problem):
    def ends(suppress):
        try:
            with suppress(LookupError, FileNotFoundError):
                raise problem
        except Exception as raised:
            return type(raised)

    assert ends(plain.suppress) == ends(contextlib.suppress)


def test_a_light_cached_property_is_computed_once_and_can_be_set():
    for kind in (plain.cached_property, functools.cached_property):
        counts = []

        class Owner:
            @kind
            def value(self, counts=counts):
                """Its text."""
                counts.append(1)
                return len(counts)

        owner = Owner()
        assert (owner.value, owner.value, Owner().value, Owner.value.__doc__) == (1, 1, 2, "Its text.")
        owner.value = 9
        assert owner.value == 9 and vars(owner) == {"value": 9}


LOADED_LEAN = """
import sys
from tools.core.store.files.index import database
assert not {"functools", "collections", "datetime"} & sys.modules.keys()
connection = database.sqlite3.connect(":memory:", cached_statements=2)
print([connection.execute(f"SELECT {number % 3}").fetchone()[0] for number in range(9)])
import functools, sqlite3
print(functools.reduce(max, [1, 2]), sqlite3.connect(":memory:").execute("SELECT 3").fetchone()[0])
"""


def test_sqlite_loads_and_works_without_functools_and_leaves_the_real_one_to_others():
    command = [sys.executable, "-c", LOADED_LEAN]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["[0, 1, 2, 0, 1, 2, 0, 1, 2]", "2 3"], done.stderr


def test_a_functools_that_is_loaded_stays_the_one_of_all():
    with plain.lean_functools():
        assert sys.modules["functools"] is functools
