"""Evidence: never over another, never outside, always whole."""

import json
import os
from pathlib import Path

import pytest

from tools.core.errors import DataError, UsageError
from tools.core.models.evidence import Refusal, Warning
from tools.core.receipts.write import (
    append_entry,
    citations_of,
    record_refusal,
    record_warning,
    write_new,
    write_stamped,
)


def test_evidence_of_one_moment_gets_numbered_names(workspace, noon):
    folder = workspace.agent_report("codex-1").child("x")
    names = [write_stamped(folder, "r", ".json", str(n).encode(), noon).name for n in range(3)]
    assert [os.path.basename(name) for name in names] == [f"r-20260131T120000Z{more}.json" for more in ("", "-2", "-3")]
    assert [Path(workspace.root, name).read_text() for name in names] == ["0", "1", "2"]


def test_a_link_is_never_written_through(workspace, tmp_path, noon):
    folder = workspace.in_root("_report")
    os.mkdir(folder.path)
    os.symlink(tmp_path, folder.child("away").path)
    with pytest.raises(DataError):
        write_stamped(folder.child("away"), "r", ".json", b"x", noon)
    os.symlink(tmp_path / "target", folder.child("r.json").path)
    assert write_new(folder, "r", ".json", b"x").name == "_report/r-2.json"
    assert not os.path.exists(tmp_path / "target")


def test_a_line_is_added_behind_an_unfinished_one(workspace):
    place = workspace.in_root("_report/log.jsonl")
    os.mkdir(workspace.report.path)
    with open(place.path, "w") as log:
        log.write('{"torn')
    append_entry(workspace, place, {"n": 1})
    append_entry(workspace, place, {"n": 2})
    with open(place.path) as log:
        assert log.read() == '{"torn\n{"n":1}\n{"n":2}\n'


def test_an_override_and_a_refusal_leave_a_line_without_empty_fields(workspace):
    stamp = "2026-01-31T12:00:00Z"
    record_warning(workspace, Warning(ts=stamp, agent_id="a", code="takeover_forced", message="m", reason="r"))
    record_refusal(workspace, Refusal(ts=stamp, agent_id="a", event="complete", reason="T is not claimed"))
    with open(workspace.agent_report("a").child("session_guard/warnings.jsonl").path) as log:
        assert json.loads(log.read()) == {
            "agent_id": "a",
            "code": "takeover_forced",
            "message": "m",
            "reason": "r",
            "ts": stamp,
        }
    with open(workspace.agent_report("a").child("errors.jsonl").path) as log:
        assert json.loads(log.read())["event"] == "complete"


def test_what_is_cited_is_named_once_and_said_to_be_there_or_not(workspace, git_repo):
    names, missing = citations_of(workspace, ["README.md", "./README.md", "absent.json", "README.md#part"])
    assert names == ("README.md", "absent.json", "README.md#part") and missing == ["absent.json"]
    for outside in ("../x", "/etc/passwd", ""):
        with pytest.raises(UsageError):
            citations_of(workspace, [outside])
