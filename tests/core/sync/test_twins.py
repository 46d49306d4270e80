"""One agent id in two clones is noticed at boot, and told in both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clones import events_of, make_clone, make_origin

pytestmark = pytest.mark.slow


@pytest.fixture
def twins(tmp_path: Path) -> list[Path]:
    origin = make_origin(tmp_path)
    clones = [make_clone(origin, tmp_path / name, "codex-1") for name in "ab"]
    for clone in clones:
        (clone / ".git/info/exclude").write_text("/_report/\n")
    return clones


def boot(run, clone: Path, *options: str) -> str:
    """Boots a session and exchanges; what it warned of."""
    err = str(run("agent.session_boot", "--root", str(clone), "--no-dashboard", *options).err)
    run("agent.bus_sync", "--root", str(clone), "--push")
    return err


def doctor(run, clone: Path) -> dict:
    probes = run("agent.doctor", "--root", str(clone), "--offline", "--json", code=None).json["probes"]
    return next(probe for probe in probes if probe["name"] == "seat.clones")


def test_a_boot_under_an_id_that_is_at_work_in_another_clone_is_told_in_both(twins, run):
    first, second = twins
    assert "two clones" not in boot(run, first)
    assert doctor(run, first)["status"] == "pass"
    assert "codex-1 is in two clones" in boot(run, second)
    run("agent.bus_sync", "--root", str(first))
    for clone in twins:
        assert "codex-1 is in two clones" in run("agent.bus_inbox", "--root", str(clone)).out
        assert doctor(run, clone)["status"] == "warn" and "2 clones" in doctor(run, clone)["detail"]


def test_the_handshake_names_its_clone_and_the_other(twins, run):
    for clone in twins:
        boot(run, clone)
    old, new = (json.loads(line)["meta"] for line in events_of(twins[1]))
    assert new["twin"] == old["clone"] != new["clone"]


def test_a_session_that_signed_off_or_booted_here_before_is_no_twin(twins, run):
    first, second = twins
    boot(run, first)
    assert "two clones" not in boot(run, first)
    boot(run, first, "--focus", "idle")
    assert "two clones" not in boot(run, second)
    assert doctor(run, second)["status"] == "pass"
