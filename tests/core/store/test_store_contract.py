"""What every store of the bus must do, whatever it is made of; the stores stand in conftest.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.errors import UsageError
from tools.core.fs import jsonl
from tools.core.models.bus import EVENTS
from tools.core.store.api import Append, Expect, Replace, StaleVersion

DOCUMENT = "claims/T"


def summaries(reading):
    return [stored.record["summary"] for stored in reading.records]


def append(store, event, *texts):
    return [store.commit([Append(EVENTS, event(summary=text))])[0] for text in texts]


def test_an_empty_store_has_nothing_and_says_so_without_an_error(any_store):
    assert any_store.read(EVENTS) == any_store.tail("messages/T", 5) == jsonl.Reading([], [])
    assert any_store.get(DOCUMENT) is None
    assert any_store.names("claims") == any_store.names("messages") == []


def test_what_was_appended_is_read_in_order(any_store, event):
    append(any_store, event, "one", "two", "three")
    assert summaries(any_store.read(EVENTS)) == ["one", "two", "three"]


def test_what_commit_returns_is_what_is_read(any_store, event):
    written = append(any_store, event, "one", "two")
    assert [stored.record for stored in any_store.read(EVENTS).records] == written


def test_each_record_carries_the_hash_of_the_line_before_it(any_store, event):
    append(any_store, event, "one", "two", "three")
    found = any_store.read(EVENTS).records
    assert "prev" not in found[0].record
    assert [one.record["prev"] for one in found[1:]] == [one.line.hash for one in found[:-1]]


def test_a_prev_that_the_caller_made_up_is_not_believed(any_store, event):
    any_store.commit([Append(EVENTS, event(prev="f" * 16))])
    assert "prev" not in any_store.read(EVENTS).records[0].record


def test_several_records_in_one_commit_chain_too(any_store, event):
    any_store.commit([Append(EVENTS, event(summary="one")), Append(EVENTS, event(summary="two"))])
    one, two = any_store.read(EVENTS).records
    assert two.record["prev"] == one.line.hash


@pytest.mark.parametrize("count", [0, 1, 2, 3, 9])
def test_the_tail_is_the_last_records_oldest_first(any_store, event, count):
    append(any_store, event, "one", "two", "three")
    assert summaries(any_store.tail(EVENTS, count)) == ["one", "two", "three"][max(0, 3 - count) :]


def test_a_tail_of_wanted_records_looks_further_back(any_store, event):
    append(any_store, event, "yes 1", "no", "yes 2", "no", "no")
    found = any_store.tail(EVENTS, 2, lambda record: record["summary"].startswith("yes"))
    assert summaries(found) == ["yes 1", "yes 2"]


def test_reading_can_go_on_from_where_a_line_ended(any_store, event):
    append(any_store, event, "one", "two")
    end = any_store.read(EVENTS).records[0].line.end
    assert summaries(any_store.read(EVENTS, end)) == ["two"]


def test_a_document_is_made_only_where_none_is_expected(any_store):
    any_store.commit([Replace(DOCUMENT, {"n": 1}, "")])
    with pytest.raises(StaleVersion):
        any_store.commit([Replace(DOCUMENT, {"n": 2}, "")])
    assert any_store.get(DOCUMENT).content == {"n": 1}


def test_a_document_is_replaced_only_from_the_version_that_was_read(any_store):
    any_store.commit([Replace(DOCUMENT, {"n": 1}, "")])
    seen = any_store.get(DOCUMENT).version
    any_store.commit([Replace(DOCUMENT, {"n": 2}, seen)])
    with pytest.raises(StaleVersion):
        any_store.commit([Replace(DOCUMENT, {"n": 3}, seen)])
    assert any_store.get(DOCUMENT).content == {"n": 2}


def test_one_stale_version_stops_the_whole_commit(any_store, event):
    any_store.commit([Replace(DOCUMENT, {"n": 1}, "")])
    for stale in (Replace(DOCUMENT, {"n": 2}, "old"), Expect(DOCUMENT, ""), Expect("claims/U", "old")):
        changes = [Append(EVENTS, event()), Replace("claims/V", {}, ""), stale, Append("messages/T", event())]
        with pytest.raises(StaleVersion):
            any_store.commit(changes)
    assert any_store.read(EVENTS).records == any_store.read("messages/T").records == []
    assert any_store.get("claims/V") is None and any_store.get(DOCUMENT).content == {"n": 1}


def test_an_expectation_that_holds_changes_nothing(any_store, event):
    any_store.commit([Replace(DOCUMENT, {"n": 1}, "")])
    version = any_store.get(DOCUMENT).version
    any_store.commit([Expect(DOCUMENT, version), Expect("claims/U", ""), Append(EVENTS, event())])
    assert any_store.get(DOCUMENT).version == version and any_store.get("claims/U") is None


def test_one_commit_reaches_streams_and_documents_together(any_store, event, message):
    written = any_store.commit(
        [
            Append(EVENTS, event()),
            Replace(DOCUMENT, {"n": 1}, ""),
            Append("messages/T", message()),
            Append("messages/U", message()),
        ]
    )
    assert len(written) == 3
    assert any_store.names("claims") == ["T"] and any_store.names("messages") == ["T", "U"]


def test_every_record_changes_the_version_of_its_stream_and_of_no_other(any_store, event):
    versions = [any_store.version(EVENTS)]
    for _ in range(3):
        any_store.commit([Append(EVENTS, event())])
        versions.append(any_store.version(EVENTS))
    assert versions[0] == "" and len(set(versions)) == 4 and any_store.version("messages/T") == ""


def test_a_document_has_the_version_it_was_read_with(any_store):
    any_store.commit([Replace(DOCUMENT, {"n": 1}, "")])
    assert any_store.version(DOCUMENT) == any_store.get(DOCUMENT).version


def test_a_stream_that_grew_since_it_was_read_stops_the_whole_commit(any_store, event, message):
    seen = any_store.version("messages/T")
    any_store.commit([Append("messages/T", message())])
    with pytest.raises(StaleVersion):
        any_store.commit([Expect("messages/T", seen), Append(EVENTS, event())])
    assert any_store.read(EVENTS).records == []
    any_store.commit([Expect("messages/T", any_store.version("messages/T")), Append("messages/T", message())])
    assert len(any_store.read("messages/T").records) == 2


def test_adopted_lines_are_kept_as_they_are_and_come_once(any_store, event):
    any_store.commit([Append(EVENTS, event())])
    lines = [b'{"event":"note", "agent_id":"x", "ts":"2026-01-31T12:00:00Z", "summary":"s"}', b"no JSON"]
    assert [any_store.adopt(EVENTS, lines) for _ in range(2)] == [2, 0]
    reading = any_store.read(EVENTS)
    assert reading.records[-1].line.raw == lines[0] and [problem.line for problem in reading.problems] == [3]


@pytest.mark.parametrize(
    "record", [{}, {"event": "note"}, {"agent_id": ["x"], "event": "note"}, {"agent_id": "x", "event": 7}]
)
def test_an_object_that_is_no_record_is_a_problem_with_its_line(any_store, event, record):
    any_store.commit([Append(EVENTS, event()), Append(EVENTS, record), Append(EVENTS, event())])
    for reading in (any_store.read(EVENTS), any_store.tail(EVENTS, 5)):
        assert len(reading.records) == 2
        assert [(problem.path, problem.line) for problem in reading.problems] == [(any_store.where(EVENTS), 2)]


def test_nothing_to_commit_is_nothing(any_store):
    assert any_store.commit([]) == []


def test_a_record_that_is_too_long_stops_the_whole_commit(any_store, event):
    with pytest.raises(UsageError):
        any_store.commit([Append("messages/T", event()), Append(EVENTS, event(note="x" * 70_000))])
    assert any_store.read("messages/T").records == [] and any_store.names("messages") == []


@pytest.mark.parametrize("name", ["claims/../x", "messages/", "claims/.hidden", "messages/a/b", "assignments/-x"])
def test_a_name_that_is_no_id_is_refused_by_every_verb(any_store, event, name):
    verbs = [lambda: any_store.read(name), lambda: any_store.tail(name, 1), lambda: any_store.get(name),
             lambda: any_store.commit([Append(name, event())]), lambda: any_store.commit([Replace(name, {}, "")])]  # fmt: skip
    for verb in verbs:
        with pytest.raises(UsageError):
            verb()


def test_no_two_names_differ_only_in_case(any_store, message):
    any_store.commit([Replace("claims/Task-1", {"n": 1}, ""), Append("messages/Task-1", message())])
    with pytest.raises(UsageError):
        any_store.commit([Replace("claims/TASK-1", {}, "")])
    with pytest.raises(UsageError):
        any_store.commit([Append("messages/task-1", message())])


def test_versions_differ_when_contents_differ(any_store):
    seen = [""]
    for n in range(5):
        any_store.commit([Replace(DOCUMENT, {"n": n}, seen[-1])])
        seen.append(any_store.get(DOCUMENT).version)
    assert len(set(seen)) == 6


@given(texts=st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=6))
def test_any_text_comes_back_as_it_was_given(any_store, event, texts):
    before = len(any_store.read(EVENTS).records)
    append(any_store, event, *texts)
    assert summaries(any_store.read(EVENTS))[before:] == texts


def test_several_documents_come_in_one_answer(any_store):
    any_store.commit(
        [Replace(f"{kind}/{name}", {"n": name}, "") for kind in ("claims", "assignments") for name in "TU"]
    )
    named = any_store.documents("claims/T", "assignments/U", "claims/absent")
    assert named == {"claims/T": any_store.get("claims/T"), "assignments/U": any_store.get("assignments/U")}
    assert list(any_store.documents("claims")) == ["claims/T", "claims/U"]
    assert len(any_store.documents("claims", "assignments")) == 4 and any_store.documents() == {}


def test_a_document_that_is_named_outside_the_ids_is_refused(any_store):
    with pytest.raises(UsageError):
        any_store.documents("claims/../x")


def test_no_two_documents_of_one_commit_differ_only_in_case(any_store):
    claim = {"agent_id": "codex-1", "status": "active", "branch": "b", "fence": 1, "claimed_at": "2026-01-31T12:00:00Z"}
    changes = [Replace(f"claims/{task}", {**claim, "task_id": task}, "") for task in ("Q-1", "Q-2", "q-1")]
    with pytest.raises(UsageError, match="differs only in case from 'Q-1'"):
        any_store.commit(changes)
    assert any_store.names("claims") == []
