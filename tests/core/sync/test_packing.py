"""Exchanges leave loose objects, and pack them before they are too many."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clones import ids_of, make_clone, make_origin
from tests.conftest import git
from tools.core.git import git as program
from tools.core.sync.clones import packing

pytestmark = pytest.mark.slow


@pytest.fixture
def pair(tmp_path: Path) -> list[Path]:
    origin = make_origin(tmp_path)
    return [make_clone(origin, tmp_path / name, f"codex-{number}") for number, name in enumerate("ab", 1)]


def exchange(run, clone: Path, times: int = 1) -> None:
    for _ in range(times):
        run("agent.bus_event", "log", "--root", str(clone), "--event", "note", "--summary", "so that there is a commit")
        run("agent.bus_sync", "--root", str(clone), "--push")


def never_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """One loose object is one too many, in whichever folder it lies."""
    monkeypatch.setattr(packing, "MOST_LOOSE", 1)
    monkeypatch.setattr(packing, "_SAMPLE", 256)


def loose(clone: Path) -> int:
    return int(git(clone, "count-objects").split()[0])


def test_many_loose_objects_of_the_bus_are_packed_and_those_of_code_are_left(pair, run, monkeypatch):
    clone = pair[0]
    code = subprocess.run(["git", "hash-object", "-w", "--stdin"], cwd=clone, input="x", capture_output=True, text=True)
    exchange(run, clone, 3)
    assert loose(clone) > 10
    never_wait(monkeypatch)
    exchange(run, clone)
    assert loose(clone) < 10 and git(clone, "fsck", "--strict", "--no-dangling") == ""
    assert (clone / ".git/objects" / code.stdout[:2] / code.stdout[2:].strip()).exists()
    exchange(run, pair[1])
    assert len(ids_of(pair[1])) == 5


def test_it_is_tried_once_in_ten_minutes_and_only_for_what_is_new(pair, run, monkeypatch):
    never_wait(monkeypatch)
    exchange(run, pair[0])
    packs = set((pair[0] / ".git/objects/pack").glob("*.pack"))
    exchange(run, pair[0], 2)
    assert set((pair[0] / ".git/objects/pack").glob("*.pack")) == packs
    monkeypatch.setattr(packing, "_PAUSE", 0)
    exchange(run, pair[0])
    [new] = set((pair[0] / ".git/objects/pack").glob("*.pack")) - packs
    assert new.stat().st_size < 10_000


def test_an_exchange_succeeds_where_packing_does_not(pair, run, monkeypatch):
    never_wait(monkeypatch)
    (pair[0] / "_bus/.cache").mkdir(exist_ok=True)
    (pair[0] / "_bus/.cache/packed").write_text("0" * 40)
    monkeypatch.setattr(packing, "_PAUSE", 0)
    real, packed = program.run, []

    def watched(folder: str, *arguments: str, **more: object) -> str:
        packed.append(arguments[0])
        return real(folder, *arguments, **more)

    monkeypatch.setattr(program, "run", watched)
    exchange(run, pair[0], 2)
    assert packed.count("pack-objects") == 2 and packed.count("prune-packed") == 1
