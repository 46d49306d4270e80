"""Whatever a branch holds: nothing but records of a bus ever reaches this machine, and honest ones always do."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clones import make_clone, make_origin
from tests.conftest import git
from tools.core import clock
from tools.core.errors import DataError
from tools.core.git import trees
from tools.core.git.objects import Entry
from tools.core.git.packs import Objects
from tools.core.store import layout
from tools.core.store.layout import Address
from tools.core.sync import door

NAMES = [b"..", b".git", b".cache", b".journal", b"events", b"events.jsonl", b"claims", b"T-1.json", b"T-1.jsonl",
         b"messages", b"assignments", b"README.md", b".gitignore", b"AGENTS.md", b"sitecustomize.py", b"hooks",
         b"000001.jsonl", b"finished", b"2026-01.jsonl", b"x;touch PWN;#.json", b"\xff\xfe", layout.fan("T-1").encode()]  # fmt: skip
CONTENTS = [b"", b"{}\n", b"#!/bin/sh\n", b'{"agent_id":"x","task_id":"T-1"}', b"\xff\n\0\n", b"\n" * 50,
            b'{"agent_id":"mallory","event":"note","summary":"s"}\n']  # fmt: skip
LEAVES = st.tuples(st.sampled_from(["100644", "100755", "120000"]), st.sampled_from(CONTENTS))
TREES = st.recursive(LEAVES, lambda below: st.dictionaries(st.sampled_from(NAMES), below, max_size=4), max_leaves=10)


def planted(objects: Objects, node: object, like: str) -> Entry:
    """The tree or file of a drawn node, made without asking git what it thinks of the names."""
    if isinstance(node, tuple):
        return Entry(node[0], objects.add("blob", node[1], like))
    assert isinstance(node, dict)
    edits = {os.fsdecode(name): planted(objects, below, like) for name, below in node.items()}
    made = trees.edited(objects, "", edits, like) or objects.add("tree", b"", like)
    return Entry(trees.FOLDER, made)


def files_below(top: Path) -> dict[str, bytes]:
    """Every file below a folder, git's own and the cache left out."""
    held = {}
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if (folder, name) != (str(top), ".git") and name != ".cache"]
        held |= {os.path.relpath(os.path.join(folder, name), top): Path(folder, name).read_bytes() for name in names}
    return held


@settings(max_examples=25)
@given(node=st.dictionaries(st.sampled_from(NAMES), TREES, min_size=1, max_size=6))
def test_whatever_the_branch_holds_only_files_of_a_bus_change_here(tmp_path_factory, run, node, in_field) -> None:
    if in_field:
        pytest.skip("with transfer.fsckObjects git refuses such a tree before anything of it is read")
    top = tmp_path_factory.mktemp("door")
    origin = make_origin(top)
    clone = make_clone(origin, top / "clone", "codex-1")
    run("agent.bus_event", "log", "--root", str(clone), "--event", "note", "--summary", "honest")
    before = files_below(top / "clone")
    like = git(origin, "rev-parse", "bus")
    with Objects(str(origin)) as objects:
        made = planted(objects, node, like)
        who = {f"GIT_{part}_{field}": "x" for part in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}
        dates = {"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000"}
        commit = objects.add_commit(made.name, [like], "hostile", who | dates)
        objects.write()
    git(origin, "update-ref", "refs/heads/bus", commit)
    run("agent.bus_sync", "--root", str(clone), "--push", code=None)
    changed = {name for name, data in files_below(top / "clone").items() if before.get(name) != data}
    assert all(layout.address(name.removeprefix("_bus/")) for name in changed if name != "_bus/.git"), changed
    assert b"honest" in git(origin, "show", "bus:events/events.jsonl").encode()


@pytest.mark.parametrize(
    "content, reason",
    [
        ({"task_id": "T-2"}, "another task"),
        ({"agent_id": "x;touch PWN;#"}, "not an agent id"),
        ({"paused_by": "a b"}, "paused_by"),
        ({"taken_from": {"agent_id": "../x"}}, "taken_from"),
        ({"fence": True}, "fence"),
        ({"fence": 1e3}, "fence"),
        ({"fence": 1 << 53}, "fence"),
        ({"claimed_at": "9999-12-31T23:59:59Z"}, "year ahead"),
    ],
)
def test_a_claim_that_is_none_may_not_come_in(content: dict[str, object], reason: str) -> None:
    claim = {"task_id": "T-1", "agent_id": "codex-1", "status": "active", "fence": 1, **content}
    with pytest.raises(DataError, match=reason):
        door.document(Address("claims", "T-1"), json.dumps(claim).encode(), clock.now())


def test_a_fence_comes_in_step_by_step_or_with_events_that_tell_of_each() -> None:
    assert door.jump_reason(2, 1, ()) == ""
    assert "jumps" in door.jump_reason((1 << 53) - 1, 1, {2, 3})
    assert door.jump_reason(5, 1, {2, 3, 4, 5}) == ""


@pytest.mark.parametrize("line", [b"x" * 70_000, b"[]", b"garbage", b'{"a":"\xff"}', b'{"from":"a b"}'])
def test_a_line_that_is_no_record_may_not_come_in(line: bytes) -> None:
    assert door.lines([line, b'{"agent_id":"codex-1"}']).admitted == [b'{"agent_id":"codex-1"}']
