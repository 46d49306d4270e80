"""No writer puts a secret on disk: each one is given a token in every text it takes."""

import json
import sys

import pytest

from tests.acting import context_of
from tools.core import clock
from tools.core.fs import files
from tools.core.receipts import memory_log
from tools.core.text import secrets

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8" * 2
PLAN = "2026-01-31-p"


@pytest.fixture(autouse=True)
def engineer(seat):
    seat("codex-1")


@pytest.fixture
def assert_clean(git_repo):
    """Fails where a file below some folder has the token; returns the texts that have its stand-in."""

    def check(*below):
        found = [path for name in below or (".",) for path in (git_repo / name).rglob("*") if path.is_file()]
        texts = {str(path.relative_to(git_repo)): path.read_bytes() for path in found if ".git/" not in str(path)}
        assert not [name for name, data in texts.items() if TOKEN.encode() in data]
        assert any(b"[redacted:github]" in data for data in texts.values())
        return texts

    return check


SAYS = f"print('use {TOKEN} now'); print('-----BEGIN RSA PRIVATE KEY-----'); print('QUJD'); print('-----END RSA PRIVATE KEY-----')"


def test_the_log_of_a_run_has_none_and_its_hash_is_of_what_lies_there(run, assert_clean):
    run("agent.receipt_run", "run", "--", sys.executable, "-c", SAYS)
    logs = {name: data for name, data in assert_clean("_report").items() if name.endswith(".log")}
    assert len(logs) == 1 and b"QUJD" not in next(iter(logs.values()))
    receipt = next(iter(logs)).removesuffix(".log") + ".json"
    assert run("agent.receipt_run", "verify", receipt, "--json").json


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
def test_a_secret_cut_by_the_end_of_a_block_is_found(size):
    text = f"a line\nuse {TOKEN}\n-----BEGIN RSA PRIVATE KEY-----\nQUJD\n-----END RSA PRIVATE KEY-----\nend".encode()
    clean = secrets.Stream()
    found = b"".join(clean.feed(text[at : at + size]) for at in range(0, len(text), size)) + clean.end()
    assert found == b"a line\nuse [redacted:github]\n[redacted:private-key]\nend"


def test_output_without_line_ends_is_held_in_bounds_and_loses_nothing():
    clean, said = secrets.Stream(), b""
    for _ in range(40):
        said += clean.feed(b"x" * 10_000)
        assert len(clean._held) <= 128 * 1024
    assert said + clean.end() == b"x" * 400_000


def test_a_plan_and_its_justification_have_none(run, assert_clean):
    plan = run("planner.cli", "new", "p", "--summary", f"use {TOKEN}", "--json").json["plan_id"]
    texts = assert_clean("_plans")
    assert sum(b"[redacted:github]" in data for data in texts.values()) == len([n for n in texts if plan in n])


def test_the_memory_log_hashes_what_it_writes(run, workspace, git_repo, assert_clean):
    run("maintenance.memory_log", "add", "--summary", f"use {TOKEN}")
    assert_clean()
    entry = json.loads(files.read_bytes(memory_log.place(workspace)))
    assert entry["hash_self"] == memory_log.hash_of(entry)


def test_the_notes_of_a_manifest_have_none_once_it_is_put_in_place_or_saved(run, git_repo):
    manifest = {"agent_id": "codex-9", "desired_roles": ["engineer"], "notes": f"use {TOKEN}"}
    (git_repo / "AGENT_MANIFEST.codex-9.json").write_text(json.dumps(manifest))
    run("agent.manifest_helper", "activate", "codex-9")
    assert TOKEN not in (git_repo / "AGENT_MANIFEST.json").read_text()
    (git_repo / "AGENT_MANIFEST.json").write_text(json.dumps(manifest))
    run("agent.manifest_helper", "session-save", "mine")
    saved = (git_repo / ".manifest_sessions").rglob("*.json")
    assert not any(TOKEN in path.read_text() for path in saved)


def test_a_name_in_a_dirty_tree_leaves_none_in_its_receipt(run, workspace, store, git_repo, assert_clean):
    from tools.core import clock
    from tools.core.seats.seat import reading
    from tools.core.session import dirty_tree as dirt

    found = dirt.record(
        context_of(workspace=workspace, store=store, seat=reading(workspace, None), now=clock.now()),
        "main",
        [f"?? {TOKEN}"],
    )
    again = dirt.record(
        context_of(workspace=workspace, store=store, seat=reading(workspace, None), now=clock.now()),
        "main",
        [f"?? {TOKEN}"],
    )
    assert found.is_new and not again.is_new
    assert_clean("_report")


def test_the_notes_beside_a_claim_have_none(workspace, assert_clean):
    from tools.core.receipts import scaffold

    scaffold.write(workspace, scaffold.Work(agent="codex-1", name="w", summary=f"use {TOKEN}"))
    assert_clean("_report")


@pytest.mark.parametrize("command", [("agent.coord_dashboard", "report"), ("agent.session_brief", "--task", "T-1")])
def test_what_output_names_has_none_though_an_old_log_does(run, workspace, git_repo, command):
    old = {"ts": clock.to_text(clock.now()), "agent_id": "codex-1", "event": "note", "summary": f"use {TOKEN}"}
    files.replace(workspace.events, json.dumps({**old, "severity": "high", "task_id": "T-1"}).encode() + b"\n")
    run(*command, "--output", "shown.txt")
    shown = list((git_repo / "_report").rglob("shown.txt"))
    assert shown and TOKEN not in shown[0].read_text()


OPEN_KEY = 'see "-----BEGIN RSA PRIVATE KEY-----'
"""A key that ends with its text: what replaces it must not take the quotes of a document with it."""


@pytest.mark.parametrize(
    "command",
    [
        ("agent.receipt_run", "run", "--", sys.executable, "-c", "pass", OPEN_KEY),
        ("planner.cli", "new", "p", "--summary", OPEN_KEY),
        ("maintenance.memory_log", "add", "--summary", OPEN_KEY),
        ("agent.bus_event", "log", "--event", "note", "--summary", OPEN_KEY, "--consensus-decision", "D-1"),
        ("consensus.receipts", "--decision", "D-1", "--summary", OPEN_KEY),
        ("agent.session_boot", "--no-sync", "--focus", OPEN_KEY, "--dashboard-format", "json"),
        ("agent.bus_claim", "claim", "--task", "T-1", "--notes", OPEN_KEY),
    ],
    ids=lambda command: command[0],
)
def test_a_document_is_whole_after_a_secret_was_taken_from_it(run, git_repo, command):
    run(*command)
    written = [path for pattern in ("*.json", "*.jsonl") for path in git_repo.rglob(pattern)]
    texts = [path.read_text() for path in written]
    assert any("[redacted:private-key]" in text for text in texts) and not any("RSA PRIVATE" in text for text in texts)
    for path, text in zip(written, texts, strict=True):
        for document in text.splitlines() if path.suffix == ".jsonl" else [text]:
            json.loads(document)


def test_a_stream_that_is_shown_has_none_though_an_old_log_does(run, raw_bus):
    old = {"ts": clock.to_text(clock.now()), "agent_id": "codex-1", "event": "note", "summary": f"use {TOKEN}"}
    raw_bus["events"] = json.dumps(old).encode() + b"\n"
    assert "[redacted:github]" in run("agent.bus_watch").out
    assert "[redacted:github]" in run("agent.bus_watch", "--json").out
