"""Each tracker's own form is read into pieces; what cannot be read is a problem with its place."""

import json

import pytest

from tests.core.trackers.formats import samples
from tools.core.errors import DataError, UsageError
from tools.core.trackers.formats import registry
from tools.core.trackers.pieces import priority_of, priority_of_labels, stamp


def by_id(reading):
    assert reading.problems == []
    return {piece.task_id: piece for piece in reading.pieces}


def test_beads_issues_are_read_with_relations_comments_and_unknown_fields(read):
    reading = read("beads", samples.BEADS)
    issues = by_id(reading)
    assert list(issues) == ["demo-a1", "demo-a1.1", "demo-a1.2", "demo-d"]
    assert [issue.status for issue in issues.values()] == ["open", "done", "in_progress", "deferred"]
    assert [issue.priority for issue in issues.values()] == ["high", "high", "medium", "low"]
    child = issues["demo-a1.2"]
    assert ([edge.key for edge in child.depends], child.parent, child.related) == (
        ["demo-a1.1"],
        "demo-a1",
        ["demo-zz (discovered-from)"],
    )
    assert [(comment.key, comment.author) for comment in child.comments] == [("1", "Ada"), ("c-2", "Bob")]
    assert child.unknown == {"metadata": {"deep": [1, True]}}
    assert issues["demo-d"].created == "2026-02-06T00:00:00Z"


def _issue(key, *edges):
    waits = [{"issue_id": key, "depends_on_id": target, "type": kind} for kind, target in edges]
    return json.dumps({"id": key, "title": key.upper(), "dependencies": waits})


def test_the_parts_of_an_epic_that_waits_wait_with_it(read):
    lines = [
        _issue("phase-1"),
        _issue("phase-1.1", ("parent-child", "phase-1")),
        _issue("phase-2", ("blocks", "phase-1"), ("blocks", "phase-2.1"), ("blocks", "gone")),
        _issue("phase-2.1", ("parent-child", "phase-2")),
        _issue("phase-2.1.1", ("parent-child", "phase-2.1"), ("blocks", "phase-1.1")),
    ]
    waits = {piece.key: [edge.key for edge in piece.depends] for piece in read("beads", "\n".join(lines)).pieces}
    assert waits["phase-1.1"] == []
    assert waits["phase-2.1"] == ["phase-1"]
    assert waits["phase-2.1.1"] == ["phase-1.1", "phase-1"]


def test_epics_within_each_other_hand_nothing_down_for_ever(read):
    lines = [_issue("a", ("parent-child", "b"), ("blocks", "c")), _issue("b", ("parent-child", "a")), _issue("c")]
    waits = {piece.key: [edge.key for edge in piece.depends] for piece in read("beads", "\n".join(lines)).pieces}
    assert waits == {"a": ["c"], "b": ["c"], "c": []}


def test_beads_lines_that_are_no_work_are_left_out_with_their_reason(read):
    reasons = [row.reason for row in read("beads", samples.BEADS).left_out]
    assert reasons == [
        "demo-t is tombstone",
        "demo-m is of the type message, which is no work",
        "context is a memory, not an issue",
    ]


def test_the_header_of_an_export_of_beads_is_no_issue(read):
    header = '{"_dolt_branch":"main","_dolt_commit":"0f3a","_schema":"beads-jsonl/1","_sort":"stable-v1"}\n'
    reading = read("beads", header + '{"_type":"issue","id":"a","title":"A","priority":2}')
    assert ([piece.key for piece in reading.pieces], reading.problems) == (["a"], [])
    assert [(row.where, row.reason) for row in reading.left_out] == [("there:1", "the header of the export")]


def test_an_issue_of_beads_without_a_priority_has_the_first_one(read):
    assert [piece.priority for piece in read("beads", '{"id":"a","title":"A"}').pieces] == ["high"]


def test_every_relation_that_holds_an_issue_of_beads_back_is_a_dependency(read):
    line = _issue("a", ("blocks", "b"), ("conditional-blocks", "c"), ("waits-for", "d"), ("tracks", "e"))
    (piece,) = read("beads", line).pieces
    assert ([edge.key for edge in piece.depends], piece.related) == (["b", "c", "d"], ["e (tracks)"])


def test_a_broken_line_of_beads_costs_that_line(read):
    reading = read("beads", '{"id":"a","title":"A"}\n{"id":\n[]\n{"id":"b"}\n{"id":"c","title":"C","priority":NaN}\n')
    assert [piece.key for piece in reading.pieces] == ["a"]
    assert [(problem.path, problem.line) for problem in reading.problems] == [("there", line) for line in (2, 3, 4, 5)]


def test_a_custom_status_of_beads_is_done_once_it_is_closed(read):
    lines = (
        '{"id":"a","title":"A","status":"qa"}\n{"id":"b","title":"B","status":"qa","closed_at":"2026-01-01T00:00:00Z"}'
    )
    assert [piece.status for piece in read("beads", lines).pieces] == ["open", "done"]


