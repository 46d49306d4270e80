"""Search: ranked, filtered, filled as the logs grow, right after they were rewritten."""

import pytest

from tools.core.models.bus import EVENTS
from tools.core.store.api import Append
from tools.core.store.files import index as index_module
from tools.core.store.files import search
from tools.core.store.files.index import open_index


@pytest.fixture
def found(workspace):
    """The summaries a search finds, best first."""

    def ask(text, **filters):
        with open_index(workspace) as index:
            return [hit.entry.record.summary for hit in search.find(index, search.Search(text, **filters)).hits]

    return ask


def test_records_with_all_words_come_before_those_with_some(logged, found):
    for text in ("the parser", "nothing of it", "a parser with a bug", "bug"):
        logged(summary=text)
    assert found("parser bug")[0] == "a parser with a bug"
    assert set(found("parser bug")) == {"the parser", "a parser with a bug", "bug"}


def test_what_is_logged_later_is_found_too_and_notes_are_searched(logged, found):
    logged(summary="first word")
    assert found("word") == ["first word"]
    logged(thread="T", summary="second", note="has the word as well")
    assert sorted(found("word")) == ["first word", "second"]


def test_filters_narrow_and_the_limit_cuts(logged, found):
    logged(summary="word by one", agent_id="codex-1", task_id="A", ts="2026-01-01T00:00:00Z")
    logged(summary="word by two", agent_id="codex-2", task_id="B", ts="2026-02-01T00:00:00Z")
    assert found("word", agents=["codex-1"]) == ["word by one"]
    assert found("word", tasks=["B"]) == ["word by two"]
    assert len(found("word", limit=1)) == 1


def test_a_message_and_its_inbox_copy_are_one_hit(logged, found):
    said = logged(thread="T", summary="twice said")
    logged(thread="agent-codex-2", summary="twice said", id=said["id"])
    assert found("twice") == ["twice said"]


def test_after_a_rewrite_only_what_is_there_is_found(workspace, logged, found):
    logged(summary="old word")
    logged(summary="kept word")
    assert len(found("word")) == 2
    path = workspace.events.path
    with open(path, "rb") as log:
        last = log.read().splitlines(keepends=True)[-1]
    with open(path, "wb") as log:
        log.write(last)
    assert found("word") == ["kept word"]


def test_damaged_words_are_made_again(workspace, logged, found):
    for number in range(300):
        logged(summary=f"word {number}")
    assert len(found("word")) == 20
    path = workspace.cache.child("index.sqlite-words").path
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 20000)
    assert len(found("word")) == 20


def test_without_full_text_search_the_newest_are_compared(logged, found, monkeypatch):
    monkeypatch.setattr(index_module.Index, "has_words", lambda self: False)
    logged(summary="one word")
    logged(summary="a word beside a word")
    assert found("word beside")[0] == "a word beside a word" and len(found("word")) == 2


def test_the_command_shows_one_line_a_hit_and_json(logged, run):
    logged(summary="a\x1b[31m word", task_id="T")
    assert run("agent.bus_search", "word").out.count("\n") == 1
    assert run("agent.bus_search", "word", "--json").json["hits"][0]["task_id"] == "T"
    assert run("agent.bus_search", "absent").out == ""
    run("agent.bus_search", "***", code=2)


def test_of_many_that_match_the_newest_by_their_stamps_are_ranked_and_the_user_is_told(logged, found, run, monkeypatch):
    monkeypatch.setattr(search, "_RANKED", 3)
    logged(thread="zoo", summary="old word", ts="2026-01-01T00:00:00Z")
    for number in range(3):
        logged(summary=f"word {number}", ts=f"2026-02-0{number + 1}T00:00:00Z")
    assert sorted(found("word")) == ["word 0", "word 1", "word 2"]
    logged(thread="zoo", summary="late word of many words", ts="2026-03-01T00:00:00Z")
    assert sorted(found("word"))[0] == "late word of many words" and "word 0" not in found("word")


def test_the_command_says_when_older_records_were_left_out(store, event, run):
    assert "only the newest" not in run("agent.bus_search", "word").err
    store.commit([Append(EVENTS, event(summary=f"word {number}")) for number in range(2000)])
    assert "only the newest" in run("agent.bus_search", "word").err
