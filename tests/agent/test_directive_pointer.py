"""A directive and the pointer to it: both, or neither."""

import json

import pytest

POINT = ("agent.directive_pointer", "--task", "BUS-COORD-0001", "--summary", "everybody: rebase")


@pytest.fixture(autouse=True)
def manager(seat):
    seat("codex-1", roles=["manager"])


def test_the_directive_lands_in_its_thread_and_the_pointer_on_the_hub(run, lines):
    run(*POINT, "--note", "main moved", "--pointer-meta", "urgency=high")
    (directive,), (pointer,) = lines("messages/BUS-COORD-0001"), lines("messages/manager-report")
    assert (directive["type"], directive["summary"], directive["note"]) == (
        "directive",
        "everybody: rebase",
        "main moved",
    )
    assert (pointer["type"], pointer["meta"]["directive"]) == ("status", "BUS-COORD-0001")
    assert (pointer["meta"]["directive_id"], pointer["meta"]["urgency"]) == (directive["id"], "high")


def test_running_it_again_adds_only_the_pointer_that_is_missing(run, lines, raw_bus):
    run(*POINT)
    raw_bus["messages/manager-report"] = None
    run(*POINT)
    assert len(lines("messages/BUS-COORD-0001")) == len(lines("messages/manager-report")) == 1
    assert not run(*POINT, "--json").json["changed"]


def test_a_second_directive_of_a_thread_has_a_pointer_of_its_own(run, lines):
    run(*POINT)
    run("agent.directive_pointer", "--task", "BUS-COORD-0001", "--summary", "and squash")
    assert len(lines("messages/BUS-COORD-0001")) == len(lines("messages/manager-report")) == 2


def test_an_old_directive_without_an_id_is_known_by_its_words(run, lines, raw_bus):
    old = {"ts": "2025-01-01T00:00:00Z", "from": "codex-1", "type": "directive", "summary": "everybody: rebase"}
    raw_bus["messages/BUS-COORD-0001"] = json.dumps(old).encode() + b"\n"
    run(*POINT)
    assert len(lines("messages/BUS-COORD-0001")) == len(lines("messages/manager-report")) == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--pointer-summary", "two\nlines"], 2),
        (["--pointer-meta", "directive=X"], 2),
        (["--pointer-meta", "summary=X"], 2),
        (["--meta", "no pair"], 2),
        (["--receipt", "/etc/passwd"], 2),
        (["--task", "manager-report"], 2),
        (["--task", "agent-codex-2"], 2),
        (["--pointer-task", "BUS-COORD-0001"], 2),
        (["--pointer-task", "bus-coord-0002"], 2),
        (["--agent", "codex-2"], 3),
    ],
)
def test_every_refusal_leaves_every_file_as_it_was(run, unchanged, more, code):
    run("agent.bus_message", "--task", "BUS-COORD-0002", "--type", "note", "--summary", "x")
    unchanged()
    run(*POINT, *more, code=code)
    unchanged()
