"""The bus commands as their users type them: what each says, writes and refuses."""

import json

import pytest

from tools.core import clock
from tools.core.bus.inbox import Item, chosen
from tools.core.models.entry import message_entry

pytestmark = pytest.mark.usefixtures("git_repo")


@pytest.fixture
def claim(run):
    """`bus_claim <verb> --task T --agent <who> …`."""

    def act(verb, agent="codex-1", *more, task="T", code=0):
        return run("agent.bus_claim", verb, "--task", task, "--agent", agent, *more, code=code)

    return act


def log_of(store, stream="events"):
    return [stored.record for stored in store.read(stream).records]


def test_a_claims_life_by_the_playbook(claim, run):
    claim("claim", "codex-1", "--plan", "2026-01-31-x", "--notes", "begun")
    assert "codex-1" in claim("claim", "codex-2", code=4).err
    assert "codex-1" in claim("release", "codex-2", code=3).err
    claim("pause", "codex-2", "--notes", "crashed", code=4)
    claim("pause", "codex-2", "--notes", "crashed", "--force", "--reason", "told to")
    claim("claim", "codex-2")
    claim("release", "codex-2")
    assert "nothing to change" in claim("release", "codex-2").out
    claim("claim", "codex-2", code=4)
    claim("claim", "codex-3", "--reopen", "--reason", "bug")
    shown = run("agent.bus_claim", "show", "--task", "T", "--json").json
    assert shown["claim"]["fence"] == 3 and shown["claim"]["taken_from"]["agent_id"] == "codex-2"
    assert [event["event"] for event in shown["history"]] == ["claim", "pause", "takeover", "release", "reopened"]


@pytest.mark.promise(6)
def test_overrides_leave_warnings_with_their_reasons(claim, git_repo):
    claim("claim")
    claim("pause", "codex-2", "--notes", "n", "--force", "--reason", "told to")
    claim("claim", "codex-2")
    claim("release", "codex-2")
    claim("claim", "codex-2", "--reopen", "--reason", "bug")
    lines = (git_repo / "_report/agent/codex-2/session_guard/warnings.jsonl").read_text().splitlines()
    assert [json.loads(line)["reason"] for line in lines] == ["told to", "bug"]


@pytest.mark.parametrize(
    "more",
    [
        ["--reopen"],
        ["--notes", "x", "--clear-notes"],
        ["--status", "done"],
        ["--stale-after", "soon"],
        ["--branch", "a\nb"],
        ["--plan", "x"],
    ],
)
def test_a_claim_that_makes_no_sense_is_a_usage_error(claim, git_repo, more):
    claim("claim", "codex-1", *more, code=2)
    assert not (git_repo / "_bus").exists()


def test_a_plan_that_is_not_here_is_a_warning(claim):
    assert "warning: plan 2026-01-31-x" in claim("claim", "codex-1", "--plan", "2026-01-31-x").err


def test_a_note_is_kept_replaced_and_cleared(claim, store):
    def note():
        return store.get("claims/T").content.get("notes")

    claim("claim", "codex-1", "--notes", "one")
    claim("claim", "codex-1", "--branch", "b")
    assert note() == "one"
    claim("claim", "codex-1", "--clear-notes")
    assert note() is None


def test_a_list_is_filtered_and_fails_on_stale_claims_when_asked(claim, run, store):
    claim("claim", "codex-1")
    claim("claim", "codex-2", task="U")
    claim("release", "codex-2", "--status", "released", task="U")

    def listed(*arguments, code=0):
        return [
            row["task_id"] for row in run("agent.bus_claim", "list", "--json", *arguments, code=code).json["claims"]
        ]

    assert listed() == ["T", "U"] and listed("--agent", "codex-2") == ["U"] and listed("--status", "active") == ["T"]
    assert listed("--stale") == [] and listed("--stale", "--stale-after", "0m", "--fail-on-stale", code=1) == ["T"]


