"""What an import would change, decided from both sides without writing anything."""

from tools.core.trackers import item_text
from tools.core.trackers.backlog_files import BacklogFile, BacklogFiles
from tools.core.trackers.imports import changes
from tools.core.trackers.imports.changes import Options, Sides
from tools.core.trackers.pieces import Piece, Reading

EMPTY = BacklogFiles({}, {}, 0, 3)


def piece(key, title="T", status="open", **more):
    return Piece(key, f"there:{key}", title, status, f"{key} {title} {status}", key, **more)


def decide(*pieces, kept=(), backlog=EMPTY, claimed=(), **options):
    reading = Reading(list(pieces), [], [])
    return changes.of(reading, Sides("beads", dict(kept), backlog, dict(claimed)), Options(**options))


def after(first):
    """The backlog and what is kept once an import is carried out."""
    files = [(write.name, item_text.split(write.data.decode())) for write in first.writes]
    files = [BacklogFile(name, parts["id"].partition(": ")[2], parts, "") for name, parts in files]
    by_source = {file.parts["source"].partition(": ")[2]: file for file in files}
    return {
        "kept": first.kept,
        "backlog": BacklogFiles(by_source, {file.task_id.casefold(): file for file in files}, len(files), 3),
    }


def edited(state, task_id, name, part):
    state["backlog"].by_id[task_id].parts[name] = part
    return state


def test_new_pieces_are_numbered_high_priority_first_then_the_oldest():
    low = piece("a", "Low", priority="low", created="2026-01-01T00:00:00Z")
    young = piece("b", "Young", priority="high", created="2026-01-03T00:00:00Z")
    old = piece("c", "Old", priority="high", created="2026-01-02T00:00:00Z")
    assert [write.name for write in decide(low, young, old).writes] == ["001-old.md", "002-young.md", "003-low.md"]


def test_the_same_again_changes_nothing():
    first = decide(piece("a"), piece("b", depends=()))
    again = decide(piece("a"), piece("b"), **after(first), update=True)
    assert (again.writes, again.kept, len(again.unchanged)) == ([], first.kept, 2)


def test_what_changed_there_is_told_and_comes_only_with_update():
    state = after(decide(piece("a")))
    told = decide(piece("a", "New"), **state)
    assert (told.writes, told.kept, [row.task_id for row in told.changed_there]) == ([], state["kept"], ["a"])
    brought = decide(piece("a", "New"), **state, update=True)
    assert brought.updated[0].what == "taken over: title"
    assert b"# Task: New\n" in brought.writes[0].data


def test_what_changed_on_both_sides_stays_ours_is_told_again_and_force_takes_theirs():
    state = edited(after(decide(piece("a"))), "a", "title", "# Task: Ours")
    for _ in range(2):
        conflict = decide(piece("a", "Theirs"), **state, update=True)
        assert conflict.writes == [] and conflict.conflicts[0].what.endswith("ours stays: title")
        state["kept"] = conflict.kept
    assert b"# Task: Theirs\n" in decide(piece("a", "Theirs"), **state, force=True).writes[0].data


def test_both_sides_that_agree_again_are_no_conflict_any_more():
    state = edited(after(decide(piece("a"))), "a", "title", "# Task: Ours")
    state["kept"] = decide(piece("a", "Theirs"), **state, update=True).kept
    agreed = decide(piece("a", "Ours"), **state, update=True)
    assert (agreed.conflicts, agreed.writes, agreed.kept["a"].unsettled) == ([], [], {})


def test_a_claimed_task_keeps_the_status_that_the_bus_gives_it():
    state = edited(after(decide(piece("a"))), "a", "status", "Status: in_progress")
    closed = decide(piece("a", status="done", assignee="codex-1"), **state, claimed={"a": "codex-1"}, update=True)
    assert (closed.writes, closed.conflicts) == ([], [])


def test_a_task_of_ours_with_the_same_id_is_a_conflict_and_stays():
    ours = BacklogFile("001-x.md", "BD-1", {"title": "# Task: Ours"}, "")
    result = decide(piece("bd-1"), backlog=BacklogFiles({}, {"bd-1": ours}, 1, 3))
    assert result.writes == [] and result.conflicts[0].what == "the id is that of queue/001-x.md, which stays as it is"
    assert decide(piece("bd-1"), backlog=BacklogFiles({}, {"bd-1": ours}, 1, 3), prefix="web").created


def test_what_an_export_said_about_a_task_that_began_here_changes_nothing():
    ours = BacklogFile("001-x.md", "QUEUE-001", {"title": "# Task: Ours"}, "")
    result = decide(piece("QUEUE-001", is_ours=True), backlog=BacklogFiles({}, {"queue-001": ours}, 1, 3))
    assert (result.writes, result.conflicts, result.unchanged[0].what) == ([], [], "it began here")


def test_only_the_statuses_that_are_asked_for_come():
    assert [row.task_id for row in decide(piece("a"), piece("b", status="done"), only=("open",)).created] == ["a"]


def test_a_key_that_stands_twice_counts_once():
    result = decide(piece("a"), piece("a", "Other"))
    assert [row.reason for row in result.left_out] == ["a stands at there:a already"] and len(result.created) == 1


def test_a_piece_that_vanished_there_is_told_and_stays():
    state = after(decide(piece("a"), piece("b")))
    result = decide(piece("a"), **state, update=True)
    assert (result.writes, [row.task_id for row in result.vanished]) == ([], ["b"])


def test_a_file_that_was_deleted_here_comes_back_only_by_force():
    state = {"kept": decide(piece("a")).kept}
    assert decide(piece("a"), **state, update=True).unchanged[0].what.startswith("its file is gone here")
    assert decide(piece("a"), **state, force=True).created


def test_an_import_that_was_interrupted_before_it_kept_anything_goes_on():
    state = {**after(decide(piece("a"))), "kept": {}}
    again = decide(piece("a"), piece("b"), **state)
    assert ([row.task_id for row in again.unchanged], [row.task_id for row in again.created]) == (["a"], ["b"])
    assert set(again.kept) == {"a", "b"}


def test_secrets_are_replaced_in_the_file_and_in_what_is_kept():
    token = "ghp_" + "a1B2" * 9
    leaky = piece("a", f"Use {token}")._replace(raw=f'{{"id":"a","title":"Use {token}"}}')
    result = decide(leaky)
    assert token not in result.writes[0].data.decode() + result.kept["a"].raw
    assert result.kept["a"].raw == '{"id":"a","title":"Use [redacted:github]"}'
    assert decide(leaky, **after(result), update=True).writes == []
