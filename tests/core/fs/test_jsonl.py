"""Logs of one JSON object a line: what is written, and what is made of anything that lies there."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.errors import UsageError
from tools.core.fs import files, jsonl
from tools.core.workspace import Place


@pytest.fixture
def log(tmp_path):
    """Writes bytes as a log and returns its place."""

    def write(data):
        (tmp_path / "x.jsonl").write_bytes(data)
        return Place(str(tmp_path), "x.jsonl")

    return write


def backwards(place):
    with files.opened(place) as descriptor:
        return list(jsonl.lines_backwards(descriptor))


def test_a_record_is_one_compact_sorted_line():
    assert jsonl.encode({"b": "é", "a": [1, None]}) == '{"a":[1,null],"b":"é"}'.encode()


def test_separators_and_lone_surrogates_are_escaped():
    line = jsonl.encode({"a": "x\u2028\u2029\x85\ud800\n"})
    assert line == b'{"a":"x\\u2028\\u2029\\u0085\\ud800\\n"}'
    assert jsonl.parse(line) == {"a": "x\u2028\u2029\x85\ud800\n"}


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()))
def test_every_record_survives_and_has_no_line_break_of_any_kind(record):
    line = jsonl.encode(record)
    assert jsonl.parse(line) == record
    assert len(line.decode().splitlines()) == 1


def test_a_record_beyond_64_kib_is_refused_and_one_just_under_is_not():
    overhead = len(jsonl.encode({"a": ""}))
    assert jsonl.parse(jsonl.encode({"a": "x" * (jsonl.MAX_LINE - overhead)}))
    with pytest.raises(UsageError) as refusal:
        jsonl.encode({"a": "x" * (jsonl.MAX_LINE - overhead + 1)})
    assert refusal.value.exit_code == 2


def test_nan_is_never_written():
    with pytest.raises(ValueError):
        jsonl.encode({"a": float("nan")})


BAD = [b"{", b"garbage", b"[]", b"1", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":1e999}', b'{"a":"\xff"}', b'{"a":' + b"[" * 9000,
       b'{"a":"' + b"x" * jsonl.MAX_LINE + b'"}', b'{"a":1}{"b":2}', b"\xef\xbb\xbf{}", b"<<<<<<< HEAD"]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_line_is_named_with_its_number_and_spoils_no_other(log, bad):
    place = log(b'{"n":1}\n' + bad + b'\n{"n":3}\n')
    reading = jsonl.read(place)
    assert [stored.record["n"] for stored in reading.records] == [1, 3]
    assert [str(problem).startswith("x.jsonl:2: ") for problem in reading.problems] == [True]


@pytest.mark.parametrize("tail", [b"{", b'{"n":', b'{"n":2', b"\xc3"])
def test_an_unfinished_last_line_is_called_that(log, tail):
    reading = jsonl.read(log(b'{"n":1}\n' + tail))
    assert len(reading.records) == 1
    assert "unfinished" in reading.problems[0].reason


def test_a_last_record_without_its_line_end_is_read(log):
    assert [stored.record for stored in jsonl.read(log(b'{"n":1}\n{"n":2}')).records] == [{"n": 1}, {"n": 2}]


def test_windows_line_ends_and_blank_lines_are_taken(log):
    reading = jsonl.read(log(b'{"n":1}\r\n\r\n   \n{"n":2}\r\n'))
    assert [(stored.record["n"], stored.number) for stored in reading.records] == [(1, 1), (2, 4)]
    assert reading.problems == []


def test_a_hash_is_of_the_line_without_its_end(log):
    place = log(b'{"n":1}\r\n')
    assert jsonl.read(place).records[0].line.hash == jsonl.line_hash(b'{"n":1}')


def test_reading_can_begin_at_a_line_and_still_counts_from_the_top(log):
    place = log(b'{"n":1}\n{"n":2}\nbad\n')
    reading = jsonl.read(place, start=8)
    assert [stored.number for stored in reading.records] == [2]
    assert reading.problems[0].line == 3


def test_no_log_is_an_empty_log(tmp_path):
    assert jsonl.read(Place(str(tmp_path), "absent.jsonl")) == jsonl.Reading([], [])


pieces = st.lists(st.sampled_from([b"{}", b'{"a":"b"}', b"", b"x" * 9000, b"y" * 70_000, b"\r", b"z\r"]), max_size=12)


@given(pieces, st.booleans())
def test_reading_forwards_and_backwards_finds_the_same_lines(tmp_path_factory, parts, ends):
    data = b"\n".join(parts) + (b"\n" if ends and parts else b"")
    path = tmp_path_factory.mktemp("log") / "x.jsonl"
    path.write_bytes(data)
    place = Place(str(path.parent), "x.jsonl")
    forward = list(jsonl.lines(place))
    again = backwards(place)[::-1]
    assert [(line.offset, line.whole, line.end) for line in forward] == [
        (line.offset, line.whole, line.end) for line in again
    ]
    short = [
        (one.raw, other.raw)
        for one, other in zip(forward, again, strict=True)
        if one.end - one.offset <= jsonl.MAX_LINE
    ]
    assert all(one == other for one, other in short)


@given(pieces)
def test_offsets_and_ends_cut_the_file_into_its_lines(tmp_path_factory, parts):
    data = b"\n".join(parts)
    path = tmp_path_factory.mktemp("log") / "x.jsonl"
    path.write_bytes(data)
    lines = list(jsonl.lines(Place(str(path.parent), "x.jsonl")))
    assert b"".join(data[line.offset : line.end] for line in lines) == data


def test_the_last_line_that_is_not_blank_is_found(log):
    with files.opened(log(b'{"n":1}\n\n\n')) as descriptor:
        assert json.loads(jsonl.last_line(descriptor).raw) == {"n": 1}
    with files.opened(log(b"")) as descriptor:
        assert jsonl.last_line(descriptor) is None


@pytest.mark.parametrize(
    "raw",
    [b"", b" ", b"{", b"[1]", b"1", b"{} ", b" {}", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":1e999}', b"{}{}", b"\xff{}"]
    + [b"[" * 5000, b'{"a":"' + b"x" * jsonl.MAX_LINE + b'"}', b"\xef\xbb\xbf{}", b'{"a":"\x01"}'],
)
def test_the_cheap_reading_leaves_whatever_is_not_plain_to_the_strict_one(raw):
    assert jsonl.parse_plain(raw) is None


@pytest.mark.parametrize("raw", [b"{}", b'{"a":[1,{"b":null}]}', '{"ä":"\u2028"}'.encode(), b'{"a":"\\ud800"}'])
def test_the_cheap_reading_says_what_the_strict_one_says(raw):
    assert jsonl.parse_plain(raw) == jsonl.parse(raw)
