"""The ready tasks as a session's start tells them: those of the whole backlog, remembered while nothing changed."""

import json
import os
import shutil
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.core.backlog import pickup
from tools.core.backlog.ready import ready_tasks
from tools.core.context import Context

NAMES = ["QUEUE-1", "QUEUE-2", "QUEUE-3"]
AGENTS = st.sampled_from(["codex-1", "codex-2", 7, None, "unassigned"])
STAMPS = st.sampled_from(["2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z", "soon", None])
ITEM = st.fixed_dictionaries(
    {
        "Status": st.sampled_from(["open", "done", "dropped", "deferred", "in_progress", "odd"]),
        "Priority": st.sampled_from(["high", "low", "odd"]),
        "Depends": st.sampled_from(["", *NAMES, "ELSEWHERE"]),
    },
    optional={"Id": st.sampled_from([*NAMES, "queue-1", "../x"])},
)
CLAIM = st.fixed_dictionaries(
    {
        "agent_id": AGENTS,
        "status": st.sampled_from(["active", "paused", "released", "done", "closed", "odd", 3]),
        "claimed_at": STAMPS,
        "released_at": STAMPS,
        "paused_by": AGENTS,
        "taken_from": st.one_of(st.none(), st.fixed_dictionaries({"agent_id": AGENTS})),
    }
)
ASSIGNMENT = st.fixed_dictionaries({"engineer": AGENTS, "assigned_at": STAMPS})
DAMAGED = st.sampled_from([None, [], "{"])
BACKLOG = st.dictionaries(st.sampled_from(["1-a.md", "2-b.md", "3-c.md", "02-d.md", "x.md"]), ITEM)


def documents(kind):
    return st.dictionaries(st.sampled_from([*NAMES, "ELSEWHERE", "not an id"]), st.one_of(kind, kind, DAMAGED))


def put(root, backlog, **kinds):
    shutil.rmtree(root / "queue", ignore_errors=True)
    (root / "queue").mkdir()
    for name, fields in backlog.items():
        lines = [f"{key}: {value}" for key, value in fields.items()]
        (root / "queue" / name).write_text("\n".join(["# Task: T", *lines, ""]))
    for kind, rows in kinds.items():
        shutil.rmtree(root / "_bus" / kind, ignore_errors=True)
        (root / "_bus" / kind).mkdir(parents=True)
        for task, document in rows.items():
            text = document if isinstance(document, str) else json.dumps(document)
            (root / "_bus" / kind / f"{task}.json").write_text(text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(BACKLOG, documents(CLAIM), documents(ASSIGNMENT))
def test_they_are_those_that_every_command_calls_ready(git_repo, workspace, backlog, claims, assignments):
    put(git_repo, backlog, claims=claims, assignments=assignments)
    expected = [task.item.task_id for task in pickup.read(Context(workspace)).ready]
    assert ready_tasks(workspace, time.time_ns()) == expected


@pytest.fixture
def settled(git_repo, workspace):
    """A backlog of two tasks whose ready ones are remembered, long after the last change."""
    put(git_repo, {"1-a.md": {}, "2-b.md": {}}, claims={"QUEUE-2": {"agent_id": "codex-2", "status": "released"}})
    assert ready_tasks(workspace, later()) == ["QUEUE-1", "QUEUE-2"]
    return git_repo


def later():
    return time.time_ns() + 10_000_000_000


def remembered(root):
    return list((root / "_bus/.cache/ready").glob("*.json"))


def test_what_was_just_changed_is_not_remembered(git_repo, workspace):
    put(git_repo, {"1-a.md": {}})
    ready_tasks(workspace, time.time_ns())
    assert not remembered(git_repo)


def test_what_is_remembered_is_told_as_long_as_nothing_changed(settled, workspace):
    (place,) = remembered(settled)
    kept = json.loads(place.read_text())
    place.write_text(json.dumps({**kept, "ready": ["QUEUE-9", "../no"]}))
    assert ready_tasks(workspace, later()) == ["QUEUE-9"]


def edit(root):
    (root / "queue/1-a.md").write_text("# Task: A\nStatus: done\n")


def drop_in(root):
    os.replace(root / "queue/1-a.md", root / "queue/x.md")


def claim(root):
    (root / "_bus/claims/QUEUE-1.json").write_text('{"agent_id": "codex-2", "status": "active"}')


def assign(root):
    (root / "_bus/assignments").mkdir()
    (root / "_bus/assignments/QUEUE-1.json").write_text('{"engineer": "codex-2"}')


@pytest.mark.parametrize("change", [edit, drop_in, claim, assign])
def test_every_change_of_what_decides_is_noticed(settled, workspace, change):
    change(settled)
    assert ready_tasks(workspace, later()) == ["QUEUE-2"]


def test_a_finished_claim_that_was_edited_in_place_is_noticed(settled, workspace):
    (settled / "_bus/claims/QUEUE-2.json").write_text('{"agent_id": "codex-2", "status": "active"}')
    assert ready_tasks(workspace, later()) == ["QUEUE-1"]


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"version": 1, "seen": 3, "ready": 4}'])
def test_a_damaged_memory_is_read_anew(settled, workspace, damage):
    remembered(settled)[0].write_text(damage)
    assert ready_tasks(workspace, later()) == ["QUEUE-1", "QUEUE-2"]


def test_a_linked_folder_or_file_offers_nothing(settled, workspace, tmp_path):
    os.replace(settled / "queue", tmp_path / "away")
    (settled / "queue").symlink_to(tmp_path / "away")
    assert ready_tasks(workspace, later()) == []
