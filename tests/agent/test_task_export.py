"""The backlog goes to other trackers: what came from there unharmed, what changed here laid over it."""

import csv
import json
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent.test_task_import import tree
from tests.core.trackers.formats import samples

OUT_OF_TURN = ("--allow-waiting", "--reason", "its parts wait for it")


@pytest.fixture
def beads(git_repo, seat, run):
    """The sample of beads imported; its path."""
    seat("codex-1", roles=["manager"])
    path = git_repo / "issues.jsonl"
    path.write_text(samples.BEADS)
    run("agent.task_import", "beads", "issues.jsonl")
    return path


def exported(run, target="beads"):
    text = run("agent.task_export", target, "-").out
    if target == "github":
        return {issue["title"]: issue for issue in json.loads(text)}
    return {issue["id"]: issue for issue in map(json.loads, text.splitlines())}


def issues(text=samples.BEADS):
    lines = [json.loads(line) for line in text.splitlines()]
    return {
        line["id"]: line for line in lines if line.get("status") not in (None, "tombstone") and line["id"] != "demo-m"
    }


def test_what_came_from_beads_and_was_not_touched_goes_back_byte_for_byte(beads, run):
    lines = set(run("agent.task_export", "beads").out.splitlines())
    assert lines == {line.strip() for line in samples.BEADS.splitlines() if '"demo-a' in line or '"demo-d"' in line}


def test_claims_say_status_and_assignee_and_notes_say_why_it_is_closed(beads, run):
    run("agent.bus_claim", "claim", "--task", "demo-a1", "--notes", "at it", *OUT_OF_TURN)
    live = exported(run)["demo-a1"]
    assert (live["status"], live["assignee"]) == ("in_progress", "codex-1") and "closed_at" not in live
    run("agent.bus_claim", "release", "--task", "demo-a1", "--notes", "all green")
    done = exported(run)["demo-a1"]
    assert (done["status"], done["close_reason"]) == ("closed", "all green") and done["closed_at"]
    untouched = {"id", "title", "description", "priority", "issue_type", "owner", "created_at", "created_by"}
    assert {name: done[name] for name in untouched} == {name: issues()["demo-a1"][name] for name in untouched}


def test_a_reopened_issue_has_no_end(beads, git_repo, run):
    path = next((git_repo / "queue").glob("*name-the-line*"))
    path.write_text(path.read_text().replace("Status: done", "Status: open"))
    issue = exported(run)["demo-a1.1"]
    assert issue["status"] == "open" and "closed_at" not in issue and "close_reason" not in issue


def test_what_was_edited_here_goes_back_and_nothing_else(beads, git_repo, run):
    path = next((git_repo / "queue").glob("*name-the-reason*"))
    text = (
        path.read_text()
        .replace("# Task: Name the reason", "# Task: Name it")
        .replace("Depends: demo-a1.1", "Depends: demo-d")
    )
    path.write_text(text)
    issue = exported(run)["demo-a1.2"]
    blocks = [edge["depends_on_id"] for edge in issue["dependencies"] if edge["type"] == "blocks"]
    assert (issue["title"], blocks, issue["metadata"]) == ("Name it", ["demo-d"], {"deep": [1, True]})
    assert len(issue["comments"]) == 2


def test_messages_of_ours_go_as_comments_once(beads, run):
    run("agent.bus_message", "--task", "demo-a1", "--type", "note", "--summary", "said here")
    run("agent.task_export", "beads", "out.jsonl")
    assert [comment["text"] for comment in exported(run)["demo-a1"]["comments"]] == ["said here"]
    report = run("agent.task_import", "beads", "out.jsonl", "--update", "--json").json
    assert report["comments"] == 0
    assert [comment["text"] for comment in exported(run)["demo-a1"]["comments"]] == ["said here"]


def test_a_task_that_began_here_has_what_beads_asks_for(git_repo, seat, run):
    seat("codex-1")
    (git_repo / "queue").mkdir()
    (git_repo / "queue/001-a.md").write_text("# Task: Ours\nPriority: high\nStatus: done\nGoal: to work\n")
    (git_repo / "queue/002-b.md").write_text("# Task: Next\nDepends: QUEUE-001\n")
    ours = exported(run)
    assert {name: ours["QUEUE-001"][name] for name in ("title", "status", "priority", "issue_type", "description")} == {
        "title": "Ours",
        "status": "closed",
        "priority": 1,
        "issue_type": "task",
        "description": "Goal: to work",
    }
    assert ours["QUEUE-001"]["closed_at"] and "closed_at" not in ours["QUEUE-002"]
    assert [edge["depends_on_id"] for edge in ours["QUEUE-002"]["dependencies"]] == ["QUEUE-001"]
    assert exported(run) == ours


def test_github_issues_go_back_with_their_state(git_repo, seat, run):
    seat("codex-1")
    (git_repo / "issues.json").write_text(samples.GITHUB)
    run("agent.task_import", "github", "issues.json")
    run("agent.bus_claim", "claim", "--task", "GH-1")
    run("agent.bus_claim", "release", "--task", "GH-1")
    before = {issue["title"]: issue for issue in json.loads(samples.GITHUB)}
    after = exported(run, "github")
    assert (after["`x` fails"]["state"], after["`x` fails"]["stateReason"]) == ("CLOSED", "COMPLETED")
    assert (after["No"], after["Yes"]) == (before["No"], before["Yes"])


def test_a_table_has_a_row_for_each_task_and_runs_nothing(git_repo, seat, run):
    seat("codex-1")
    (git_repo / "queue").mkdir()
    (git_repo / "queue/001-a.md").write_text('# Task: =HYPERLINK("x")\n')
    rows = list(csv.DictReader(run("agent.task_export", "csv").out.splitlines()))
    assert [(row["id"], row["title"], row["status"]) for row in rows] == [("QUEUE-001", '\'=HYPERLINK("x")', "open")]


