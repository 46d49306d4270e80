"""Hostile words on the command line and in records, through every way in and out."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile import corpus
from tests.hostile.catalogue import READERS, name_of
from tests.hostile.conftest import attempt, parsed
from tools.core import ids
from tools.core.text import terminal
from tools.core.text.markdown import escape_markdown

SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
anything = st.text(st.characters(exclude_categories=()), max_size=80)
evil_ids = st.one_of(
    anything,
    st.sampled_from(
        [
            "",
            ".",
            "..",
            "../x",
            "a/../b",
            "/abs",
            "a\\b",
            "a\0b",
            "-x",
            ".x",
            "CON",
            "a.lock",
            "a..b",
            "x" * 129,
            "é",
            "a\n",
            "A-1 ",
        ]
    ),
    st.from_regex(r"[A-Za-z0-9]+([._-]{1,2}[A-Za-z0-9]*){0,4}", fullmatch=True),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "id",
    "ts",
    "agent_id",
    "from",
    "event",
    "type",
    "summary",
    "task_id",
    "meta",
    "receipts",
    "receipt",
    "severity",
    "claim",
    "to",
    "reply_to",
    "prev",
]
records = st.dictionaries(st.sampled_from(FIELDS) | anything, json_values, max_size=8)


@given(evil_ids)
def test_an_id_that_passes_is_one_plain_file_name(text):
    if ids.is_task(text):
        assert (
            "/" not in text
            and text not in (".", "..")
            and text.isascii()
            and text.isprintable()
            and text == text.strip()
        )


@SLOW
@given(task=evil_ids, agent=evil_ids)
def test_no_id_from_the_command_line_reaches_outside(field, task, agent):
    attempt(("agent.bus_claim", "claim", f"--task={task}", f"--agent={agent}"))
    attempt(("agent.bus_message", f"--task={task}", "--type=note", "--summary=x", f"--target={agent}"))
    attempt(("agent.bus_event", "log", "--event=note", "--summary=x", f"--task={task}", f"--plan={task}"))
    attempt(("agent.bus_watch", f"--task={task}", f"--agent={agent}"))


@SLOW
@given(text=anything, key=anything)
def test_any_text_can_be_said_and_is_shown_harmlessly(field, text, key):
    attempt(
        (
            "agent.bus_message",
            "--task=T-1",
            "--type=note",
            f"--summary={text}",
            f"--note={text}",
            f"--meta={key}={text}",
        )
    )
    attempt(
        (
            "agent.bus_event",
            "log",
            "--event=note",
            f"--summary={text}",
            f"--branch={text}",
            f"--receipt={text}",
            f"--pr={text}",
        )
    )
    attempt(("agent.bus_claim", "claim", "--task=T-1", f"--notes={text}", f"--paths={text}", f"--branch={text}"))
    attempt(("agent.bus_search", "--", text, key))
    for command in (
        ("agent.bus_status",),
        ("agent.bus_watch", "--task=T-1"),
        ("agent.bus_claim", "show", "--task=T-1"),
    ):
        attempt(command)
        parsed(attempt(command, "--json").out)
    for line in (
        (field / "_bus/events/events.jsonl").read_bytes().splitlines()
        if (field / "_bus/events/events.jsonl").exists()
        else []
    ):
        assert isinstance(json.loads(line), dict)


@SLOW
@given(st.lists(records, min_size=1, max_size=6))
def test_any_json_object_can_lie_in_a_log(field, found):
    data = b"\n".join(json.dumps(record).encode() for record in found)
    for place in corpus.LOG_PLACES[:4]:
        corpus.put(field, place, data)
    for command in READERS[:16]:
        attempt(command)


@SLOW
@given(st.binary(max_size=400), st.binary(max_size=200))
def test_any_bytes_can_lie_in_a_log_and_a_document(field, log, document):
    for place in corpus.LOG_PLACES[:4]:
        corpus.put(field, place, log)
    for place in corpus.DOCUMENT_PLACES[:3]:
        corpus.put(field, place, document)
    for command in READERS[:16]:
        attempt(command)


@SLOW
@given(
    st.lists(
        st.sampled_from(
            [
                '"',
                "'",
                "*",
                "NEAR(",
                ")",
                "AND",
                "OR",
                "NOT",
                "^",
                ":",
                "text:",
                "-",
                "+",
                "{",
                "}",
                "a",
                "é",
                "\0",
                "%",
                ";--",
            ]
        ),
        min_size=1,
        max_size=8,
    )
)
def test_no_query_is_a_syntax_error(field, parts):
    corpus.put(field, "_bus/events/events.jsonl", corpus.event(summary="a word") + b"\n")
    done = attempt(("agent.bus_search", "--", *parts))
    assert done.code in (0, 2) and "syntax" not in done.err


@given(anything)
def test_markdown_shows_any_text_on_one_line_without_markup(text):
    shown = escape_markdown(text)
    assert "\n" not in shown and "<" not in shown
    assert terminal.clean(shown) == shown


@pytest.mark.parametrize("command", READERS, ids=name_of)
def test_every_stream_that_promises_json_is_json(field, command):
    corpus.put(field, "_bus/events/events.jsonl", corpus.log_of(list(corpus.LINES.values())))
    done = attempt(command, "--json")
    assert parsed(done.out) or done.code
    parsed(done.err)
