"""Backlog files are read for as much as can be understood, and only their status line is ever written."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tools.core.backlog.items import STATUSES, UNKNOWN, all_items, parse, unknown_dependencies, with_status
from tools.core.workspace import Workspace

FILE = """# Task: Guard the anchors
Goal: add a guard
- at the end
Status: In-Progress (since May)
Priority: high
Depends: QUEUE-1, QUEUE-2
- QUEUE-3
Sunset: never
"""


def put(root, name, text):
    (root / "queue").mkdir(exist_ok=True)
    (root / "queue" / name).write_text(text)


def test_a_file_is_read_by_its_keys():
    item, problems = parse("012-anchors.md", FILE)
    assert (item.task_id, item.title, item.status, item.priority) == (
        "QUEUE-012",
        "Guard the anchors",
        "in_progress",
        "high",
    )
    assert item.depends == ("QUEUE-1", "QUEUE-2", "QUEUE-3")
    assert item.fields["goal"] == "add a guard\n- at the end"
    assert item.fields["sunset"] == "never"
    assert problems == []


def test_keys_have_defaults_and_an_id_of_its_own_counts():
    item, _ = parse("7-x.md", "# Task: X\nId: LOGIN-1\n")
    assert (item.task_id, item.number, item.status, item.priority) == ("LOGIN-1", 7, "open", "medium")


def test_what_cannot_be_understood_is_named_with_its_line():
    item, problems = parse("7-x.md", "no heading\nStatus: proposed\nPriority: urgent\nId: ../x\nDepends: a/b\n")
    assert item.status == UNKNOWN
    assert item.task_id == "QUEUE-7"
    assert [f"{problem.path}:{problem.line}:" for problem in problems] == [
        "queue/7-x.md:4:",
        "queue/7-x.md:2:",
        "queue/7-x.md:3:",
        "queue/7-x.md:5:",
        "queue/7-x.md:1:",
    ]


def test_of_two_files_with_one_id_the_first_counts_and_the_second_is_a_finding(git_repo, workspace):
    put(git_repo, "001-a.md", "# Task: A\n")
    put(git_repo, "001-b.md", "# Task: B\n")
    put(git_repo, "README.md", "not a task\n")
    items, problems = all_items(workspace)
    assert [item.title for item in items] == ["A"]
    assert len(problems) == 1
    assert problems[0].path == "queue/001-b.md"


def test_a_link_in_the_backlog_is_a_finding_and_not_followed(git_repo, workspace):
    put(git_repo, "001-a.md", "# Task: A\n")
    (git_repo / "queue" / "002-b.md").symlink_to("/etc/passwd")
    items, problems = all_items(workspace)
    assert [item.task_id for item in items] == ["QUEUE-001"]
    assert len(problems) == 1


def test_only_the_status_line_changes():
    assert with_status(FILE.encode(), "done") == FILE.replace("In-Progress (since May)", "done").encode()
    assert with_status(b"# T\r\nStatus:open\r\n", "done") == b"# T\r\nStatus: done\r\n"


def test_a_missing_status_line_is_put_under_the_heading():
    assert with_status(b"# T\nGoal: x\n", "done") == b"# T\nStatus: done\nGoal: x\n"
    assert with_status(b"# T\r\nGoal: x\r\n", "done") == b"# T\r\nStatus: done\r\nGoal: x\r\n"
    assert with_status(b"# T", "done") == b"# T\nStatus: done\n"
    assert with_status(b"", "done") == b"Status: done\n"


@given(st.text(), st.sampled_from(STATUSES))
def test_any_text_is_read_and_keeps_the_status_that_was_written(text, status):
    parse("1-x.md", text)
    written = with_status(text.encode("utf-8", "replace"), status)
    assert parse("1-x.md", written.decode())[0].status == status
    assert with_status(written, status) == written


def test_the_real_backlog_is_read(history):
    items, problems = all_items(Workspace(str(history), str(history)))
    assert len(items) == len(list((history / "queue").glob("[0-9]*.md")))
    assert [problem.path for problem in problems] == ["queue/052-systemic-health-radar.md"]


def queue_file(workspace, name, *lines):
    folder = Path(workspace.root) / "queue"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join([f"# Task: {name}", *lines]) + "\n")


def reasons(workspace):
    return [(problem.path, problem.reason) for problem in all_items(workspace)[1]]


def test_tasks_that_wait_for_one_another_are_a_finding_once_a_circle(workspace):
    queue_file(workspace, "001-a.md", "Depends: QUEUE-003")
    queue_file(workspace, "002-b.md", "Depends: QUEUE-001")
    queue_file(workspace, "003-c.md", "Depends: QUEUE-002, QUEUE-004")
    queue_file(workspace, "004-d.md")
    queue_file(workspace, "005-e.md", "Depends: QUEUE-001")
    queue_file(workspace, "006-f.md", "Depends: QUEUE-006")
    assert reasons(workspace) == [
        ("queue/001-a.md", "it waits for itself: QUEUE-001 -> QUEUE-003 -> QUEUE-002 -> QUEUE-001"),
        ("queue/006-f.md", "it waits for itself: QUEUE-006 -> QUEUE-006"),
    ]


def test_a_file_whose_name_is_no_tasks_is_a_finding_and_a_readme_is_none(workspace):
    queue_file(workspace, "QUEUE-7.md")
    queue_file(workspace, "README.md")
    assert reasons(workspace) == [("queue/QUEUE-7.md", "not <digits>-<slug>.md; this file is left out")]


def test_a_dependency_that_neither_a_file_nor_a_claim_has_is_a_finding(workspace):
    queue_file(workspace, "001-a.md", "Depends: QUEUE-9, OLD-1")
    listed, _ = all_items(workspace)
    assert [problem.reason for problem in unknown_dependencies(listed, ["OLD-1"])] == [
        "it waits for QUEUE-9, which is not in the backlog"
    ]


def test_a_long_chain_and_a_long_circle_are_read_at_once(workspace):
    for number in range(1, 400):
        queue_file(workspace, f"{number:03}-x.md", f"Depends: QUEUE-{number % 399 + 1:03}")
    [(_, reason)] = reasons(workspace)
    assert reason.count("->") == 9 and "…" in reason
