"""The bus travels between clones through the remote, record by record, and touches nobody's work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clones import events_of, ids_of, log_at, make_clone, make_origin
from tests.conftest import git

pytestmark = pytest.mark.slow


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return make_origin(tmp_path)


@pytest.fixture
def pair(origin: Path, tmp_path: Path) -> tuple[Path, Path]:
    return make_clone(origin, tmp_path / "a", "codex-1"), make_clone(origin, tmp_path / "b", "codex-2")


def sync(run, folder: Path, *arguments: str, code: int = 0):
    return run("agent.bus_sync", "--root", str(folder), *arguments, code=code)


def log(run, folder: Path, summary: str) -> None:
    run("agent.bus_event", "log", "--root", str(folder), "--event", "note", "--summary", summary)


def test_records_of_both_clones_arrive_in_both_and_in_the_same_lines(pair, run):
    one, other = pair
    log(run, one, "from one")
    log(run, other, "from the other")
    sync(run, one, "--push")
    sync(run, other, "--push")
    sync(run, one)
    assert ids_of(one) == ids_of(other) and len(ids_of(one)) == 2
    assert sorted(events_of(one)) == sorted(events_of(other))


def test_a_second_sync_has_nothing_to_do(pair, run):
    one, _ = pair
    log(run, one, "once")
    sync(run, one, "--push")
    before = git(one / "_bus", "rev-parse", "HEAD")
    assert sync(run, one, "--push", "--json").json["committed"] is False
    assert git(one / "_bus", "rev-parse", "HEAD") == before
    assert git(one / "_bus", "status", "--porcelain") == ""


def test_no_committed_line_ever_moves(pair, run):
    one, other = pair
    for turn in range(3):
        log(run, one, f"one {turn}")
        log(run, other, f"other {turn}")
        sync(run, one, "--push")
        sync(run, other, "--push")
    commits = git(one, "rev-list", "--reverse", "--topo-order", "origin/bus").splitlines()
    for commit in commits:
        for parent in git(one, "rev-list", "--parents", "-1", commit).split()[1:]:
            now = iter(_committed(one, commit))
            assert all(line in now for line in _committed(one, parent)), commit


def _committed(folder: Path, commit: str) -> list[str]:
    return log_at(folder, commit, "events/events.jsonl").decode().splitlines()


def test_of_two_claims_the_one_the_remote_had_first_wins_and_the_other_is_told(pair, run):
    one, other = pair
    for folder in pair:
        run("agent.bus_claim", "claim", "--root", str(folder), "--task", "T-1")
    sync(run, one, "--push")
    refused = sync(run, other, "--push", code=4)
    assert "codex-2 lost T-1 to codex-1" in refused.err
    assert _claim(other, "T-1")["agent_id"] == "codex-1"
    assert [json.loads(line)["event"] for line in events_of(other)].count("conflict") == 1
    sync(run, one)
    assert "conflict" in [json.loads(line)["event"] for line in events_of(one)]


def _claim(folder: Path, task: str) -> dict[str, object]:
    return json.loads((folder / f"_bus/claims/{task}.json").read_text())


def test_a_claim_that_was_committed_but_never_pushed_is_still_told_that_it_lost(pair, run):
    one, other = pair
    for folder in pair:
        run("agent.bus_claim", "claim", "--root", str(folder), "--task", "T-1")
    sync(run, other)
    sync(run, one, "--push")
    sync(run, other, code=4)
    assert _claim(other, "T-1")["agent_id"] == "codex-1"


def test_a_higher_fence_is_the_truth_in_every_clone(pair, run):
    one, other = pair
    run("agent.bus_claim", "claim", "--root", str(one), "--task", "T-1")
    run("agent.bus_claim", "release", "--root", str(one), "--task", "T-1", "--status", "released")
    sync(run, one, "--push")
    sync(run, other)
    run("agent.bus_claim", "claim", "--root", str(other), "--task", "T-1")
    sync(run, other, "--push")
    sync(run, one)
    assert _claim(one, "T-1")["agent_id"] == "codex-2" and _claim(one, "T-1")["fence"] == 2


def test_confirm_succeeds_for_the_first_and_refuses_the_second(pair, origin, run):
    one, other = pair
    run("agent.bus_claim", "claim", "--root", str(one), "--task", "T-1", "--confirm")
    assert json.loads(git(origin, "cat-file", "blob", "refs/teof/claims/T-1"))["claims"]["agent_id"] == "codex-1"
    refused = run("agent.bus_claim", "claim", "--root", str(other), "--task", "T-1", "--confirm", code=4)
    assert "codex-1" in refused.err


def test_an_offline_confirm_keeps_the_local_claim_and_names_the_command(pair, origin, run):
    one, _ = pair
    origin.rename(origin.parent / "gone.git")
    refused = run("agent.bus_claim", "claim", "--root", str(one), "--task", "T-1", "--confirm", code=7)
    assert "bus_sync --push" in refused.err
    assert _claim(one, "T-1")["agent_id"] == "codex-1"


def test_an_unreachable_remote_is_7_and_what_is_here_is_committed_all_the_same(pair, origin, run):
    one, _ = pair
    log(run, one, "kept")
    origin.rename(origin.parent / "gone.git")
    sync(run, one, "--push", code=7)
    assert "kept" in git(one / "_bus", "show", "HEAD:events/events.jsonl")


def test_work_in_progress_index_and_branch_of_the_code_stay_as_they_are(pair, run):
    one, _ = pair
    (one / "README.md").write_text("half an edit\n")
    (one / "staged.txt").write_text("staged\n")
    git(one, "add", "staged.txt")
    before = git(one, "status", "--porcelain"), git(one, "rev-parse", "HEAD"), (one / ".git/index").read_bytes()
    log(run, one, "something")
    sync(run, one, "--push")
    assert (
        git(one, "status", "--porcelain"),
        git(one, "rev-parse", "HEAD"),
        (one / ".git/index").read_bytes(),
    ) == before


def test_a_plain_folder_stays_in_the_clone_and_says_so(git_repo, run):
    run("agent.bus_event", "log", "--agent", "codex-1", "--event", "note", "--summary", "x")
    assert "plain folder" in run("agent.bus_sync", "--agent", "codex-1").out
    assert "init --bus branch" in run("agent.bus_sync", "--agent", "codex-1", "--push", code=7).err


def test_a_remote_without_the_branch_gets_it(pair, origin, run):
    one, _ = pair
    git(origin, "branch", "-D", "bus")
    log(run, one, "x")
    sync(run, one, "--push")
    assert "events/events.jsonl" in git(origin, "ls-tree", "-r", "--name-only", "bus")


def test_hostile_names_from_the_remote_are_left_out_and_named(pair, run):
    one, other = pair
    blob = git(one, "hash-object", "-w", str(one / "README.md"))
    index = {"claims/../x.json": None, "claims/con.json": blob, "events/sub/deep.jsonl": blob}
    lines = [f"100644 {oid}\t{name}" for name, oid in index.items() if oid]
    git(one / "_bus", "update-index", "--add", *[part for line in lines for part in ("--cacheinfo", _comma(line))])
    git(one / "_bus", "update-index", "--add", "--cacheinfo", f"120000,{blob},messages/out.jsonl")
    git(one / "_bus", "commit", "-qm", "hostile")
    git(one / "_bus", "push", "-q", "origin", "bus")
    assert "con.json" in sync(run, other).err
    assert not (other / "_bus/claims/con.json").exists()
    assert not (other / "_bus/messages/out.jsonl").is_symlink()


def _comma(line: str) -> str:
    facts, _, name = line.partition("\t")
    return f"{facts.replace(' ', ',')},{name}"


def test_a_relative_url_is_meant_from_the_checkout_and_what_init_made_travels(origin, tmp_path, run, spawn):
    for name in ("a", "b"):
        folder = tmp_path / name
        git(tmp_path, "clone", "-q", "origin.git", name)
        git(folder, "remote", "set-url", "origin", "../origin.git")
        assert spawn("-m", "tools", "init", "--agent", f"codex-{name}", cwd=folder).returncode == 0
        log(run, folder, f"from {name}")
        sync(run, folder, "--push")
    sync(run, tmp_path / "a")
    assert ids_of(tmp_path / "a") == ids_of(tmp_path / "b") and len(ids_of(tmp_path / "a")) == 2
    assert git(tmp_path / "b" / "_bus", "status", "--porcelain") == ""


def test_clones_that_each_began_a_bus_of_their_own_meet(tmp_path, run, spawn):
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "empty.git")
    for name in ("a", "b"):
        folder = tmp_path / name
        git(tmp_path, "init", "-q", "-b", "main", name)
        assert spawn("-m", "tools", "init", "--agent", f"codex-{name}", cwd=folder).returncode == 0
        git(folder, "remote", "add", "origin", str(tmp_path / "empty.git"))
        log(run, folder, f"from {name}")
    for name in ("a", "b", "a"):
        sync(run, tmp_path / name, "--push")
    assert ids_of(tmp_path / "a") == ids_of(tmp_path / "b") and len(ids_of(tmp_path / "a")) == 2
