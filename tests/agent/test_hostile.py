"""What other people's input may try: refused before anything is touched, or shown and not obeyed."""

import json
import os

import pytest

ESCAPE = "red \x1b[31m \x9b2J \u202e \u200b end"
BAD_IDS = [
    "../x",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "a\\b",
    ".hidden",
    "-x",
    "",
    "a..b",
    "x.lock",
    "CON",
    "a\nb",
    "A" * 200,
]
WRITERS = [
    ("agent.bus_claim", ["claim", "--task"]), ("agent.bus_claim", ["release", "--task"]), ("agent.bus_claim", ["pause", "--notes", "n", "--task"]),
    ("agent.bus_event", ["log", "--event", "note", "--task"]), ("agent.bus_message", ["--type", "note", "--summary", "s", "--task"]),
    ("agent.bus_ping", ["--message-task"]), ("agent.bus_ping", ["--task"]), ("agent.bus_heartbeat", ["--task"]),
]  # fmt: skip


def untouched(git_repo):
    assert sorted(os.listdir(git_repo)) == [".git", "README.md"]


@pytest.mark.parametrize(("module", "arguments"), WRITERS, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("bad", BAD_IDS, ids=repr)
def test_a_task_that_is_no_id_is_refused_before_a_file_is_touched(git_repo, run, module, arguments, bad):
    refused = run(module, *arguments, bad, "--agent", "codex-1", code=2)
    assert "\x1b" not in refused.err
    untouched(git_repo)


@pytest.mark.parametrize("bad", ["../x", "template", "a b", "\x1b[31m", "a\u202eb"], ids=repr)
def test_an_agent_that_is_no_id_is_refused_and_shown_safely(git_repo, run, bad):
    refused = run("agent.bus_event", "log", "--event", "note", "--agent", bad, code=2)
    assert "\x1b" not in refused.err and "\u202e" not in refused.err
    untouched(git_repo)


REFUSED = [
    ["log", "--event", "Note"],
    ["log", "--event", "../x"],
    ["log", "--event", "note", "--summary", "a\nb"],
    ["log", "--event", "note", "--summary", " "],
    ["log", "--event", "note", "--summary", "x" * 2001],
    ["log", "--event", "note", "--receipt", "../x"],
    ["log", "--event", "note", "--receipt", "/etc/passwd"],
    ["log", "--event", "note", "--extra", "agent_id=boss"],
    ["log", "--event", "note", "--extra", "novalue"],
    ["log", "--event", "note", "--plan", "x"],
    ["log", "--event", "note", "--extra", "a=" + "x" * 70_000],
    ["log", "--event", "note", "--consensus-decision", "../x"],
    ["log", "--event", "note", "--severity", "dire"],
]


@pytest.mark.parametrize("arguments", REFUSED, ids=lambda value: " ".join(value)[:50])
def test_a_value_that_no_record_may_carry_is_a_usage_error_and_nothing_is_written(git_repo, run, arguments):
    run("agent.bus_event", *arguments, "--agent", "codex-1", code=2)
    untouched(git_repo)


def test_text_that_a_terminal_would_obey_is_kept_and_shown_as_escapes(git_repo, run):
    run("agent.bus_claim", "claim", "--task", "T", "--agent", "a", "--notes", ESCAPE)
    run("agent.bus_event", "log", "--event", "note", "--summary", ESCAPE, "--extra", f"k={ESCAPE}", "--agent", "a")
    run("agent.bus_message", "--task", "T", "--type", "request", "--summary", ESCAPE, "--target", "b", "--agent", "a")
    for arguments in (["bus_watch"], ["bus_watch", "--task", "T"], ["bus_status"], ["bus_status", "--summary"], ["bus_inbox", "--agent", "b"],
                      ["bus_claim", "list"], ["bus_claim", "show", "--task", "T"]):  # fmt: skip
        shown = run(f"agent.{arguments[0]}", *arguments[1:])
        assert not set("\x1b\x9b\u202e\u200b") & set(shown.out + shown.err), arguments
    assert "\\x1b[31m" in run("agent.bus_watch").out
    assert run("agent.bus_watch", "--json").json["entries"][-1]["summary"] == ESCAPE


def test_foreign_records_cannot_smuggle_escapes_through_any_field(git_repo, run):
    (git_repo / "_bus" / "events").mkdir(parents=True)
    (git_repo / "_bus" / "claims").mkdir()
    fields = ("id", "ts", "agent_id", "event", "summary", "task_id", "severity", "receipts", "odd")
    (git_repo / "_bus/events/events.jsonl").write_text(
        "".join(json.dumps({"summary": "s", field: ESCAPE}) + "\n" for field in fields)
    )
    (git_repo / "_bus/claims/T.json").write_text(
        json.dumps(dict.fromkeys(("agent_id", "branch", "status", "claimed_at", "notes", "plan_id"), ESCAPE))
    )
    for arguments in (
        ["bus_watch"],
        ["bus_watch", "--since", "24h"],
        ["bus_status"],
        ["bus_claim", "list"],
        ["bus_claim", "show", "--task", "T"],
    ):
        shown = run(f"agent.{arguments[0]}", *arguments[1:])
        assert not set("\x1b\x9b\u202e\u200b") & set(shown.out + shown.err), arguments


@pytest.mark.parametrize("content", ["{", "[]", '{"agent_id": "../x"}', ""], ids=repr)
def test_a_broken_manifest_refuses_writers_with_its_place_and_no_reader(git_repo, run, content):
    (git_repo / "AGENT_MANIFEST.json").write_text(content)
    for module, arguments in [
        ("agent.bus_event", ["log", "--event", "note"]),
        ("agent.bus_claim", ["claim", "--task", "T"]),
    ]:
        refused = run(module, *arguments, "--agent", "codex-1", code=6)
        assert "AGENT_MANIFEST.json:1:" in refused.err and "hint:" in refused.err
    for reader in (["bus_status"], ["bus_watch"], ["bus_claim", "list"]):
        run(f"agent.{reader[0]}", *reader[1:])
    assert not (git_repo / "_bus").exists()


@pytest.mark.parametrize(
    "plant", [lambda path: os.symlink("/etc/passwd", path), os.mkfifo, os.mkdir], ids=["link", "pipe", "folder"]
)
def test_what_stands_in_a_claims_place_is_refused_and_spoils_no_other(git_repo, run, plant):
    run("agent.bus_claim", "claim", "--task", "GOOD", "--agent", "a")
    plant(git_repo / "_bus" / "claims" / "BAD.json")
    for arguments in (
        ["claim", "--task", "BAD", "--agent", "a"],
        ["release", "--task", "BAD", "--agent", "a"],
        ["show", "--task", "BAD"],
    ):
        assert "_bus/claims/BAD.json" in run("agent.bus_claim", *arguments, code=6).err
    for arguments in (["bus_claim", "list"], ["bus_status"]):
        shown = run(f"agent.{arguments[0]}", *arguments[1:])
        assert "GOOD" in shown.out and "_bus/claims/BAD.json" in shown.err


@pytest.mark.parametrize(
    "plant", [lambda path: os.symlink("/etc/passwd", path), os.mkfifo, os.mkdir], ids=["link", "pipe", "folder"]
)
def test_what_stands_in_the_logs_place_refuses_writers_and_is_named_by_readers(git_repo, run, plant):
    (git_repo / "_bus" / "events").mkdir(parents=True)
    plant(git_repo / "_bus" / "events" / "events.jsonl")
    for arguments in (
        ["bus_event", "log", "--event", "note", "--agent", "a"],
        ["bus_claim", "claim", "--task", "T", "--agent", "a"],
        ["bus_watch"],
    ):
        assert "_bus/events/events.jsonl" in run(f"agent.{arguments[0]}", *arguments[1:], code=6).err
    assert "_bus/events/events.jsonl" in run("agent.bus_status").err
    assert not (git_repo / "_bus" / "claims" / "T.json").exists()


def test_a_link_in_the_bus_leads_no_writer_out_of_the_repository(git_repo, run, tmp_path):
    (tmp_path / "outside").mkdir()
    (git_repo / "_bus").mkdir()
    for name in ("events", "messages", "claims", ".cache", ".torn"):
        (git_repo / "_bus" / name).symlink_to(tmp_path / "outside")
    for arguments in (
        ["bus_event", "log", "--event", "note"],
        ["bus_claim", "claim", "--task", "T"],
        ["bus_ping", "--message-task", "T"],
    ):
        run(f"agent.{arguments[0]}", *arguments[1:], "--agent", "a", code=6)
    assert os.listdir(tmp_path / "outside") == []


def test_a_link_in_place_of_the_bus_itself_is_refused(git_repo, run, tmp_path):
    (tmp_path / "outside").mkdir()
    (git_repo / "_bus").symlink_to(tmp_path / "outside")
    run("agent.bus_event", "log", "--event", "note", "--agent", "a", code=6)
    assert os.listdir(tmp_path / "outside") == []


def test_a_left_journal_that_is_garbage_stops_writers_with_the_repair(git_repo, run):
    (git_repo / "_bus").mkdir()
    (git_repo / "_bus" / ".journal").write_text("garbage")
    assert "bus_repair" in run("agent.bus_event", "log", "--event", "note", "--agent", "a", code=6).err
    run("agent.bus_status")


IN_ANOTHERS_NAME = [
    ("agent.bus_event", ["log", "--event", "note"]),
    ("agent.bus_message", ["--task", "T", "--type", "note", "--summary", "s"]),
    ("agent.bus_ping", []),
    ("agent.bus_claim", ["claim", "--task", "T"]),
    ("agent.bus_inbox", ["--mark-read"]),
]


@pytest.mark.parametrize(("module", "arguments"), IN_ANOTHERS_NAME)
def test_nobody_speaks_in_anothers_name(git_repo, run, seat, module, arguments):
    seat("codex-1")
    assert "codex-1's" in run(module, *arguments, "--agent", "codex-2", code=3).err
    assert not (git_repo / "_bus").exists()