@pytest.mark.parametrize("target", ["beads", "github", "markdown"])
def test_an_export_that_is_imported_again_changes_nothing(beads, git_repo, run, target):
    (git_repo / "queue/900-a.md").write_text("# Task: Ours\n")
    run("agent.bus_claim", "claim", "--task", "demo-a1", *OUT_OF_TURN)
    run("agent.task_export", target, "out")
    before = {name: data for name, data in tree(git_repo / "queue").items() if not name.startswith(".source/")}
    source = "checklist" if target == "markdown" else target
    report = run("agent.task_import", source, "out", "--update", "--json").json
    assert [report[name] for name in ("created", "updated", "conflicts", "problems", "comments")] == [[], [], [], [], 0]
    after = {name: data for name, data in tree(git_repo / "queue").items() if not name.startswith(".source/")}
    assert after == before


@pytest.mark.parametrize(
    ("path", "code"),
    [("queue/001-x.md", 2), ("_bus/events/events.jsonl", 2), ("../out", 2), ("README.md", 4), ("other.jsonl", 4)],
)
def test_no_export_replaces_what_is_not_all_in_it(beads, git_repo, run, path, code):
    (git_repo / "other.jsonl").write_text('{"id":"new","title":"Not imported"}\n')
    before = tree(git_repo)
    run("agent.task_export", "markdown" if path == "README.md" else "beads", path, code=code)
    assert tree(git_repo) == before


def test_an_export_replaces_one_that_held_no_more(beads, run):
    run("agent.task_export", "beads", "out.jsonl")
    run("agent.task_export", "beads", "out.jsonl")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ISSUE = st.fixed_dictionaries(
    {
        "title": TEXT.filter(str.strip),
        "status": st.sampled_from(["open", "closed", "in_progress", "deferred", "blocked", "odd"]),
    },
    optional={
        "description": TEXT,
        "design": TEXT,
        "priority": st.integers(0, 4),
        "issue_type": st.sampled_from(["task", "bug", "epic"]),
        "assignee": TEXT,
        "labels": st.lists(TEXT, max_size=3),
        "created_at": st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
        "tomorrow": st.dictionaries(TEXT, st.none() | st.integers() | TEXT, max_size=2),
        "waits": st.lists(st.integers(0, 5), max_size=3),
        "parents": st.lists(st.integers(0, 5), max_size=2),
    },
)


def lines_of(made):
    for number, issue in enumerate(made):
        targets = [("blocks", target) for target in issue.pop("waits", [])]
        targets += [("parent-child", target) for target in issue.pop("parents", [])]
        edges = [{"issue_id": f"p-{number}", "depends_on_id": f"p-{target}", "type": kind} for kind, target in targets]
        yield json.dumps(
            {"id": f"p-{number}", **issue, **({"dependencies": edges} if edges else {})}, ensure_ascii=False
        )


@settings(max_examples=15)
@given(made=st.lists(ISSUE, min_size=1, max_size=6))
def test_import_export_import_changes_nothing_whatever_the_issues_are(tmp_path_factory, made):
    root = tmp_path_factory.mktemp("random")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / "AGENT_MANIFEST.json").write_text('{"agent_id": "codex-1"}')
    lines = list(lines_of(made))
    (root / "in.jsonl").write_text("\n".join(lines), newline="")
    first = call("agent.task_import", "beads", "in.jsonl", root=root)
    assert len(first["created"]) == len(lines)
    before = tree(root)
    call("agent.task_export", "beads", "in.jsonl", root=root)
    assert sorted((root / "in.jsonl").read_bytes().decode().split("\n")[:-1]) == sorted(lines)
    again = call("agent.task_import", "beads", "in.jsonl", "--update", root=root)
    assert len(again["unchanged"]) == len(lines)
    assert {name: data for name, data in tree(root).items() if name != "in.jsonl"} == {
        name: data for name, data in before.items() if name != "in.jsonl"
    }


def call(module, *arguments, root):
    """A command in this process; its document."""
    import importlib
    import io
    from contextlib import redirect_stdout

    from tools.core.cli import app as cli

    out = io.StringIO()
    with redirect_stdout(out):
        code = cli.call(importlib.import_module(f"tools.{module}").main, [*arguments, "--root", str(root), "--json"])
    assert code == 0, out.getvalue()
    return json.loads(out.getvalue())


def test_what_is_no_id_is_no_dependency_of_an_export(git_repo, run):
    (git_repo / "queue").mkdir(exist_ok=True)
    (git_repo / "queue/001-a.md").write_text("# Task: a\nDepends: T-1, \x1b[2J, x y\n")
    for target in ("markdown", "csv"):
        out = run("agent.task_export", target).out
        assert "T-1" in out and "\x1b" not in out and "x y" not in out


def test_the_order_of_a_parents_parts_in_the_source_changes_nothing(git_repo, run, seat):
    seat("codex-1")
    part = '{{"id": "p-{}", "title": "x", "dependencies": [{{"issue_id": "p-{}", "depends_on_id": "p-1", "type": "parent-child"}}]}}'
    lines = ['{"id": "p-1", "title": "x"}', part.format(2, 2), part.format(3, 3)]
    (git_repo / "in.jsonl").write_text("\n".join(lines))
    run("agent.task_import", "beads", "in.jsonl")
    (git_repo / "in.jsonl").write_text("\n".join(reversed(lines)))
    assert len(run("agent.task_import", "beads", "in.jsonl", "--update", "--json").json["unchanged"]) == 3
