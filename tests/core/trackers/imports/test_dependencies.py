"""What waits for what: only on what is here, a parent on its children, and never in a circle."""

from hypothesis import given
from hypothesis import strategies as st

from tools.core.trackers.imports import dependencies
from tools.core.trackers.pieces import Edge, Piece


def piece(key, *depends, parent="", created=""):
    edges = [edge if isinstance(edge, Edge) else Edge(edge) for edge in depends]
    return Piece(key, f"there:{key}", key, "open", "", key, depends=edges, parent=parent, created=created)


def of(*pieces, here=()):
    return dependencies.of(pieces, {*here, *(piece.key for piece in pieces)})


def test_dependencies_stay_in_their_order_and_once():
    assert of(piece("a", "c", "b", "c"), piece("b"), piece("c")).by_key["a"] == ["c", "b"]


def test_a_dependency_on_what_is_not_here_is_left_out_and_told():
    result = of(piece("a", "gone", "earlier"), here=["earlier"])
    assert result.by_key == {"a": ["earlier"]}
    assert result.notes == ["there:a: a waits for gone, which is not here"]


def test_a_parent_waits_for_its_children_and_no_child_for_its_parent():
    result = of(piece("p"), piece("c", "p", parent="p"), piece("d", parent="p"))
    assert result.by_key == {"p": ["c", "d"], "c": [], "d": []}
    assert result.notes == ["there:c: c does not wait for p, of which it is a part"]


def test_a_circle_loses_its_youngest_edge():
    a = piece("a", Edge("b", "2026-01-03T00:00:00+02:00"))
    b = piece("b", Edge("c", "2026-01-02T23:00:00Z"))
    c = piece("c", Edge("a", "2026-01-01T00:00:00Z"))
    result = of(a, b, c)
    assert result.by_key == {"a": ["b"], "b": [], "c": ["a"]}
    assert result.notes == ["there:b: b does not wait for c: that would be a circle"]


def test_a_piece_that_waits_for_itself_does_not():
    assert of(piece("a", "a")).notes == ["there:a: a waits for itself"]


def is_without_circle(by_key):
    done = set()
    while True:
        free = {key for key, waits in by_key.items() if key not in done and done.issuperset(waits)}
        if not free:
            return len(done) == len(by_key)
        done |= free


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.booleans()), max_size=24))
def test_what_is_left_has_no_circle_and_loses_no_more_than_needed(edges):
    pieces = []
    for number in range(8):
        mine = [(target, is_parent) for key, target, is_parent in edges if key == number]
        parent = next((f"{target}" for target, is_parent in mine if is_parent), "")
        pieces.append(piece(f"{number}", *(f"{target}" for target, is_parent in mine if not is_parent), parent=parent))
    result = of(*pieces)
    assert is_without_circle(result.by_key)
    for note in result.notes:
        if note.endswith("circle"):
            key, target = note.split(": ")[1].split(" does not wait for ")
            assert not is_without_circle({**result.by_key, key: [*result.by_key[key], target]})


def test_of_a_large_knot_only_waits_for_older_work_are_left():
    count = dependencies.MAX_KNOT
    result = of(*(piece(f"{number}", f"{(number + 1) % count}", f"{number // 2}") for number in range(count)))
    assert all(int(target) < int(key) for key, waits in result.by_key.items() for target in waits)
    assert sum(map(len, result.by_key.values())) == count  # each but the first on its half, the last on the first
