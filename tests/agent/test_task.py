"""Tasks seen and made: the file that `add` writes, what `show` says of it, and how ids are typed."""

from __future__ import annotations

import pytest

from tools.core.backlog import items


@pytest.fixture(autouse=True)
def codex(seat):
    seat("codex-1")


@pytest.fixture
def queued(git_repo):
    (git_repo / "queue").mkdir()
    (git_repo / "queue/011-lexer.md").write_text("# Task: Lexer\nStatus: open\n")
    text = "# Task: Parser\nStatus: open\nDepends: QUEUE-011\nGoal: read headers\nAcceptance: the suite passes\n"
    (git_repo / "queue/012-parser.md").write_text(text)


def test_add_writes_a_file_that_reads_back_as_it_was_typed(run, git_repo, queued):
    options = ["--priority", "high", "--depends", "QUEUE-011", "--paths", "src/**", "--goal", "Say: which line"]
    made = run("agent.task", "add", "Name the line in errors", *options, "--json").json
    assert made == {
        "task_id": "QUEUE-013",
        "path": "queue/013-name-the-line-in-errors.md",
        "title": "Name the line in errors",
    }
    item, problems = items.parse("013-x.md", (git_repo / made["path"]).read_text())
    assert problems == [] and (item.title, item.priority, item.depends) == (made["title"], "high", ("QUEUE-011",))
    assert item.paths == ("src/**",) and item.goal == "Say: which line" and item.status == "open"


def test_the_first_task_of_a_backlog_is_number_one(run):
    assert run("agent.task", "add", "Begin", "--json").json["task_id"] == "QUEUE-001"


def test_a_dependency_that_is_not_there_is_refused_with_what_is_near(run, git_repo, queued):
    said = run("agent.task", "add", "X", "--depends", "QUEUE-021", code=2)
    assert "near: QUEUE-0" in said.err and len(list((git_repo / "queue").glob("*.md"))) == 2


def test_show_says_what_the_task_asks_for_and_what_goes_on(run, queued):
    said = run("agent.task", "show", "--task", "QUEUE-012").out
    for words in ("QUEUE-012: waiting", "title: > Parser", "goal: > read headers", "acceptance: > the suite passes"):
        assert words in said
    assert "file: queue/012-parser.md" in said and "depends: QUEUE-011" in said
    assert (
        "then: python -m tools.agent.bus_claim claim --task QUEUE-011"
        in run("agent.task", "show", "--task", "QUEUE-011").out
    )


def test_list_is_bounded_and_says_what_shows_the_rest(run, queued):
    said = run("agent.task", "list", "--limit", "1").out
    assert "QUEUE-011" in said and "QUEUE-012" not in said
    assert said.rstrip().endswith("… 1 more: python -m tools.agent.task list --limit 2")


@pytest.mark.parametrize("typed", ["QUEUE-12", "012", "queue-012"])
@pytest.mark.parametrize(
    "command", [("agent.bus_claim", "claim"), ("agent.next", "--no-switch"), ("agent.idle_pickup", "claim")]
)
def test_an_id_that_is_a_tasks_but_for_case_or_zeros_is_refused_with_the_id_to_type(
    run, queued, raw_bus, command, typed
):
    said = run(*command, "--task", typed, code=2)
    assert f"{typed} is not in the backlog; QUEUE-012 is" in said.err and "--task QUEUE-012" in said.err
    assert raw_bus[f"claims/{typed}"] is None


@pytest.mark.parametrize("typed", ["QUEUE-12", "012", "queue-012", "QUEUE-0012"])
def test_an_id_that_is_a_claimed_tasks_is_refused_where_the_backlog_is_not_here(run, raw_bus, seat, typed):
    run("agent.bus_claim", "claim", "--task", "QUEUE-012")
    seat("codex-2")
    said = run("agent.bus_claim", "claim", "--task", typed, code=2)
    assert f"{typed} is not claimed; QUEUE-012 is" in said.err and raw_bus[f"claims/{typed}"] is None


def test_an_id_like_that_of_a_finished_task_is_free(run):
    run("agent.bus_claim", "claim", "--task", "QUEUE-0012")
    run("agent.bus_claim", "release", "--task", "QUEUE-0012", "--status", "done")
    run("agent.bus_claim", "claim", "--task", "QUEUE-012")