def test_what_beads_adds_when_a_task_is_begun_is_no_unknown_field(read):
    line = (
        '{"_type":"issue","id":"a","title":"A","status":"closed","started_at":"2026-01-01T00:00:00Z","comment_count":0}'
    )
    assert by_id(read("beads", line))["a"].unknown == {}


def test_task_master_tags_and_ids_of_each_kind_are_read(read):
    tasks = by_id(read("taskmaster", samples.TASKMASTER))
    assert list(tasks) == ["TM-1", "TM-2", "TM-3", "TM-feature-x-1"]
    assert [task.status for task in tasks.values()] == ["done", "in_progress", "dropped", "deferred"]
    assert [edge.key for edge in tasks["TM-2"].depends] == ["master:1", "master:3"]
    assert [(step.title, step.is_done) for step in tasks["TM-1"].steps] == [("1 Clone", True), ("2 Build", False)]
    assert dict(tasks["TM-1"].sections)["Subtasks"] == "- [x] 1 Clone\n  c\n- [ ] 2 Build\n  Status: done"


@pytest.mark.parametrize("content", ['[{"id":1,"title":"A"}]', '{"tasks":[{"id":1,"title":"A"}],"meta":{}}'])
def test_the_old_forms_of_task_master_are_read(read, content):
    assert list(by_id(read("taskmaster", content))) == ["TM-1"]


def test_a_task_of_task_master_is_told_with_its_line(read):
    broken = json.loads(samples.TASKMASTER)
    del broken["master"]["tasks"][1]["id"]
    text = json.dumps(broken, indent=1)
    line = text[: text.index('"Assess"')].count("\n") + 1
    assert list(map(str, read("taskmaster", text).problems)) == [
        f"there:{line}: task 1 of the tag 'master' has no id or no title"
    ]


def test_backlog_md_is_read_with_its_own_statuses_and_sections(read):
    tasks = by_id(
        read(
            "backlog",
            {
                "config.yml": samples.BACKLOG_CONFIG,
                "tasks/task-1 - First.md": samples.BACKLOG_TASK,
                "tasks/task-1.1 - Second.md": samples.BACKLOG_CHILD,
                "completed/task-9 - Old.md": samples.BACKLOG_CHILD.replace("TASK-1.1", "TASK-9"),
                "drafts/draft-1 - Idea.md": samples.BACKLOG_CHILD.replace("TASK-1.1", "DRAFT-1"),
                "archive/tasks/task-3 - Never.md": samples.BACKLOG_CHILD.replace("TASK-1.1", "TASK-3"),
                "docs/readme.md": "no task",
            },
        )
    )
    assert {name: task.status for name, task in tasks.items()} == {
        "TASK-1": "in_progress",
        "TASK-1.1": "open",
        "TASK-9": "done",
        "DRAFT-1": "deferred",
        "TASK-3": "dropped",
    }
    first = tasks["TASK-1"]
    assert (first.title, first.assignee, first.labels) == ("First: with colon", "sara, codex-1", ["a", "b # c"])
    assert dict(first.sections) == {
        "Description": "Line one\n## A heading of the text\nStatus: done",
        "Acceptance criteria": "- [x] #1 works\n- [ ] #2 tested",
    }
    assert [(comment.author, comment.at, comment.text) for comment in first.comments] == [
        ("bob", "2026-11-26T18:53:00Z", "Looks fine\nsecond line")
    ]
    assert first.unknown == {"references": ["src/x.ts"]}


def test_an_id_of_backlog_md_that_stands_twice_belongs_to_the_task_that_is_not_archived(read):
    reading = read(
        "backlog",
        {
            "archive/tasks/task-1.1 - Old.md": samples.BACKLOG_CHILD,
            "tasks/task-1.1 - New.md": samples.BACKLOG_CHILD.replace("Second's", "The new"),
        },
    )
    assert [(piece.key, piece.status) for piece in reading.pieces] == [
        ("TASK-1.1", "open"),
        ("TASK-1.1@archive/task-1.1 - Old", "dropped"),
    ]
    assert "TASK-1.1 is there/tasks/task-1.1 - New.md already" in reading.problems[0].reason


def test_a_ticket_is_read_with_its_dated_notes(read):
    ticket = by_id(read("ticket", {"dm-5c46.md": samples.TICKET}))["dm-5c46"]
    assert (ticket.title, ticket.priority, ticket.related) == ("Port the links", "high", ["dm-0003"])
    assert dict(ticket.sections) == {"Description": "Text above.", "Design": "Small."}
    assert [(note.at, note.text.split("\n")[0]) for note in ticket.comments] == [
        ("2026-01-09T13:14:14Z", "First note."),
        ("2026-01-09T13:42:16Z", "Second note."),
    ]
    assert ticket.unknown == {"external-ref": "gh-12"}


