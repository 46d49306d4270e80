"""Locks are trusted where they exclude everybody: on file systems that are local, or on somebody's word."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import git
from tools.core import clock
from tools.core.errors import SetupError
from tools.core.fs import local_locks, locks
from tools.core.setup.vouched_locks import vouch
from tools.core.workspace import Place, find


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "virtiofs", "fuse.sshfs", "fuse.bindfs", "fuse", "fakeowner"])
def test_what_several_machines_or_mounts_reach_is_shared(kind: str) -> None:
    assert local_locks.is_shared(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "fuse.fuse-overlayfs", "newfs"]
)
def test_what_is_local_or_unheard_of_is_not(kind: str) -> None:
    assert not local_locks.is_shared(kind)


def test_a_folder_here_is_trusted_and_its_lock_is_not_given_twice(tmp_path: Path) -> None:
    bus = Place(str(tmp_path), "_bus")
    with locks.hold(bus):
        assert not local_locks._is_second_lock_granted(bus)


def test_a_lock_that_is_free_would_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "_bus").mkdir()
    assert local_locks._is_second_lock_granted(Place(str(tmp_path), "_bus"))


@pytest.fixture
def two_mounts(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """One folder that is reached through two mounts which do not know each other's locks."""
    if os.geteuid() or not shutil.which("bindfs") or not os.path.exists("/dev/fuse"):
        pytest.skip("needs root, /dev/fuse and bindfs")
    places = tmp_path / "one", tmp_path / "two"
    (tmp_path / "real/_bus").mkdir(parents=True)
    for place in places:
        place.mkdir()
        if subprocess.run(["bindfs", tmp_path / "real", place], capture_output=True).returncode:
            pytest.skip("bindfs does not mount here")
    yield places
    for place in places:
        subprocess.run(["umount", place], check=False)


def test_a_folder_behind_two_mounts_is_refused_until_somebody_vouches_for_it(two_mounts: tuple[Path, Path]) -> None:
    for mount in two_mounts:
        with pytest.raises(SetupError) as refusal, locks.hold(Place(str(mount), "_bus")):
            pass
        assert refusal.value.code == "lock.network" and "fuse" in refusal.value.message
    kept = Path(local_locks.kept_place(Place(str(two_mounts[0]), "_bus")).path)
    kept.parent.mkdir()
    kept.write_text(json.dumps({"file_system": "ext4"}))
    with pytest.raises(SetupError), locks.hold(Place(str(two_mounts[0]), "_bus")):
        pass
    kept.write_text(json.dumps({"file_system": "fuse"}))
    for name in ("_bus", "_report"):
        with locks.hold(Place(str(two_mounts[0]), name)):
            pass


def test_who_vouches_for_such_a_folder_works_in_it_and_leaves_the_reason(two_mounts: tuple[Path, Path], run) -> None:
    git(two_mounts[0], "init", "-q", "-b", "main")
    git(two_mounts[0], "commit", "-q", "--allow-empty", "-m", "begin")
    here = ("--root", str(two_mounts[0]))
    run("agent.bus_claim", "claim", *here, "--task", "T", "--agent", "codex-1", code=7)
    start = [
        sys.executable,
        "-m",
        "tools",
        "init",
        *here,
        "--agent",
        "codex-1",
        "--bus",
        "folder",
        "--allow-file-system",
    ]
    assert subprocess.run(start, capture_output=True).returncode == 2
    done = subprocess.run([*start, "--reason", "one machine, one mount"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    run("agent.bus_claim", "claim", *here, "--task", "T", "--agent", "codex-1")
    warnings = two_mounts[0] / "_report/agent/codex-1/session_guard/warnings.jsonl"
    assert "one machine, one mount" in warnings.read_text()


def test_where_locks_are_trusted_nobody_needs_to_vouch(git_repo: Path) -> None:
    workspace = find(str(git_repo), {})
    assert vouch(workspace, "codex-1", "why not", clock.now()) == ""
    assert not Path(local_locks.kept_place(workspace.bus).path).exists()