@pytest.mark.parametrize("typed", ["QUEUE-12", "012", "queue-012", "QUEUE-0012"])
@pytest.mark.parametrize("option", ["--task", "--message-task"])
def test_no_thread_begins_under_an_id_that_is_a_tasks_but_for_case_or_zeros(run, queued, raw_bus, typed, option):
    words = ("--summary", "which way?", option)
    command = ("agent.bus_message", "--type", "note") if option == "--task" else ("agent.bus_ping",)
    refusal = run(*command, *words, typed, code=2)
    assert f"{typed} is not in the backlog; QUEUE-012 is" in refusal.err and f"{option} QUEUE-012" in refusal.err
    assert raw_bus[f"messages/{typed}"] is None
    run(*command, *words, "QUEUE-012")


def test_managers_are_told_of_misspelt_ids_too(run, queued):
    assert (
        "--task QUEUE-012 --engineer codex-2"
        in run("agent.task_assign", "--task", "queue-12", "--engineer", "codex-2", code=2).err
    )
    assert (
        "--task QUEUE-012 --agent codex-1"
        in run("agent.claim_seed", "--task", "queue-12", "--agent", "codex-1", code=2).err
    )


def test_an_id_that_the_backlog_lacks_is_claimed_with_a_warning(run, queued):
    assert (
        "QUEUE-013 is not in the backlog; near: QUEUE-01" in run("agent.bus_claim", "claim", "--task", "QUEUE-013").err
    )


def test_a_task_with_an_open_dependency_is_refused_without_a_recorded_reason(run, git_repo, queued):
    said = run("agent.bus_claim", "claim", "--task", "QUEUE-012", code=4)
    assert "waits for QUEUE-011" in said.err and "--allow-waiting --reason" in said.err
    run("agent.bus_claim", "claim", "--task", "QUEUE-012", "--allow-waiting", code=2)
    run("agent.bus_claim", "claim", "--task", "QUEUE-012", "--allow-waiting", "--reason", "only the docs")
    (warning,) = (git_repo / "_report/agent/codex-1/session_guard").glob("*")
    assert "waiting_override" in warning.read_text() and "only the docs" in warning.read_text()


def test_a_dependency_that_is_done_is_none(run, queued):
    run("agent.bus_claim", "claim", "--task", "QUEUE-011")
    run("agent.bus_claim", "release", "--task", "QUEUE-011")
    assert "goal: > read headers" in run("agent.bus_claim", "claim", "--task", "QUEUE-012").out


def test_next_shows_the_task_that_it_takes(run, queued):
    said = run("agent.idle_pickup", "next").out
    assert "title: > Lexer" in said and "file: queue/011-lexer.md" in said


def test_what_is_assigned_to_me_comes_first(run, seat, queued):
    run("agent.task", "add", "Urgent", "--priority", "high")
    seat("boss", roles=["manager"])
    run("agent.task_assign", "--task", "QUEUE-011", "--engineer", "codex-1", "--no-auto-claim")
    seat("codex-1")
    listed = run("agent.idle_pickup", "list", "--json").json["tasks"]
    assert [row["task_id"] for row in listed] == ["QUEUE-011", "QUEUE-013"]
    assert "holds QUEUE-011" in run("agent.idle_pickup", "next").out


def test_a_claim_that_was_seeded_paused_becomes_active_when_its_engineer_is_assigned(run, seat, queued):
    seat("boss", roles=["manager"])
    run("agent.claim_seed", "--task", "QUEUE-011", "--agent", "codex-1")
    run("agent.task_assign", "--task", "QUEUE-011", "--engineer", "codex-1")
    assert run("agent.bus_claim", "show", "--task", "QUEUE-011", "--json").json["claim"]["status"] == "active"


def test_a_message_to_an_agent_that_nobody_knows_is_warned_of(run):
    run("agent.bus_event", "log", "--event", "note", "--summary", "here")
    said = run("agent.bus_message", "--task", "T", "--type", "note", "--summary", "s", "--target", "codex-l")
    assert "no agent codex-l is known here; near: codex-1" in said.err


def test_an_answer_to_no_message_is_refused(run, raw_bus):
    words = ("--task", "T", "--type", "status", "--summary", "s", "--reply-to", "01M86KM5800ADDQMGCTY1F1Z43")
    assert "no message has the id" in run("agent.bus_message", *words, code=2).err
    assert raw_bus["messages/T"] is None


def test_finished_claims_are_listed_newest_first_and_bounded(run):
    for number in range(3):
        run("agent.bus_claim", "claim", "--task", f"T-{number}")
        run("agent.bus_claim", "release", "--task", f"T-{number}")
    said = run("agent.bus_claim", "list", "--limit", "2").out
    assert (
        said.count("done") == 2 and "… 1 more: python -m tools.agent.bus_claim list --status finished --limit 3" in said
    )