def test_the_headings_in_a_dated_note_of_a_ticket_belong_to_the_note(read):
    text = (
        samples.TICKET + "\n## Cause\n\nA missing case.\n\n## Mend\n\nAdd it.\n\n**2026-01-10T00:00:00Z**\n\nThird.\n"
    )
    ticket = by_id(read("ticket", {"dm-5c46.md": text}))["dm-5c46"]
    assert dict(ticket.sections) == {"Description": "Text above.", "Design": "Small."}
    assert [note.text for note in ticket.comments][1:] == [
        "Second note.\n\n## Cause\n\nA missing case.\n\n## Mend\n\nAdd it.",
        "Third.",
    ]


def test_what_gh_prints_is_read_with_relations_in_the_same_repository(read):
    issues = by_id(read("github", samples.GITHUB))
    assert [(issue.key, issue.status) for issue in issues.values()] == [
        ("o/r#1", "open"),
        ("o/r#2", "dropped"),
        ("o/r#3", "done"),
    ]
    first = issues["GH-1"]
    assert (first.priority, first.assignee, first.milestone) == ("high", "codex-1", "1.0")
    assert [edge.key for edge in first.depends] == ["o/r#2", "o/r#3"]
    assert dict(first.sections)["Description"] == "### Describe\n\nStatus: done\n"


def test_what_gh_prints_of_every_issue_and_is_empty_is_not_shown(read):
    issue = {"number": 5, "title": "T", "state": "OPEN", "isPinned": False, "projectCards": [], "reactionGroups": []}
    issue |= {"closedByPullRequestsReferences": [], "projectItems": [{"status": {"name": "Todo"}, "title": "Plan"}]}
    (piece,) = read("github", json.dumps([issue])).pieces
    assert piece.unknown == {"projectItems": [{"status": {"name": "Todo"}, "title": "Plan"}]}


def test_one_issue_as_gh_views_it_counts_as_a_list(read):
    assert list(by_id(read("github", '{"number":7,"title":"T","state":"OPEN"}'))) == ["GH-7"]


def test_boxes_are_read_with_numbers_marks_dependencies_and_steps(read):
    reading = read("checklist", samples.CHECKLIST)
    tasks = by_id(reading)
    assert [task.status for task in tasks.values()] == ["done", "open", "in_progress", "dropped", "open"]
    assert (tasks["T002"].title, tasks["T002"].labels, tasks["T002"].milestone) == (
        "Create `b.py`",
        ["P", "US1"],
        "Phase 1: Setup",
    )
    assert [edge.key for edge in tasks["T003"].depends] == ["there#T001", "there#T002"]
    assert [(step.title, step.is_done) for step in tasks["T003"].steps] == [("read", False), ("write", True)]
    assert [piece.where for piece in reading.pieces] == [f"there:{line}" for line in (5, 6, 7, 17, 18)]


def test_a_box_without_a_number_keeps_its_id_when_it_moves(read):
    before = read("checklist", "- [ ] write the docs\n- [ ] test\n").pieces
    after = read("checklist", "- [ ] test\n\n## Later\n- [x] write the docs\n").pieces
    assert before[0].key == after[1].key and before[0].key.startswith("there#CHK-")


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("taskmaster", "{", DataError),
        ("taskmaster", '{"a": 1}', DataError),
        ("github", "3", DataError),
        ("github", "[" * 100_000, DataError),
        ("backlog", "text", UsageError),
        ("ticket", "text", UsageError),
    ],
)
def test_a_source_that_cannot_be_read_as_a_whole_raises(read, name, content, error):
    with pytest.raises(error):
        read(name, content)


@pytest.mark.parametrize("name", registry.IMPORTERS)
def test_every_importer_says_its_name_and_where_it_looks(name):
    importer = registry.importer(name)
    assert name == importer.NAME and isinstance(importer.PATHS, tuple) and callable(importer.read_items)


@pytest.mark.parametrize("name", registry.EXPORTERS)
def test_every_exporter_writes_something_for_an_empty_backlog_or_nothing(name):
    assert isinstance("".join(registry.exporter(name).write_items([])), str)


def test_priorities_are_the_backlogs_words():
    assert [priority_of(word) for word in (0, "1", 2, 3, 4, "critical", "Low", None, "odd")] == [
        "high", "high", "medium", "low", "low", "high", "low", "medium", "medium",
    ]  # fmt: skip
    assert [priority_of_labels(labels) for labels in (["bug"], ["P3", "P1"], ["priority: low"], ["priority/high"])] == [
        "medium", "high", "low", "high",
    ]  # fmt: skip


def test_moments_of_every_form_become_utc_stamps():
    assert stamp("2026-02-04T16:37:39.524657891-08:00") == "2026-02-05T00:37:39Z"
    assert stamp("2026-02-04 16:37") == "2026-02-04T16:37:00Z"
    assert [stamp(value) for value in ("", None, 12, "soon", "2026-13-01")] == [""] * 5
