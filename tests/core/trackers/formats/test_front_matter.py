"""The YAML that trackers write is read; what is not of that form is refused with its line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.trackers.formats import front_matter
from tools.core.trackers.formats.front_matter import NotUnderstood


def fields(text):
    return front_matter.parse(text.split("\n"))[0]


def test_scalars_lists_and_texts_are_read():
    assert fields(
        "a: plain text # comment\nb: 'it''s: fine'\nc: \"tab\\tand \\u00e9\"\nd: []\ne: [x, 'y, z', \"w\"]\n"
        "f:\n  - one\n  - 'two: 2'\ng: |\n  first\n  second\n\n  third\nh: >-\n  folded\n  text\ni:\nj: 2026-01-01 10:00\n"
        "k: a title\n  that goes on\n'l m': x\nn:\n- at the margin\n"
    ) == {
        "a": "plain text",
        "b": "it's: fine",
        "c": "tab\tand é",
        "d": [],
        "e": ["x", "y, z", "w"],
        "f": ["one", "two: 2"],
        "g": "first\nsecond\n\nthird",
        "h": "folded text",
        "i": "",
        "j": "2026-01-01 10:00",
        "k": "a title that goes on",
        "l m": "x",
        "n": ["at the margin"],
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2", 2),
        ("a:\n  b: 1", 2),
        ("a: {x: 1}", 1),
        ("x: 1\na: &anchor y", 2),
        ("a: *anchor", 1),
        ("a: !!int 3", 1),
        ("a: [x", 1),
        ("a: [x, [y]]", 1),
        ("a: 'open", 1),
        ('a: "a "b" c"', 1),
        ("just text", 1),
        ("a: |7\n  x", 1),
        ("a: x\n- y", 1),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(text, line):
    with pytest.raises(NotUnderstood) as refusal:
        fields(text)
    assert refusal.value.line == line


def test_front_matter_needs_its_beginning_and_its_end():
    for text in ("# Title\n", "---\nid: x\n"):
        with pytest.raises(NotUnderstood):
            front_matter.split(text)


def test_a_file_has_fields_their_lines_and_a_body():
    document = front_matter.split("---\r\nid: x\r\n# comment\r\ntitle: y\r\n---\r\nbody\r\n")
    assert (document.fields, document.lines, document.body, document.body_line) == (
        {"id": "x", "title": "y"},
        {"id": 2, "title": 4},
        "body\n",
        6,
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_every_text_in_json_quotes_is_read_as_json_reads_it(text):
    assert fields(f"key: {json.dumps(text)}") == {"key": text}


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60))
def test_every_line_in_single_quotes_is_read_as_it_is(text):
    doubled = text.replace("'", "''")
    assert fields(f"key: '{doubled}'") == {"key": text}


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text):
    try:
        front_matter.split(f"---\n{text}\n---\n")
    except NotUnderstood as refusal:
        assert 1 <= refusal.line <= text.count("\n") + 3
