"""The file a piece becomes: foreign lines are quoted, parts are found again, and two sides are merged part by part."""

from hypothesis import given
from hypothesis import strategies as st

from tools.core.backlog import items
from tools.core.text import terminal
from tools.core.trackers import item_text
from tools.core.trackers.item_text import Links
from tools.core.trackers.pieces import Piece

HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from("\n\r\t#>:-\x1b\u202e")), max_size=120)
PIECES = st.builds(
    Piece,
    key=HOSTILE.map(lambda text: f"k{text}"),
    where=st.just("there:1"),
    title=HOSTILE.map(lambda text: f"t{text}"),
    status=st.sampled_from(items.STATUSES),
    raw=st.just("raw"),
    task_id=st.just("X-1"),
    priority=st.sampled_from(items.PRIORITIES),
    sections=st.lists(
        st.tuples(st.sampled_from(["Description", "Notes", "Goal: x"]), HOSTILE.filter(str.strip)), max_size=3
    ),
    kind=HOSTILE,
    labels=st.lists(HOSTILE.filter(str.strip), max_size=2),
    assignee=HOSTILE,
    milestone=HOSTILE,
    related=st.lists(HOSTILE.filter(str.strip), max_size=2),
    created=st.sampled_from(["", "2026-01-01T00:00:00Z"]),
    due=st.just(""),
    unknown=st.dictionaries(HOSTILE, HOSTILE, max_size=2),
)


def rendered(piece, depends=()):
    return item_text.render_piece(piece, Links("X-1", depends), "beads", "0" * 16)


@given(PIECES)
def test_no_foreign_text_sets_a_field_of_the_task(piece):
    item, problems = items.parse("001-x.md", rendered(piece, ["X-2"]).text)
    assert problems == []
    assert (item.task_id, item.status, item.priority, item.depends) == ("X-1", piece.status, piece.priority, ("X-2",))
    known = [
        "id",
        "status",
        "priority",
        "depends",
        "source",
        "assignee",
        "milestone",
        "labels",
        "type",
        "created",
        "related",
    ]
    assert set(item.fields) <= {*known, "source digest"}


@given(PIECES)
def test_the_parts_of_a_file_are_found_again(piece):
    file = rendered(piece)
    assert item_text.split(file.text) == file.parts
    assert item_text.text_of(file.parts) == file.text


@given(PIECES)
def test_nothing_in_a_file_moves_a_terminal(piece):
    text = rendered(piece).text.replace("\t", " ")
    assert terminal.block(text) == text


def test_a_long_title_is_cut_and_stands_whole_in_a_section():
    file = rendered(Piece("k", "there:1", "word " * 13_000, "open", "", "X-1"))
    assert max(map(len, file.head.split("\n"))) < 300
    assert item_text.unquoted(file.sections["## title"]).count("word") == 13_000


def test_text_is_quoted_and_comes_back():
    text = "a\n\n\n\tb: c\n> d"
    assert item_text.quoted(text) == "> a\n>\n>\n> \tb: c\n> > d"
    assert item_text.unquoted("## X\n" + item_text.quoted(text)) == text


OURS = {"title": "# Task: A", "status": "Status: open", "goal": "Goal: ours", "## d": "## D\n> x"}


def merge(ours, theirs, **options):
    return item_text.merge({**OURS, **ours}, item_text.marks(OURS), {**OURS, **theirs}, **options)


def test_what_changed_there_is_taken_and_what_changed_here_stays():
    merged = merge({"status": "Status: done"}, {"## d": "## D\n> y"})
    assert merged.parts == {**OURS, "status": "Status: done", "## d": "## D\n> y"}
    assert (merged.taken, merged.kept, merged.conflicts) == (["## d"], ["status"], [])


def test_a_part_that_both_changed_is_a_conflict_and_ours_stays_unless_theirs_wins():
    sides = ({"title": "# Task: B"}, {"title": "# Task: C"})
    assert merge(*sides).conflicts == ["title"] and merge(*sides).parts["title"] == "# Task: B"
    assert merge(*sides, theirs_wins=True).parts["title"] == "# Task: C"


def test_a_part_that_came_there_stands_behind_the_part_before_it():
    merged = merge({}, {"title": "# Task: A", "## e": "## E\n> z"})
    assert list(merged.parts) == ["title", "status", "goal", "## d", "## e"]
