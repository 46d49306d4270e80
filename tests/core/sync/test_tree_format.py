"""What a toolkit does with a bus that a newer one wrote: it takes and writes nothing of it, and still reads its own."""

from __future__ import annotations

import json

import pytest

from tests.clones import make_clone, make_origin
from tests.conftest import git
from tools.core import versions

pytestmark = pytest.mark.slow


def test_a_branch_of_a_newer_format_is_refused_by_every_exchange_and_nothing_is_written(run, tmp_path):
    origin = make_origin(tmp_path)
    clone = make_clone(origin, tmp_path / "clone", "codex-1")
    run("agent.bus_event", "log", "--event", "status", "--summary", "before", "--root", str(clone))
    newer = make_clone(origin, tmp_path / "newer", "codex-2")
    (newer / "_bus/format.json").write_text(json.dumps({"format": versions.BRANCH + 1}))
    git(newer / "_bus", "add", "-Af")
    git(newer / "_bus", "commit", "-qm", "a later layout")
    git(newer / "_bus", "push", "-q", "origin", "bus")
    tip = git(origin, "rev-parse", "bus")
    log = (clone / "_bus/events/events.jsonl").read_bytes()
    for words in (("agent.bus_sync", "--push"), ("agent.bus_claim", "claim", "--task", "T-1", "--confirm")):
        refusal = json.loads(run(*words, "--root", str(clone), "--json", code=7).err)["error"]
        assert refusal["code"] == "bus.format" and refusal["details"]["newest"] == versions.BRANCH
    assert (git(origin, "rev-parse", "bus"), (clone / "_bus/events/events.jsonl").read_bytes()) == (tip, log)
    assert "before" in run("agent.bus_watch", "--root", str(clone)).out
