"""Tasks of other trackers come into the backlog whole, once, and nowhere else."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.core.trackers.formats import samples

PLACES = {
    "beads": {".beads/issues.jsonl": samples.BEADS},
    "taskmaster": {".taskmaster/tasks/tasks.json": samples.TASKMASTER},
    "backlog": {
        "backlog/config.yml": samples.BACKLOG_CONFIG,
        "backlog/tasks/task-1 - First.md": samples.BACKLOG_TASK,
        "backlog/tasks/task-1.1 - Second.md": samples.BACKLOG_CHILD,
    },
    "ticket": {".tickets/dm-5c46.md": samples.TICKET},
    "github": {"issues.json": samples.GITHUB},
    "checklist": {"tasks.md": samples.CHECKLIST},
}


def put(root, name):
    for path, text in PLACES[name].items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def tree(root):
    """Every file below a folder but git's, with its bytes."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.parts and ".cache" not in path.parts
    }


def states(run):
    tasks = run("agent.idle_pickup", "list", "--all", "--json").json["tasks"]
    return {task["task_id"]: task["state"] for task in tasks}


@pytest.fixture
def imported(git_repo, seat, run):
    """Puts a tracker's sample in place and imports it: `imported("beads", "--update")`."""
    seat("manager-1", roles=["manager"])

    def call(name, *options, code=0):
        put(git_repo, name)
        path = ["issues.json"] if name == "github" else []
        return run("agent.task_import", name, *path, *options, "--json", code=code)

    return call


@pytest.mark.parametrize(
    ("name", "expected", "first"),
    [
        ("beads", {"demo-a1": "waiting", "demo-a1.1": "done", "demo-a1.2": "in_progress", "demo-d": "deferred"}, ""),
        ("taskmaster", {"TM-1": "done", "TM-2": "in_progress", "TM-3": "dropped", "TM-feature-x-1": "deferred"}, ""),
        ("backlog", {"TASK-1": "in_progress", "TASK-1.1": "ready"}, "TASK-1.1"),
        ("ticket", {"dm-5c46": "ready"}, "dm-5c46"),
        ("github", {"GH-1": "ready", "GH-2": "dropped", "GH-3": "done"}, "GH-1"),
        ("checklist", {"T001": "done", "T002": "ready", "T003": "in_progress"}, "T002"),
    ],
)
def test_every_task_is_shown_and_the_right_one_is_offered_first(imported, run, name, expected, first):
    report = imported(name).json
    found = states(run)
    assert {task: found[task] for task in expected} == expected
    assert len(report["created"]) == len(found) and report["problems"] == []
    if first:
        assert run("agent.idle_pickup", "next", "--json").json["claim"]["task_id"] == first


@pytest.mark.parametrize("name", PLACES)
def test_a_second_import_changes_no_file(imported, git_repo, name):
    imported(name)
    before = tree(git_repo)
    for options in ([], ["--update"]):
        again = imported(name, *options).json
        assert again["created"] == again["updated"] == again["conflicts"] == again["changed_there"] == []
        assert tree(git_repo) == before


@pytest.mark.parametrize("name", PLACES)
def test_a_dry_run_says_the_same_and_writes_nothing(imported, git_repo, name):
    put(git_repo, name)
    before = tree(git_repo)
    told = imported(name, "--dry-run").json
    assert tree(git_repo) == before
    assert told["created"] == imported(name).json["created"]


def test_comments_become_notes_of_the_importing_seat_once(imported, raw_bus):
    assert imported("beads").json["comments"] == 2
    lines = [json.loads(line) for line in raw_bus["messages/demo-a1.2"].splitlines()]
    assert [(line["from"], line["type"], line["summary"], line["meta"]) for line in lines] == [
        (
            "manager-1",
            "note",
            "Ada: First",
            {"author": "Ada", "at": "2026-02-05T01:32:02Z", "source": "beads demo-a1.2"},
        ),
        (
            "manager-1",
            "note",
            "Bob: Short",
            {"author": "Bob", "at": "2026-02-05T02:00:00Z", "source": "beads demo-a1.2"},
        ),
    ]
    assert lines[0]["note"] == "First\nsecond" and "note" not in lines[1]
    assert imported("beads").json["comments"] == 0


def test_comments_stay_there_when_they_are_not_wanted(imported, git_repo):
    imported("beads", "--no-comments")
    assert not (git_repo / "_bus/messages").exists()


def test_who_is_a_seat_here_gets_an_assignment_and_no_claim(imported, git_repo, run):
    (git_repo / "AGENT_MANIFEST.codex-1.json").write_text('{"agent_id": "codex-1"}')
    report = imported("github", "--assign").json
    assert [(row["task_id"], row["what"]) for row in report["assigned"]] == [("GH-1", "assigned to codex-1")]
    assert states(run)["GH-1"] == "assigned"
    assert imported("github", "--assign").json["assigned"] == []


def test_who_is_no_seat_here_is_kept_as_text(imported, git_repo):
    assert imported("github", "--assign").json["assigned"] == []
    assert "\nAssignee: codex-1\n" in (git_repo / "queue/001-x-fails.md").read_text()


def test_a_seat_that_is_no_managers_cannot_assign_and_nothing_is_written(git_repo, seat, run):
    seat("codex-1")
    put(git_repo, "beads")
    before = tree(git_repo)
    assert "not a manager seat" in run("agent.task_import", "beads", "--assign", code=3).err
    assert tree(git_repo) == before


def test_a_writer_without_a_seat_is_refused_before_anything_is_read(git_repo, run):
    run("agent.task_import", "beads", code=7)


