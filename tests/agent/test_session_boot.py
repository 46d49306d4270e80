"""A session from boot to wrap: the guards, the sync, the handshake, and nobody's work touched."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.clones import make_clone, make_origin
from tests.conftest import RawBus, git


def boot(run, folder: Path, *arguments: str, code: int = 0):
    return run("agent.session_boot", "--root", str(folder), *arguments, code=code)


def events(folder: Path, kind: str = "") -> list[dict]:
    found = (json.loads(line) for line in (RawBus(folder)["events"] or b"").splitlines())
    return [event for event in found if kind in ("", event["event"])]


@pytest.fixture
def tracked(tmp_path: Path) -> Path:
    """A clone whose code branch carries the bus."""
    return _tracked(tmp_path, "one")


def _tracked(tmp_path: Path, name: str) -> Path:
    origin = tmp_path / "tracked.git"
    if not origin.exists():
        seed = tmp_path / "tracked-seed"
        (seed / "_bus/events").mkdir(parents=True)
        (seed / "_bus/events/events.jsonl").write_text("")
        (seed / "README.md").write_text("# tracked\n")
        (seed / ".gitignore").write_text("_bus/.cache/\n_report/session/\n")
        for step in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "begin"]):
            git(seed, *step)
        git(tmp_path, "clone", "-q", "--bare", str(seed), str(origin))
    git(tmp_path, "clone", "-q", str(origin), str(tmp_path / name))
    return tmp_path / name


def gain_commit(tmp_path: Path, origin: Path, name: str = "gained.txt") -> None:
    """Somebody else's commit on the remote's main."""
    other = tmp_path / f"other-{name}"
    git(tmp_path, "clone", "-q", str(origin), str(other))
    (other / name).write_text("new\n")
    git(other, "add", "-A")
    git(other, "commit", "-qm", name)
    git(other, "push", "-q")


def test_a_fresh_checkout_gets_its_seat_and_shakes_hands(git_repo, run):
    done = boot(run, git_repo, "--agent", "codex-2", "--focus", "docs")
    assert json.loads((git_repo / "AGENT_MANIFEST.json").read_text())["agent_id"] == "codex-2"
    [handshake] = events(git_repo, "handshake")
    assert (handshake["branch"], handshake["meta"]["focus"]) == ("main", "docs")
    assert "no remote" in done.out
    assert list((git_repo / "_report/agent/codex-2/session_boot").glob("coordination-dashboard-*.json"))
    assert (git_repo / "_report/session/codex-2/manager-report-tail.txt").read_text().startswith("# manager-report")


def test_two_boots_in_a_row_with_a_tracked_bus_are_never_refused(tracked, run, tmp_path):
    boot(run, tracked, "--agent", "codex-2")
    boot(run, tracked, "--agent", "codex-2")
    gain_commit(tmp_path, tmp_path / "tracked.git")
    boot(run, tracked)
    assert (tracked / "gained.txt").exists()
    boot(run, tracked)
    assert len(events(tracked, "handshake")) == 4


def test_tracked_buses_of_two_clones_meet_on_the_remote(tracked, run, tmp_path):
    other = _tracked(tmp_path, "two")
    for turn in range(2):
        for folder, agent in ((tracked, "codex-1"), (other, "codex-2")):
            boot(run, folder, "--agent", agent, "--summary", f"{agent} {turn}")
            run("agent.bus_sync", "--root", str(folder), "--push")
            gain_commit(tmp_path, tmp_path / "tracked.git", f"{agent}-{turn}.txt")
    boot(run, tracked)
    boot(run, other)
    said = [event["summary"] for event in events(other)]
    assert all(f"{agent} {turn}" in said for agent in ("codex-1", "codex-2") for turn in range(2))
    assert (
        git(
            other,
            "status",
            "--porcelain",
            "--",
            ".",
            ":(exclude)_bus",
            ":(exclude)_report",
            ":(exclude)AGENT_MANIFEST.json",
        )
        == ""
    )


def test_a_tracked_sync_leaves_staged_work_and_other_files_alone(tracked, run):
    (tracked / "README.md").write_text("half an edit\n")
    (tracked / "staged.txt").write_text("staged\n")
    git(tracked, "add", "staged.txt")
    boot(run, tracked, "--agent", "codex-2", "--no-sync")
    run("agent.bus_sync", "--root", str(tracked), "--push")
    assert git(tracked, "diff", "--cached", "--name-only") == "staged.txt"
    assert (tracked / "README.md").read_text() == "half an edit\n"
    assert git(tracked, "diff", "--name-only", "HEAD~1", "HEAD").splitlines() == ["_bus/events/events.jsonl"]


def test_a_tracked_sync_does_not_publish_somebodys_commits(tracked, run):
    (tracked / "mine.txt").write_text("mine\n")
    git(tracked, "add", "mine.txt")
    git(tracked, "commit", "-qm", "not yet to be seen")
    boot(run, tracked, "--agent", "codex-2")
    refused = run("agent.bus_sync", "--root", str(tracked), "--push", code=7)
    assert "git push origin main" in refused.err


def test_a_branch_that_was_never_pushed_boots(tmp_path, run):
    clone = make_clone(make_origin(tmp_path), tmp_path / "a", "codex-1")
    git(clone, "switch", "-qc", "agent/codex-1/new")
    assert "no upstream yet" in boot(run, clone).out


def test_a_clone_behind_its_remote_is_brought_forward(tmp_path, run):
    clone = make_clone(make_origin(tmp_path), tmp_path / "a", "codex-1")
    gain_commit(tmp_path, tmp_path / "origin.git")
    assert "1 commit of origin/main" in boot(run, clone).out
    assert (clone / "gained.txt").exists()


def test_a_diverged_branch_is_7_and_shakes_no_hands(tmp_path, run):
    clone = make_clone(make_origin(tmp_path), tmp_path / "a", "codex-1")
    gain_commit(tmp_path, tmp_path / "origin.git")
    git(clone, "commit", "-q", "--allow-empty", "-m", "mine")
    (clone / "mine.txt").write_text("x")
    git(clone, "add", "mine.txt")
    git(clone, "commit", "-qm", "mine too")
    assert "diverged" in boot(run, clone, code=7).err
    assert events(clone, "handshake") == []
    boot(run, clone, "--focus", "idle", "--summary", "session wrap")
    [handshake] = events(clone, "handshake")
    assert "diverged" in handshake["meta"]["sync"]


def test_an_unreachable_remote_is_7_and_passes_with_dirt_allowed(tmp_path, run):
    origin = make_origin(tmp_path)
    clone = make_clone(origin, tmp_path / "a", "codex-1")
    origin.rename(tmp_path / "gone.git")
    assert "cannot be reached" in boot(run, clone, code=7).err
    boot(run, clone, "--sync-allow-dirty")
    assert "cannot be reached" in events(clone, "handshake")[0]["meta"]["sync"]


def test_local_changes_in_the_way_are_7_and_stay(tmp_path, run):
    clone = make_clone(make_origin(tmp_path), tmp_path / "a", "codex-1")
    gain_commit(tmp_path, tmp_path / "origin.git", "README.md")
    (clone / "README.md").write_text("my edit\n")
    boot(run, clone, code=3)
    run("agent.session_sync", "--root", str(clone), code=3)
    assert "in the way" in run("agent.session_sync", "--root", str(clone), "--allow-dirty", code=7).err
    boot(run, clone, "--sync-allow-dirty")
    assert (clone / "README.md").read_text() == "my edit\n"


def test_a_detached_head_is_3_and_an_override_leaves_evidence(git_repo, run):
    git(git_repo, "switch", "-q", "--detach")
    assert "detached" in boot(run, git_repo, "--agent", "codex-2", code=3).err
    boot(run, git_repo, "--agent", "codex-2", "--allow-branch-mismatch")
    [warning] = _warnings(git_repo, "codex-2")
    assert warning["code"] == "branch_unknown"


def _warnings(folder: Path, agent: str) -> list[dict]:
    path = folder / f"_report/agent/{agent}/session_guard/warnings.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_outside_git_the_sync_is_7_and_without_it_the_session_boots(tmp_path, run):
    folder = tmp_path / "bare-folder"
    (folder / "_bus").mkdir(parents=True)
    assert "no git repository" in boot(run, folder, "--agent", "codex-2", code=7).err
    boot(run, folder, "--agent", "codex-2", "--no-sync")


def test_an_unborn_branch_boots(tmp_path, run):
    folder = tmp_path / "unborn"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    boot(run, folder, "--agent", "codex-2")
    git(folder, "remote", "add", "origin", str(make_origin(tmp_path)))
    assert "no commit yet" in boot(run, folder).out


def test_another_seats_branch_is_3_and_nothing_is_written(git_repo, run):
    git(git_repo, "switch", "-qc", "agent/codex-9/work")
    refused = boot(run, git_repo, "--agent", "codex-2", code=3)
    assert "git switch -c agent/codex-2/work" in refused.err
    assert git(git_repo, "status", "--porcelain") == ""
    boot(run, git_repo, "--agent", "codex-2", "--allow-branch-mismatch")
    assert _warnings(git_repo, "codex-2")[0]["branch"] == "agent/codex-9/work"


def test_a_branch_that_is_the_bare_prefix_passes_with_a_warning(git_repo, run):
    git(git_repo, "switch", "-qc", "agent/codex-2")
    assert "warning" in boot(run, git_repo, "--agent", "codex-2").err


def test_the_remotes_default_branch_is_open_to_every_seat(tmp_path, run):
    seed = tmp_path / "seed"
    seed.mkdir()
    for step in (["init", "-q", "-b", "trunk"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        git(seed, *step)
    git(tmp_path, "clone", "-q", str(seed), str(tmp_path / "a"))
    boot(run, tmp_path / "a", "--agent", "codex-2")


@pytest.mark.parametrize(("branch", "code"), [("trunk", 0), ("agent/codex-9/work", 3)])
def test_a_clone_without_remote_and_main_is_open_on_its_own_branch(tmp_path, run, branch, code):
    git(tmp_path, "init", "-q", "-b", branch, "a")
    git(tmp_path / "a", "commit", "-q", "--allow-empty", "-m", "x")
    boot(run, tmp_path / "a", "--agent", "codex-2", code=code)
    if not code:
        assert "no default branch" not in run("agent.preflight", "--root", str(tmp_path / "a")).out


def test_a_manifest_of_another_seat_is_3_and_an_override_leaves_evidence(git_repo, run, seat):
    seat("codex-1")
    assert "codex-1" in boot(run, git_repo, "--agent", "codex-2", code=3).err
    boot(run, git_repo, "--agent", "codex-2", "--allow-manifest-mismatch")
    assert _warnings(git_repo, "codex-2")[0]["manifest_agent"] == "codex-1"
    assert events(git_repo, "handshake")[0]["agent_id"] == "codex-2"
    assert json.loads((git_repo / "AGENT_MANIFEST.json").read_text())["agent_id"] == "codex-1"


def test_the_first_writer_of_a_fresh_clone_joins_the_remotes_bus(tmp_path, run):
    origin = make_origin(tmp_path)
    first = make_clone(origin, tmp_path / "a", "codex-1")
    run("agent.bus_claim", "claim", "--root", str(first), "--task", "T", "--confirm")
    git(tmp_path, "clone", "-q", str(origin), str(tmp_path / "b"))
    refused = run(
        "agent.bus_claim", "claim", "--root", str(tmp_path / "b"), "--task", "T", "--agent", "codex-2", code=4
    )
    assert "joined the bus of origin/bus" in refused.err and "codex-1" in refused.err


def test_a_boot_in_a_fresh_clone_of_one_branch_joins_the_remotes_bus(tmp_path, run):
    origin = make_origin(tmp_path)
    first = make_clone(origin, tmp_path / "a", "codex-1")
    run("agent.bus_claim", "claim", "--root", str(first), "--task", "T", "--confirm")
    git(tmp_path, "clone", "-q", "--single-branch", "-b", "main", f"file://{origin}", str(tmp_path / "b"))
    assert "codex-1 holds T" in boot(run, tmp_path / "b", "--agent", "codex-2").out


def test_a_reader_of_a_fresh_clone_is_told_how_to_join(tmp_path, run):
    git(tmp_path, "clone", "-q", str(make_origin(tmp_path)), str(tmp_path / "a"))
    shown = run("agent.bus_claim", "list", "--root", str(tmp_path / "a"))
    assert "origin/bus" in shown.err and "tools init" in shown.err


def test_a_remote_that_is_silent_is_said_before_a_bus_is_begun_without_it(git_repo, run):
    git(git_repo, "remote", "add", "origin", "/nowhere")
    begun = run("agent.bus_claim", "claim", "--task", "T", "--agent", "codex-1")
    assert "origin did not answer" in begun.err
    assert "origin" not in run("agent.bus_ping", "--agent", "codex-1").err


def test_a_bus_whose_files_were_cleaned_away_is_joined_again(tmp_path, run):
    clone = make_clone(make_origin(tmp_path), tmp_path / "a", "codex-1")
    run("agent.bus_claim", "claim", "--root", str(clone), "--task", "T", "--confirm")
    shutil.rmtree(clone / "_bus")
    run("agent.bus_claim", "claim", "--root", str(clone), "--task", "T", "--agent", "codex-1")
    assert "codex-1" in run("agent.bus_claim", "show", "--root", str(clone), "--task", "T").out


def test_a_seat_that_a_boot_wrote_is_not_taken_into_a_commit(git_repo, run, tmp_path):
    git(git_repo, "worktree", "add", "-q", str(tmp_path / "w"), "-b", "agent/codex-2/work")
    boot(run, tmp_path / "w", "--agent", "codex-2", "--no-sync")
    assert (tmp_path / "w/AGENT_MANIFEST.json").exists()
    assert "MANIFEST" not in git(tmp_path / "w", "status", "--porcelain")


def test_where_git_refuses_to_sync_the_hint_boots_without_it(tmp_path, run):
    clone = make_clone(make_origin(tmp_path), tmp_path / "a", "codex-1")
    git(clone, "remote", "remove", "origin")
    run("agent.bus_ping", "--root", str(clone))
    (clone / ".git/refs/heads/bus.lock").touch()  # as where .git may not be written
    refused = boot(run, clone, code=7)
    boot(run, clone, *refused.err.splitlines()[-1].split("session_boot ")[1].split())


def test_dirt_is_handed_over_once_and_touched_by_nobody(git_repo, run):
    git(git_repo, "switch", "-qc", "agent/codex-1/x")
    (git_repo / "README.md").write_text("theirs\n")
    options = ["--agent", "codex-2", "--allow-branch-mismatch"]
    refused = boot(run, git_repo, *options, code=3)
    assert "codex-1" in refused.err
    boot(run, git_repo, *options, "--sync-allow-dirty")
    [receipt] = (git_repo / "_report/session/codex-2/dirty-handoff").iterdir()
    head, _, body = receipt.read_text().partition("\n\n")
    assert "# owner=codex-1" in head and f"# commit={git(git_repo, 'rev-parse', 'HEAD')}" in head
    assert body == " M README.md\n"
    assert len(events(git_repo, "observation")) == 1
    assert (git_repo / "README.md").read_text() == "theirs\n"


def test_the_hint_after_dirt_repeats_the_overrides_that_let_the_boot_come_so_far(git_repo, run):
    git(git_repo, "switch", "-qc", "agent/codex-1/x")
    (git_repo / "README.md").write_text("theirs\n")
    done = boot(run, git_repo, "--agent", "codex-2", "--allow-branch-mismatch", code=3)
    assert "--allow-branch-mismatch --sync-allow-dirty" in done.err
    boot(run, git_repo, "--agent", "codex-2", "--sync-allow-dirty", "--allow-branch-mismatch")


def test_dirt_on_a_claimed_branch_belongs_to_the_holder_and_on_main_to_the_finder(git_repo, run, seat):
    run("agent.bus_claim", "claim", "--agent", "codex-3", "--task", "T-1", "--branch", "feature")
    (git_repo / "README.md").write_text("theirs\n")
    boot(run, git_repo, "--agent", "codex-2", "--sync-allow-dirty")
    git(git_repo, "switch", "-qc", "feature")
    boot(run, git_repo, "--sync-allow-dirty", "--allow-branch-mismatch")
    assert [event["meta"]["owner"] for event in events(git_repo, "observation")] == ["codex-2", "codex-3"]


def test_the_toolkits_own_files_are_no_dirt_and_a_rename_into_them_is(git_repo, run):
    (git_repo / "AGENT_MANIFEST.codex-9.json").write_text('{"agent_id": "codex-9"}')
    (git_repo / "_report").mkdir()
    (git_repo / "_report/x.txt").write_text("x")
    boot(run, git_repo, "--agent", "codex-2")
    git(git_repo, "mv", "README.md", "_report/README.md")
    boot(run, git_repo, code=3)


def test_a_dry_run_writes_nothing(git_repo, run):
    done = boot(run, git_repo, "--agent", "codex-2", "--dry-run")
    assert "handshake" in done.out
    assert git(git_repo, "status", "--porcelain", "--ignored") == ""


def test_peers_and_status_are_shown_and_kept(git_repo, run):
    run("agent.bus_claim", "claim", "--agent", "codex-1", "--task", "T-1")
    done = boot(run, git_repo, "--agent", "codex-2", "--with-status", "--status-preset", "manager", "--json")
    assert done.json["peers"][0]["task_id"] == "T-1"
    assert any("bus-status-" in name for name in done.json["written"])


def test_a_worktree_has_its_own_seat_and_sees_the_same_claims(git_repo, run, seat, tmp_path):
    seat("codex-1")
    run("agent.bus_claim", "claim", "--task", "T-1")
    wt = tmp_path / "wt"
    git(git_repo, "worktree", "add", "-q", "-b", "agent/codex-2/x", str(wt))
    done = boot(run, wt, "--agent", "codex-2", "--json")
    assert done.json["peers"][0]["agent_id"] == "codex-1"
    assert json.loads((wt / "AGENT_MANIFEST.json").read_text())["agent_id"] == "codex-2"
    assert (wt / "_report/agent/codex-2/session_boot").is_dir()
    assert len(events(git_repo, "handshake")) == 1
    assert not (wt / "_bus").exists()


def test_a_boot_without_a_sync_records_dirt_and_goes_on(git_repo, run):
    (git_repo / "README.md").write_text("theirs\n")
    boot(run, git_repo, "--agent", "codex-2", "--no-sync")
    assert len(events(git_repo, "observation")) == len(events(git_repo, "handshake")) == 1


def test_a_boot_says_what_matters(git_repo, run, seat):
    (git_repo / "queue").mkdir()
    for number, title in (("001", "Lexer"), ("002", "Parser")):
        (git_repo / f"queue/{number}-x.md").write_text(f"# Task: {title}\n")
    seat("boss", roles=["manager"])
    run("agent.bus_claim", "claim", "--task", "QUEUE-001")
    run(
        "agent.bus_message",
        "--task",
        "QUEUE-001",
        "--type",
        "request",
        "--summary",
        "which parser?",
        "--target",
        "codex-2",
    )
    seat("codex-2")
    said = boot(run, git_repo, "--no-dashboard").out.splitlines()
    assert said[0].startswith("codex-2 booted on main")
    assert "boss request in QUEUE-001: which parser? [open; answer with --task QUEUE-001 --reply-to" in said[1]
    assert said[2].startswith("boss holds QUEUE-001 (active") and said[3] == "ready: QUEUE-002 Parser (queue/002-x.md)"
    assert said[4].endswith("bus_inbox")
    run("agent.bus_claim", "claim", "--task", "QUEUE-002")
    assert any(
        line.startswith("you hold QUEUE-002 (active") and line.endswith(": Parser")
        for line in boot(run, git_repo).out.splitlines()
    )


def test_a_boot_says_what_was_taken_from_the_seat(git_repo, run, seat):
    seat("codex-2")
    run("agent.bus_claim", "claim", "--task", "T-1")
    seat("codex-3")
    run("agent.bus_claim", "pause", "--task", "T-1", "--notes", "gone", "--force", "--reason", "no answer")
    run("agent.bus_claim", "claim", "--task", "T-1")
    seat("codex-2")
    assert "taken from you: T-1, now codex-3's" in boot(run, git_repo).out


def test_a_boot_with_nothing_to_say_takes_few_words_and_signing_off_says_so(git_repo, run, seat):
    seat("codex-2")
    said = boot(run, git_repo).out
    assert len(said) < 4 * 150 and "no other live claims" in said
    assert boot(run, git_repo, "--focus", "idle").out.startswith("codex-2 signed off on main")


def test_snapshots_of_boots_are_kept_to_the_newest_ten(git_repo, run, seat):
    seat("codex-2")
    folder = git_repo / "_report/agent/codex-2/session_boot"
    folder.mkdir(parents=True)
    for number in range(12):
        (folder / f"coordination-dashboard-2026010{number % 9 + 1}T0000{number:02}Z.json").write_text("{}")
    git(git_repo, "add", "-f", str(sorted(folder.iterdir())[0]))
    boot(run, git_repo)
    assert len(list(folder.glob("coordination-dashboard-*"))) == 11


def test_worktrees_of_a_bare_repository_share_the_bus_inside_it(tmp_path, run):
    top = tmp_path / "top"
    top.mkdir()
    git(tmp_path, "clone", "-q", "--bare", str(make_origin(tmp_path)), str(top / "project.git"))
    for agent in ("codex-1", "codex-2"):
        git(top / "project.git", "worktree", "add", "-q", "-b", f"agent/{agent}/x", str(top / agent), "main")
        boot(run, top / agent, "--agent", agent)
    assert [event["agent_id"] for event in events(top / "project.git", "handshake")] == ["codex-1", "codex-2"]
    run("agent.bus_claim", "claim", "--root", str(top / "codex-1"), "--task", "T-1")
    run("agent.bus_claim", "claim", "--root", str(top / "codex-2"), "--task", "T-1", code=4)


def test_a_bus_elsewhere_is_the_one_that_is_used(git_repo, run, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("TEOF_BUS", str(tmp_path / "elsewhere"))
    boot(run, git_repo, "--agent", "codex-1")
    assert len(events(tmp_path / "elsewhere", "handshake")) == 1
    assert not (git_repo / "_bus").exists()


def test_an_open_receipt_is_renewed_and_one_that_was_cleared_is_not(git_repo, run):
    (git_repo / "README.md").write_text("theirs\n")
    for _ in range(2):
        boot(run, git_repo, "--agent", "codex-2", "--sync-allow-dirty")
    folder = git_repo / "_report/session/codex-2/dirty-handoff"
    [receipt] = folder.iterdir()
    assert len(events(git_repo, "observation")) == 1
    name = f"_report/session/codex-2/dirty-handoff/{receipt.name}"
    run("agent.bus_event", "log", "--event", "dirty_reassigned", "--summary", "moved", "--receipt", name)
    boot(run, git_repo, "--sync-allow-dirty")
    assert len(list(folder.iterdir())) == 1
    run("agent.bus_event", "log", "--event", "dirty_cleared", "--summary", "cleared", "--receipt", name)
    boot(run, git_repo, "--sync-allow-dirty")
    assert len(list(folder.iterdir())) == 2 and len(events(git_repo, "observation")) == 2


def test_a_bus_on_no_branch_is_told_and_does_not_end_the_boot(tmp_path, run):
    clone = make_clone(make_origin(tmp_path), tmp_path / "a", "codex-1")
    git(clone / "_bus", "switch", "-q", "--detach")
    assert "on no branch" in boot(run, clone).err
    run("agent.bus_sync", "--root", str(clone), code=7)
    run("agent.bus_sync", "--root", str(tmp_path / "a"), "--remote", "nowhere", code=7)
    git(clone / "_bus", "switch", "-q", "bus")
    run("agent.bus_sync", "--root", str(clone), "--remote", "nowhere", code=2)


def test_the_hubs_tail_is_as_long_as_asked_and_shows_hostile_text_harmless(git_repo, run):
    for number in range(4):
        run(
            "agent.bus_message",
            "--agent",
            "x",
            "--task",
            "manager-report",
            "--type",
            "note",
            "--summary",
            f"\x1b[2J{number}",
        )
    boot(run, git_repo, "--agent", "codex-2", "--manager-report-tail-count", "2")
    head, *lines = (git_repo / "_report/session/codex-2/manager-report-tail.txt").read_text().splitlines()
    assert head.startswith("# ") and [line[-1] for line in lines] == ["2", "3"]
    assert "\x1b" not in "".join(lines)


def test_the_snapshot_at_boot_is_the_managers_board(git_repo, run):
    boot(run, git_repo, "--agent", "codex-2")
    [page] = (git_repo / "_report/agent/codex-2/session_boot").glob("coordination-dashboard-*.json")
    shown = run("agent.coord_dashboard", "report", "--json", "--root", str(git_repo)).json
    assert json.loads(page.read_text()).keys() == shown.keys() and shown["verdict"] == "green"


def test_what_was_not_wanted_is_not_written(git_repo, run):
    options = ["--no-dashboard", "--no-manager-report-tail", "--no-announce", "--no-sync"]
    assert boot(run, git_repo, "--agent", "codex-2", *options, "--json").json["written"] == ["AGENT_MANIFEST.json"]
    assert not (git_repo / "_report").exists() or not list((git_repo / "_report").rglob("*.*"))
    assert events(git_repo) == []


def test_the_board_is_written_as_markdown_when_asked(git_repo, run):
    boot(run, git_repo, "--agent", "codex-2", "--dashboard-format", "markdown")
    [page] = (git_repo / "_report/agent/codex-2/session_boot").iterdir()
    assert page.suffix == ".md" and page.read_text().startswith("# Coordination dashboard\n\n**GREEN")


def test_another_seats_worktree_inside_the_checkout_is_no_dirt(git_repo, run, seat):
    seat("manager-1")
    git(git_repo, "worktree", "add", "-q", ".claude/worktrees/one", "-b", "agent/codex-1/work")
    (git_repo / ".claude/worktrees/one/new.txt").write_text("theirs")
    (git_repo / ".git/info/exclude").write_text("/AGENT_MANIFEST.json\n")
    boot(run, git_repo)
    (git_repo / ".claude/mine.txt").write_text("mine")
    assert ".claude" in boot(run, git_repo, code=3).err


def test_plans_and_items_of_ones_own_that_are_not_committed_are_a_note(git_repo, run, seat):
    seat("codex-1")
    git(git_repo, "switch", "-qc", "agent/codex-1/work")
    (git_repo / ".git/info/exclude").write_text("/AGENT_MANIFEST.json\n")
    (git_repo / "queue").mkdir()
    (git_repo / "queue/001-a.md").write_text("# Task: a\n")
    assert "not committed yet" in boot(run, git_repo).err
    (git_repo / "code.py").write_text("x")
    boot(run, git_repo, code=3)


def follow(tmp_path, git_repo):
    git(tmp_path, "clone", "-q", "-o", "hub", str(git_repo), "clone")
    clone = tmp_path / "clone"
    git(clone, "switch", "-qc", "agent/codex-1/work")
    git(git_repo, "commit", "-q", "--allow-empty", "-m", "more")
    return clone


def test_a_branch_with_nothing_of_its_own_follows_the_default_branch_of_its_remote(git_repo, run, tmp_path):
    clone = follow(tmp_path, git_repo)
    assert "of hub/main" in boot(run, clone, "--agent", "codex-1").out
    assert git(clone, "rev-parse", "HEAD") == git(git_repo, "rev-parse", "HEAD")


def test_a_branch_with_work_of_its_own_is_told_how_far_behind_it_is(git_repo, run, tmp_path):
    clone = follow(tmp_path, git_repo)
    git(clone, "commit", "-q", "--allow-empty", "-m", "own")
    booted = boot(run, clone, "--agent", "codex-1")
    assert "1 commit behind hub/main" in booted.err and "git merge hub/main" in booted.err


FEW_BYTES = """import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
sys.argv[0] = "session_boot"
runpy.run_module("tools.agent.session_boot", run_name="__main__")"""


def test_a_disk_that_fills_up_after_the_handshake_costs_the_snapshot_and_no_error(git_repo, spawn):
    done = spawn("-c", FEW_BYTES, "--agent", "codex-1", "--no-sync", cwd=git_repo)
    assert done.returncode == 0 and "warning: no snapshot: " in done.stderr, done.stderr
    assert len(events(git_repo, "handshake")) == 1
