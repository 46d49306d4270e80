"""Whose seat this is: nobody speaks in another's name."""

import json
import os
import subprocess

import pytest

from tools.core.context import as_module
from tools.core.errors import DataError, GuardError, SetupError, UsageError
from tools.core.seats.seat import MAX_MANIFEST, Seat, acting, all_manifests, reading


def manifest_of(git_repo):
    return git_repo / "AGENT_MANIFEST.json"


def test_the_manifest_says_who_acts_and_agent_must_agree(workspace, seat):
    seat("codex-1", roles=["manager"])
    assert acting(workspace, None).agent_id == "codex-1"
    assert acting(workspace, "codex-1").is_manager
    with pytest.raises(GuardError) as refusal:
        acting(workspace, "codex-2")
    assert "codex-1" in refusal.value.message and "worktree add" in as_module(refusal.value.hint)


def test_without_a_manifest_agent_is_required(workspace):
    assert acting(workspace, "codex-1") == Seat("codex-1", None)
    with pytest.raises(SetupError) as refusal:
        acting(workspace, None)
    assert "session_boot" in as_module(refusal.value.hint)


def test_the_template_is_nobodys_seat(workspace, seat):
    seat("template")
    assert reading(workspace) is None and acting(workspace, "codex-1").manifest is None
    with pytest.raises(SetupError):
        acting(workspace, None)
    with pytest.raises(UsageError):
        acting(workspace, "template")


def test_a_manifest_may_be_a_link_to_a_variant(workspace, seat, git_repo):
    os.rename(seat("codex-3"), git_repo / "AGENT_MANIFEST.codex-3.json")
    manifest_of(git_repo).symlink_to("AGENT_MANIFEST.codex-3.json")
    assert acting(workspace, None).agent_id == "codex-3"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"agent_id": 7.5}',
        '{"agent_id": "../x"}',
        '{"agent_id": ""}',
        "\0",
        '{"agent_id":"a","agent_id":"b"}',
    ],
)
def test_an_unreadable_manifest_refuses_every_write_and_no_read(workspace, git_repo, content):
    manifest_of(git_repo).write_text(content)
    for agent in (None, "codex-1"):
        with pytest.raises(DataError) as refusal:
            acting(workspace, agent)
        assert refusal.value.hint
    assert reading(workspace) is None


@pytest.mark.parametrize(
    "plant", [os.mkdir, os.mkfifo, lambda path: os.symlink("nowhere", path), lambda path: os.symlink(path, path)]
)
def test_what_is_no_file_is_an_unreadable_manifest_and_is_not_waited_on(workspace, git_repo, plant):
    plant(str(manifest_of(git_repo)))
    with pytest.raises(DataError):
        acting(workspace, "codex-1")
    assert reading(workspace) is None and all_manifests(workspace) == []


def test_a_binding_beats_the_checkouts_manifest_and_must_exist(workspace, seat, git_repo):
    os.rename(seat("codex-2"), git_repo / "mine.json")
    seat("codex-1")
    assert acting(workspace, None, "mine.json").agent_id == "codex-2"
    assert acting(workspace, None, str(git_repo / "mine.json")).agent_id == "codex-2"
    with pytest.raises(SetupError) as refusal:
        acting(workspace, "codex-1", "absent.json")
    assert refusal.value.exit_code == 7


def test_the_environment_binds_a_command(git_repo, seat, run, monkeypatch):
    os.rename(seat("codex-2"), git_repo / "mine.json")
    seat("codex-1")
    monkeypatch.setenv("TEOF_MANIFEST", "mine.json")
    assert run("agent.bus_event", "log", "--event", "note", "--json").json["agent_id"] == "codex-2"
    monkeypatch.setenv("TEOF_MANIFEST", "absent.json")
    run("agent.bus_event", "log", "--event", "note", "--agent", "codex-1", code=7)
    run("agent.bus_status")


def test_a_very_long_manifest_is_refused(workspace, git_repo):
    manifest_of(git_repo).write_text(json.dumps({"agent_id": "a", "notes": "x" * MAX_MANIFEST}))
    with pytest.raises(DataError):
        acting(workspace, None)


def test_seats_of_all_worktrees_are_known_and_the_buss_own_is_none(workspace, seat, git_repo, tmp_path):
    for name in ("two", "gone"):
        subprocess.run(["git", "worktree", "add", "-q", str(tmp_path / name)], cwd=git_repo, check=True)
    subprocess.run(["git", "worktree", "add", "-q", "--detach", str(git_repo / "_bus")], cwd=git_repo, check=True)
    seat("codex-1")
    seat("codex-2", root=tmp_path / "two")
    seat("intruder", root=git_repo / "_bus")
    assert sorted(manifest.agent_id for manifest in all_manifests(workspace)) == ["codex-1", "codex-2"]


@pytest.mark.parametrize(
    ("given", "prefix"), [("agent/x", "agent/x/"), ("agent/x/", "agent/x/"), ("", "agent/codex-1/")]
)
def test_a_branch_prefix_ends_in_one_slash(workspace, git_repo, given, prefix):
    manifest_of(git_repo).write_text(json.dumps({"agent_id": "codex-1", "branch_prefix": given}))
    assert acting(workspace, None).branch_prefix == prefix
