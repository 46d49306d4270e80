"""Swapping seats loses no manifest and reaches no file that is not its own."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import git

AGENTS = ("codex-1", "codex-2", "codex-3")


def helper(run, *arguments: str, code: int = 0):
    return run("agent.manifest_helper", *arguments, code=code)


def active(folder: Path) -> str:
    return json.loads((folder / "AGENT_MANIFEST.json").read_text())["agent_id"]


@pytest.fixture
def variants(git_repo: Path) -> Path:
    for agent in AGENTS:
        (git_repo / f"AGENT_MANIFEST.{agent}.json").write_text(json.dumps({"agent_id": agent, "notes": "own"}) + "\n")
    return git_repo


def test_the_playbooks_swap_and_back(variants, run):
    helper(run, "activate", "codex-1")
    helper(run, "activate", "AGENT_MANIFEST.codex-2.json")
    assert active(variants) == "codex-2"
    helper(run, "restore")
    assert active(variants) == "codex-1"
    helper(run, "restore", code=2)


def test_activating_replaces_a_link_instead_of_writing_through_it(variants, run):
    os.symlink("AGENT_MANIFEST.codex-1.json", variants / "AGENT_MANIFEST.json")
    before = (variants / "AGENT_MANIFEST.codex-1.json").read_bytes()
    helper(run, "activate", "codex-2")
    assert not (variants / "AGENT_MANIFEST.json").is_symlink() and active(variants) == "codex-2"
    assert (variants / "AGENT_MANIFEST.codex-1.json").read_bytes() == before
    helper(run, "restore")
    assert os.readlink(variants / "AGENT_MANIFEST.json") == "AGENT_MANIFEST.codex-1.json"


def test_a_variant_of_another_agent_is_refused(variants, run):
    (variants / "AGENT_MANIFEST.codex-9.json").write_text('{"agent_id": "codex-1"}')
    assert "codex-1" in helper(run, "activate", "codex-9", code=3).err
    assert not (variants / "AGENT_MANIFEST.json").exists()


def test_the_seat_that_is_active_needs_no_file_of_its_own(variants, run, seat):
    seat("codex-7")
    assert "codex-7 is active already" in helper(run, "activate", "codex-7").out


def test_samples_are_found_and_a_stranger_is_2(variants, run):
    (variants / "docs/examples/agents").mkdir(parents=True)
    (variants / "docs/examples/agents/AGENT_MANIFEST.sample-1.json").write_text('{"agent_id": "sample-1"}')
    helper(run, "activate", "sample-1")
    assert "new codex-7" in helper(run, "activate", "codex-7", code=2).err


@pytest.mark.parametrize(
    "arguments",
    [
        ["session-delete", ".."],
        ["session-save", "../x", "--force"],
        ["session-save", ""],
        ["session-restore", "a/b"],
        ["activate", "../../x"],
        ["activate", "AGENT_MANIFEST.../../x.json"],
        ["env", "/etc/passwd"],
        ["new", "a/../b"],
        ["new", "template"],
        ["retire", ".."],
    ],
)
def test_no_name_reaches_outside_its_folder(variants, run, arguments):
    helper(run, "activate", "codex-1")
    before = sorted(str(path) for path in variants.rglob("*") if ".git/" not in str(path))
    helper(run, *arguments, code=2)
    assert sorted(str(path) for path in variants.rglob("*") if ".git/" not in str(path)) == before


def test_a_label_whose_folder_is_a_link_is_not_followed(variants, run, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("session.json", "manifest.json"):
        (outside / name).write_text('{"agent_id": "codex-1", "label": "x"}')
    (variants / ".manifest_sessions").mkdir()
    os.symlink(outside, variants / ".manifest_sessions/x")
    helper(run, "session-delete", "x", code=6)
    helper(run, "session-restore", "x", code=6)
    assert len(list(outside.iterdir())) == 2


def test_a_session_is_saved_with_a_heartbeat_and_comes_back_with_its_branch(variants, run, lines):
    helper(run, "activate", "codex-1")
    git(variants, "switch", "-qc", "agent/codex-1/x")
    helper(run, "session-save", "early", "--heartbeat-meta", "shift=early")
    event = lines("events")[-1]
    assert event["event"] == "status" and event["meta"]["shift"] == "early"
    assert event["meta"]["session_label"] == "early" and event["meta"]["session_branch"] == "agent/codex-1/x"
    git(variants, "switch", "-q", "main")
    helper(run, "activate", "codex-2")
    helper(run, "session-restore", "early")
    assert active(variants) == "codex-1"
    assert git(variants, "branch", "--show-current") == "agent/codex-1/x"


def test_saving_twice_is_fine_while_nothing_changed_and_4_once_it_did(variants, run):
    helper(run, "activate", "codex-1")
    helper(run, "session-save", "x")
    helper(run, "session-save", "x")
    helper(run, "activate", "codex-2")
    assert "--force" in helper(run, "session-save", "x", code=4).err
    helper(run, "session-save", "x", "--force")
    assert helper(run, "session-list", "--json").json["sessions"][0]["agent_id"] == "codex-2"


def test_a_save_that_died_on_its_way_does_not_take_the_label(variants, run):
    helper(run, "activate", "codex-1")
    helper(run, "session-save", "day", "--no-heartbeat")
    (variants / ".manifest_sessions/day/session.json").unlink()
    helper(run, "session-save", "day")
    helper(run, "session-restore", "day")


def test_restoring_a_branch_does_not_carry_work_along(variants, run):
    helper(run, "activate", "codex-1")
    git(variants, "switch", "-qc", "agent/codex-1/x")
    helper(run, "session-save", "x", "--no-heartbeat")
    git(variants, "switch", "-q", "main")
    (variants / "README.md").write_text("in progress\n")
    assert "--manifest-only" in helper(run, "session-restore", "x", code=3).err
    helper(run, "session-restore", "x", "--manifest-only")
    assert git(variants, "branch", "--show-current") == "main"


def test_deleting_a_session_leaves_other_files_of_its_folder(variants, run):
    helper(run, "activate", "codex-1")
    helper(run, "session-save", "x")
    (variants / ".manifest_sessions/x/mine.txt").write_text("mine")
    helper(run, "session-delete", "x")
    assert [path.name for path in (variants / ".manifest_sessions/x").iterdir()] == ["mine.txt"]
    helper(run, "session-delete", "x", code=2)


def test_several_seats_in_one_checkout_are_bound_by_the_environment(variants, run, monkeypatch):
    line = helper(run, "env", "codex-2").out.strip()
    assert line == "export TEOF_MANIFEST=AGENT_MANIFEST.codex-2.json"
    monkeypatch.setenv("TEOF_MANIFEST", line.partition("=")[2])
    assert helper(run, "show", "--json").json["manifest"]["agent_id"] == "codex-2"
    run("agent.session_boot", "--no-sync", "--agent", "codex-1", code=3)
    run("agent.session_boot", "--no-sync", "--agent", "codex-2")
    assert not (variants / "AGENT_MANIFEST.json").exists()
    monkeypatch.setenv("TEOF_MANIFEST", "nothing.json")
    run("agent.session_boot", "--no-sync", code=7)


def test_a_retired_agent_is_left_out_until_it_is_revived(variants, run):
    helper(run, "new", "boss", "--role", "manager")
    helper(run, "activate", "boss")
    run("agent.session_boot", "--no-sync", "--focus", "manager")
    managers = lambda: [one["agent_id"] for one in run("agent.bus_status", "--json").json["managers"]]  # noqa: E731
    assert managers() == ["boss"]
    helper(run, "retire", "boss", "--reason", "on leave")
    assert managers() == []
    helper(run, "revive", "boss")
    assert managers() == ["boss"]


def test_what_is_no_file_is_6(variants, run):
    (variants / "AGENT_MANIFEST.json").mkdir()
    helper(run, "activate", "codex-1", code=6)
    helper(run, "new", "codex-1", code=4)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("activate"), st.sampled_from(AGENTS), st.booleans()),
        st.tuples(st.just("restore")),
        st.tuples(st.just("save"), st.sampled_from("ab"), st.booleans()),
        st.tuples(st.just("back"), st.sampled_from("ab")),
        st.tuples(st.just("link"), st.sampled_from(AGENTS)),
        st.tuples(st.just("edit"), st.integers(0, 9)),
    ),
    min_size=3,
    max_size=14,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_no_sequence_of_swaps_loses_a_manifest_or_writes_into_another_seats_file(hermetic, run, steps):
    with tempfile.TemporaryDirectory() as folder:
        _play(Path(folder), run, steps)


def _play(folder: Path, run, steps) -> None:
    (folder / "_bus").mkdir()
    contents = {}
    for agent in AGENTS:
        path = folder / f"AGENT_MANIFEST.{agent}.json"
        path.write_text(json.dumps({"agent_id": agent}))
        contents[agent] = path.read_bytes()
    for number, step in enumerate(steps):
        before = _manifest(folder)
        removed = _step(folder, run, step, number)
        for agent in AGENTS:
            assert (folder / f"AGENT_MANIFEST.{agent}.json").read_bytes() == contents[agent], step
        if before is not None and step[0] not in ("edit", "link"):
            assert before in _everything(folder), f"{step} lost a manifest"
        assert removed is None or removed in _everything(folder), f"{step} lost a saved manifest"
    shutil.rmtree(folder / "_bus")


def _step(folder: Path, run, step, number: int) -> bytes | None:
    manifest, root = folder / "AGENT_MANIFEST.json", ("--root", str(folder))
    call = lambda *arguments: run("agent.manifest_helper", *arguments, *root, code=None)  # noqa: E731
    if step[0] == "activate":
        call("activate", step[1], *(["--no-backup"] if step[2] else []))
    elif step[0] == "restore":
        call("restore")
    elif step[0] == "save":
        kept = folder / f".manifest_sessions/{step[1]}/manifest.json"
        before = kept.read_bytes() if kept.exists() else None
        call("session-save", step[1], "--no-heartbeat", *(["--force"] if step[2] else []))
        return before
    elif step[0] == "back":
        call("session-restore", step[1], "--manifest-only")
    elif step[0] == "link":
        manifest.unlink(missing_ok=True)
        manifest.symlink_to(f"AGENT_MANIFEST.{step[1]}.json")
    elif manifest.exists() and not manifest.is_symlink():
        content = json.loads(manifest.read_text())
        manifest.write_text(json.dumps({**content, "notes": f"edit {step[1]} {number}"}))
    return None


def _manifest(folder: Path) -> bytes | None:
    path = folder / "AGENT_MANIFEST.json"
    return path.read_bytes() if path.exists() else None


def _everything(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*.json") if "_bus" not in path.parts]
