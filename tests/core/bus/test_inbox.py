"""What waits for a seat: unread first, open requests that name it or a task it holds."""

import pytest

from tools.core.bus import inbox
from tools.core.fs import files


@pytest.fixture
def waiting(workspace, store):
    """The summaries in codex-2's inbox, unread ones marked, given the tasks it holds."""

    def ask(*tasks):
        received = inbox.look(store.history, "codex-2", tasks, inbox.read_mark(workspace, "codex-2"))
        return [("new " if item.is_unread else "") + item.entry.record.summary for item in received.items], received

    return ask


def test_my_inbox_and_requests_that_name_me_or_my_task_wait_for_me(logged, waiting):
    logged(thread="agent-codex-2", summary="in the inbox")
    logged(thread="manager-report", type="request", to="codex-2", summary="names me")
    logged(thread="T", type="directive", summary="my task")
    logged(thread="U", type="request", summary="not mine")
    logged(thread="T", type="request", summary="my own question", **{"from": "codex-2"})
    logged(thread="T", summary="mere talk")
    assert sorted(waiting("T")[0]) == ["new in the inbox", "new my task", "new names me"]


def test_an_answered_request_waits_no_longer(logged, waiting):
    request = logged(thread="T", type="request", to="codex-2", summary="asked")
    assert waiting()[1].items[0].is_open
    logged(thread="T", summary="answer", reply_to=request["id"], **{"from": "codex-2"})
    assert waiting()[0] == []


def test_a_stranger_is_told_that_its_reply_leaves_a_request_open(logged, run, waiting):
    request = logged(thread="T", type="request", to="codex-2", summary="asked", **{"from": "codex-1"})
    reply = ("agent.bus_message", "--task", "T", "--type", "status", "--summary", "answer", "--reply-to", request["id"])
    assert "the request of codex-1 stays open: codex-2 was asked" in run(*reply, "--agent", "codex-3").err
    assert waiting()[1].items[0].is_open
    assert "stays open" not in run(*reply, "--agent", "codex-2").err and waiting()[0] == []


def test_what_others_flood_an_inbox_with_hides_no_question_of_another(logged, run):
    for number in range(40):
        logged(
            thread="U",
            type="request",
            to="codex-2",
            summary=f"spam {number}",
            ts="9999-12-31T23:59:59Z",
            **{"from": "loud"},
        )
        logged(thread="agent-codex-2", summary=f"noise {number}", ts="9999-12-31T23:59:59Z", **{"from": "loud"})
    logged(thread="T", type="request", to="codex-2", summary="real")
    answer = run("agent.bus_inbox", "--agent", "codex-2", "--json").json
    assert len(answer["items"]) == 20 and "real" in [item["summary"] for item in answer["items"]]


def test_what_was_marked_is_read_and_what_came_since_is_not(workspace, logged, waiting):
    logged(thread="agent-codex-2", summary="old", ts="2026-01-31T10:00:00Z")
    logged(thread="agent-codex-2", summary="no id", id="", ts="2026-01-31T10:01:00Z")
    inbox.mark_read(workspace, "codex-2", waiting()[1])
    logged(thread="agent-codex-2", summary="fresh", ts="2026-01-31T11:00:00Z")
    assert waiting()[0] == ["new fresh", "old", "no id"]


@pytest.mark.parametrize("garbage", [b"{", b"[]", b'{"read": 7}', b""])
def test_a_damaged_mark_makes_everything_unread(workspace, logged, waiting, garbage):
    logged(thread="agent-codex-2", summary="heard")
    files.replace(inbox.mark_place(workspace, "codex-2"), garbage)
    assert waiting()[0] == ["new heard"]


def test_the_command_marks_and_answers_in_json(logged, run):
    logged(thread="agent-codex-2", summary="heard")
    for unread in (1, 0):
        answer = run("agent.bus_inbox", "--agent", "codex-2", "--mark-read", "--json").json
        assert (answer["unread"], answer["total"]) == (unread, 1)


def test_a_long_inbox_is_counted_and_only_its_newest_are_read(workspace, logged, waiting, run):
    for number in range(inbox.NEWEST + 30):
        logged(thread="agent-codex-2", summary=f"m{number}", ts=f"2026-01-31T{number // 60:02}:{number % 60:02}:00Z")
    shown, received = waiting()
    assert (len(shown), received.unread, received.total) == (inbox.NEWEST, inbox.NEWEST + 30, inbox.NEWEST + 30)
    inbox.mark_read(workspace, "codex-2", received)
    logged(thread="agent-codex-2", summary="new one", ts="2026-01-31T23:00:00Z")
    assert waiting()[1].unread == 1 and waiting()[0][0] == "new new one"
