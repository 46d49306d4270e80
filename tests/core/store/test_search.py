"""Search: filled as the logs grow, right after they were rewritten."""

import sqlite3

import pytest

from tools.core.models.entry import Search
from tools.core.store.files import search
from tools.core.store.files.index import database as index_module


@pytest.fixture
def found(store):
    """The summaries a search finds, newest first."""

    def ask(text, **filters):
        store.history.refresh()
        return [entry.record.summary for entry in store.history.search(Search(text, **filters)).entries]

    return ask


def test_what_is_logged_later_is_found_too_and_notes_are_searched(logged, found):
    logged(summary="first word")
    assert found("word") == ["first word"]
    logged(thread="T", summary="second", note="has the word as well")
    assert sorted(found("word")) == ["first word", "second"]


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


def test_words_that_another_process_keeps_are_not_waited_for(workspace, logged, found, monkeypatch):
    monkeypatch.setattr(index_module, "_PATIENCE", 0.05)
    logged(summary="one word")
    found("word")
    holder = sqlite3.connect(workspace.cache.child("index.sqlite-words").path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    logged(summary="a word beside a word")
    assert found("word beside") == ["a word beside a word"] and len(found("word")) == 2
    holder.close()


def test_without_full_text_search_the_newest_are_compared(logged, found, monkeypatch):
    def refuse(connection, place):
        raise sqlite3.OperationalError("no such module: fts5")

    monkeypatch.setattr(search, "_attach", refuse)
    logged(summary="one word")
    logged(summary="a word beside a word")
    assert found("word beside") == ["a word beside a word"] and len(found("word")) == 2


def test_the_command_shows_one_line_a_hit_and_json(logged, run):
    logged(summary="a\x1b[31m word", task_id="T")
    assert run("agent.bus_search", "word").out.count("\n") == 1
    assert run("agent.bus_search", "word", "--json").json["hits"][0]["task_id"] == "T"
    assert run("agent.bus_search", "absent").out == ""
    run("agent.bus_search", "***", code=2)


def test_a_common_word_behind_a_filter_is_looked_for_in_the_newest_only_and_the_user_hears_it(logged, run, monkeypatch):
    monkeypatch.setattr(search, "_WALKED", 3)
    logged(summary="old word", task_id="zoo")
    assert "only the newest" not in run("agent.bus_search", "word", "--task", "zoo").err
    for number in range(3):
        logged(summary=f"word {number}")
    assert "only the newest" in run("agent.bus_search", "word", "--task", "zoo").err