def test_overlapping_paths_are_a_warning_or_a_refusal(claim, store):
    claim("claim", "codex-1", "--paths", "/src/")
    assert "codex-1" in claim("claim", "codex-2", "--paths", "src/app.py", task="U").err
    refused = claim("claim", "codex-3", "--paths", "src/app.py", "--exclusive", task="V", code=4)
    assert "hint: python -m tools.agent.bus_message" in refused.err
    assert store.get("claims/V") is None


def test_an_event_without_a_summary_gets_a_sentence(run, store):
    run("agent.bus_event", "log", "--event", "note", "--task", "T", "--agent", "codex-1")
    assert log_of(store)[0]["summary"] == "codex-1 note on T"


def test_everything_an_event_can_say_is_in_its_record(run, store):
    arguments = ["--event", "pr_opened", "--summary", "s", "--plan", "_plans/2026-01-31-x.plan.json", "--branch", "b", "--pr", "7",
                 "--severity", "low", "--receipt", "a.json", "--receipt", "b.json", "--extra", "k=v=w", "--extra", "e="]  # fmt: skip
    warned = run("agent.bus_event", "log", *arguments, "--agent", "codex-1")
    record = log_of(store)[0]
    assert {key: record[key] for key in ("plan_id", "branch", "pr", "severity", "receipts", "meta")} == {
        "plan_id": "2026-01-31-x", "branch": "b", "pr": "7", "severity": "low", "receipts": ["a.json", "b.json"], "meta": {"k": "v=w", "e": ""},
    }  # fmt: skip
    assert "a.json is not there yet" in warned.err


def test_a_decisions_receipt_is_written_first_and_cited(run, store, git_repo):
    run(
        "agent.bus_event",
        "log",
        "--event",
        "status",
        "--consensus-decision",
        "D-1",
        "--consensus-meta",
        "votes=3",
        "--agent",
        "codex-1",
    )
    cited = log_of(store)[0]["receipts"][0]
    receipt = json.loads((git_repo / cited).read_text())
    assert (
        receipt["decision_id"] == "D-1"
        and receipt["meta"] == {"votes": "3"}
        and cited.startswith("_report/consensus/D-1-")
    )


def test_a_guarded_event_leaves_only_its_refusal(run, store, git_repo):
    refused = run(
        "agent.bus_event",
        "log",
        "--event",
        "complete",
        "--task",
        "T",
        "--consensus-decision",
        "D",
        "--agent",
        "codex-1",
        code=3,
    )
    assert "T is not claimed" in refused.err and "claim --task T" in refused.err
    assert log_of(store) == [] and not (git_repo / "_report/consensus").exists()
    assert (git_repo / "_report/agent/codex-1/errors.jsonl").exists()


def test_a_message_reaches_thread_and_inbox_under_one_id(run, store):
    run(
        "agent.bus_message",
        "--task",
        "T",
        "--type",
        "request",
        "--summary",
        "s",
        "--target",
        "codex-2",
        "--plan",
        "2026-01-31-x",
        "--agent",
        "codex-1",
    )
    said, copy = log_of(store, "messages/T")[0], log_of(store, "messages/agent-codex-2")[0]
    assert said["id"] == copy["id"] and said["to"] == "codex-2" and said["meta"] == {"plan_id": "2026-01-31-x"}


def test_an_answer_closes_a_request_and_one_to_nothing_is_refused(run):
    ask = ["--task", "T", "--type", "request", "--summary", "s", "--agent", "codex-1", "--json"]
    asked = run("agent.bus_message", *ask).json["message"]["id"]
    assert "open requests: 1" in run("agent.bus_status").out
    answer = ["--task", "T", "--type", "status", "--summary", "s", "--agent", "codex-2", "--reply-to"]
    elsewhere = run("agent.bus_message", "--task", "U", *answer[2:], asked, code=2).err
    assert f"bus_message --task T --type status --reply-to {asked}" in elsewhere
    run("agent.bus_message", *answer, asked)
    assert "open requests: 0" in run("agent.bus_status").out
    assert "no message has the id" in run("agent.bus_message", *answer, "0" * 26, code=2).err
    run("agent.bus_message", *answer, "nonsense", code=2)


