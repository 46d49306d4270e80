"""The folder of evidence is laid out once, and never over what is there."""

import json
import os

import pytest

from tools.core.errors import DataError
from tools.core.receipts import scaffold

WORK = scaffold.Work("codex-1", "2026-01-02-login", "Build the login", task_id="QUEUE-1", plan_id="2026-01-02-login")
NAMES = ["actions.json", "claim.json", "notes.md", "summary.json", "tests.json"]


def test_a_scaffold_has_the_files_the_formats_name(workspace):
    written = scaffold.write(workspace, WORK)
    top = scaffold.folder(workspace, WORK)
    assert top.name == "_report/agent/codex-1/2026-01-02-login"
    assert sorted(os.listdir(top.path)) == NAMES
    assert len(written) == len(NAMES)
    with open(top.child("summary.json").path) as content:
        assert json.load(content)["task_id"] == "QUEUE-1"


def test_what_is_there_is_kept_and_what_is_missing_is_completed(workspace):
    scaffold.write(workspace, WORK)
    top = scaffold.folder(workspace, WORK)
    with open(top.child("notes.md").path, "w") as notes:
        notes.write("mine\n")
    os.remove(top.child("tests.json").path)
    assert [place.name.rsplit("/", 1)[-1] for place in scaffold.write(workspace, WORK)] == ["tests.json"]
    with open(top.child("notes.md").path) as notes:
        assert notes.read() == "mine\n"


def test_a_link_in_the_way_is_refused_before_anything_is_written(workspace, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    os.makedirs(workspace.agent_report("codex-1").path)
    os.symlink(outside, scaffold.folder(workspace, WORK).path)
    with pytest.raises(DataError):
        scaffold.missing(workspace, WORK)
    assert os.listdir(outside) == []