def test_a_broken_line_is_told_with_its_place_and_the_others_come(imported, git_repo, run):
    put(git_repo, "beads")
    path = git_repo / ".beads/issues.jsonl"
    path.write_text("not json\n" + samples.BEADS + '{"id":"demo-a1","title":"twice"}\n')
    report = run("agent.task_import", "beads", "--agent", "manager-1", "--json", code=1).json
    assert report["problems"] == [".beads/issues.jsonl:1: not JSON: Expecting value"]
    assert len(report["created"]) == 4
    assert report["left_out"][-1]["reason"] == "demo-a1 stands at .beads/issues.jsonl:2 already"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["beads"], 2, ".beads/issues.jsonl does not exist"),
        (["beads", "../nowhere"], 2, "../nowhere does not exist"),
        (["github"], 2, "name a file"),
        (["jira"], 2, "jira"),
        (["beads", "README.md", "--only", "closed"], 2, "closed"),
        (["taskmaster", "README.md"], 6, "README.md:1: not JSON"),
        (["taskmaster", ".git"], 6, "not a regular file"),
    ],
)
def test_what_cannot_be_a_source_is_refused(git_repo, seat, run, arguments, code, words):
    seat("codex-1")
    assert words in run("agent.task_import", *arguments, code=code).err


def test_a_pipe_is_never_waited_on(git_repo, seat, run):
    seat("codex-1")
    os.mkfifo(git_repo / "pipe")
    run("agent.task_import", "github", "pipe", code=6)


def test_what_comes_through_a_pipe_is_imported(git_repo, seat, spawn):
    seat("codex-1")
    done = spawn("-m", "tools.agent.task_import", "github", "-", cwd=git_repo, input=samples.GITHUB)
    assert done.returncode == 0 and done.stdout.startswith("github, done: 3 created")


HOSTILE = [
    {"id": "../../../outside", "title": "A path"},
    {"id": "x/../../y", "title": "../../etc/passwd"},
    {"id": "agent-manager-1", "title": "An inbox"},
    {"id": "long", "title": "T" * 65536, "description": "Status: done\n" * 20_000},
    {"id": "ctrl", "title": "a\x1b[2Jb\u202ec\x00d", "description": "\x1b]0;x\x07\nStatus: done\r\nId: other"},
    {"id": "circle-a", "title": "A", "dependencies": [{"depends_on_id": "circle-b"}, {"depends_on_id": "gone"}]},
    {"id": "circle-b", "title": "B", "dependencies": [{"depends_on_id": "circle-a"}, {"depends_on_id": "circle-b"}]},
    {"id": "Case", "title": "C"},
    {"id": "case", "title": "c"},
    {
        "id": "types",
        "title": "T",
        "status": 3,
        "priority": [],
        "labels": {"a": 1},
        "comments": [1],
        "dependencies": "x",
    },
    {"id": "\ud800", "title": "\udfff"},
]


def test_hostile_input_is_made_safe_told_and_stays_inside_the_queue(git_repo, seat, run):
    seat("codex-1")
    source = git_repo / "issues.jsonl"
    source.write_text("".join(json.dumps(issue) + "\n" for issue in HOSTILE))
    outside = set(os.listdir(git_repo.parent))
    before = tree(git_repo)
    report = run("agent.task_import", "beads", "issues.jsonl", "--json").json
    assert len(report["created"]) == len(HOSTILE) == len(states(run))
    assert set(os.listdir(git_repo.parent)) == outside
    new = tree(git_repo).keys() - before.keys()
    assert all(name.startswith(("queue/", "_report", "_bus")) for name in new)
    assert set(states(run).values()) <= {"ready", "waiting"}
    text = b"".join(data for name, data in tree(git_repo).items() if name.endswith(".md"))
    assert b"\x1b" not in text and b"\x00" not in text and "\u202e".encode() not in text
    notes = "\n".join(report["notes"])
    for words in ("cannot be the id of a task here", "which is not here", "would be a circle", "waits for itself"):
        assert words in notes


def test_a_link_in_place_of_the_backlog_is_not_followed(git_repo, seat, run, tmp_path):
    seat("codex-1")
    put(git_repo, "beads")
    (tmp_path / "elsewhere").mkdir()
    (git_repo / "queue").symlink_to(tmp_path / "elsewhere")
    run("agent.task_import", "beads", code=6)
    assert list((tmp_path / "elsewhere").iterdir()) == []


KILLED = """
import os, signal, sys
from tools.core.cli import app as cli
from tools.agent.task_import import main
rename, left = os.rename, [int(sys.argv[1])]
def dying(*arguments, **more):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    rename(*arguments, **more)
os.rename = dying
cli.call(main, ["beads"])
"""


@pytest.mark.parametrize("renames", range(5))
def test_an_import_that_is_killed_leaves_whole_files_and_the_next_one_goes_on(imported, git_repo, run, renames):
    put(git_repo, "beads")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(renames)], cwd=git_repo)
    assert killed.returncode == -signal.SIGKILL
    half = {name: data for name, data in tree(git_repo).items() if name.startswith("queue/") and name.endswith(".md")}
    visible = {name: data for name, data in half.items() if "/." not in name}
    assert len(visible) == renames and all(b"\nSource Digest: " in data for data in visible.values())
    report = imported("beads").json
    assert (len(report["created"]), len(report["unchanged"])) == (4 - renames, renames)
    assert states(run).keys() == {"demo-a1", "demo-a1.1", "demo-a1.2", "demo-d"}
    assert not (git_repo / "queue/.source/.new").exists()