def test_a_ping_is_an_event_and_a_message_or_neither(run, store, claim):
    run("agent.bus_ping", "--task", "T", "--message-task", "T", "--summary", "working", "--agent", "codex-1")
    assert log_of(store)[0]["summary"] == log_of(store, "messages/T")[0]["summary"] == "codex-1: working"
    claim("claim", "codex-2")
    run("agent.bus_ping", "--task", "T", "--message-task", "T", "--agent", "codex-1", code=3)
    assert len(log_of(store, "messages/T")) == 1
    run("agent.bus_ping", "--skip-event", "--agent", "codex-1", code=2)


def test_a_watchers_line_has_its_fixed_parts(run, store):
    run(
        "agent.bus_event",
        "log",
        "--event",
        "alert",
        "--severity",
        "high",
        "--task",
        "T",
        "--summary",
        "s",
        "--receipt",
        "r",
        "--agent",
        "codex-1",
    )
    stamp = log_of(store)[0]["ts"]
    assert run("agent.bus_watch").out == f"{stamp} :: codex-1 :: alert :: task=T sev=high :: s :: receipts=r\n"


def test_what_was_cut_is_counted_and_can_be_seen(run):
    for number in range(25):
        run("agent.bus_ping", "--agent", "codex-1", "--task", "T", "--summary", str(number))
    shown = run("agent.bus_watch", "--task", "T")
    assert len(shown.out.splitlines()) == 20 and "5 older not shown; --limit 25" in shown.err
    assert len(run("agent.bus_watch", "--task", "T", "--limit", "25").out.splitlines()) == 25


@pytest.mark.parametrize(
    "arguments",
    [
        ["--events-only", "--messages-only"],
        ["--count", "1"],
        ["--timeout", "1s"],
        ["--since", "soon"],
        ["--limit", "-1"],
        ["--interval", "0", "--follow"],
    ],
)
def test_a_watch_that_makes_no_sense_is_a_usage_error(run, git_repo, arguments):
    run("agent.bus_watch", *arguments, code=2)


def test_a_damaged_claim_is_6_and_the_hint_names_what_mends_it(claim, raw_bus):
    claim("claim", "codex-1")
    raw_bus["claims/T"] = b'{"task_id"'
    assert "hint: python -m tools.maintenance.bus_repair" in claim("claim", "codex-1", code=6).err


def test_what_cannot_be_paused_and_folders_that_are_none_are_refused_with_a_hint(claim, run, monkeypatch, tmp_path):
    claim("claim", "codex-1")
    claim("release", "codex-1")
    assert "hint: python -m tools.agent.bus_claim show" in claim("pause", "codex-1", "--notes", "x", code=4).err
    assert "bus_claim claim" in claim("pause", "codex-1", "--notes", "x", task="U", code=3).err
    assert "hint: " in run("agent.bus_status", "--root", str(tmp_path / "absent"), code=7).err
    monkeypatch.setenv("TEOF_BUS", str(tmp_path / "absent"))
    assert "hint: unset TEOF_BUS" in run("agent.bus_status", code=7).err


def test_the_newest_of_a_long_inbox_are_chosen_without_comparing_each_with_each():
    now = clock.parse("2026-01-03T00:00:00Z")
    item = Item(message_entry({"from": "a", "ts": "2026-01-01T00:00:00Z", "summary": "s"}, "T"), True, False)
    later = item._replace(entry=message_entry({"from": "a", "ts": "2026-01-02T00:00:00Z", "summary": "s"}, "T"))
    assert chosen([item, later, item], 2, now) == [item, later]
    assert len(chosen([item] * 200_000, 199_999, now)) == 199_999
