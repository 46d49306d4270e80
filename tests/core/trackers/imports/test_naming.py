"""Ids and file names here: theirs where they are legal, never a path, never two that differ only in case."""

from hypothesis import given
from hypothesis import strategies as st

from tools.core import ids
from tools.core.trackers.imports import naming
from tools.core.trackers.pieces import Piece


def piece(task_id, key=None):
    return Piece(key or task_id, "there:1", "T", "open", "raw", task_id)


def named(*wanted, prefix="", before=None):
    return naming.ids_of([piece(task_id, f"{number}") for number, task_id in enumerate(wanted)], prefix, before or {})


def test_a_legal_id_stays():
    names = named("bd-a1.2", "TASK-7", "T001")
    assert list(names.by_key.values()) == ["bd-a1.2", "TASK-7", "T001"] and names.notes == []


def test_an_id_that_is_a_path_an_inbox_or_the_hub_is_mended_and_told():
    names = named("../../etc/passwd", "agent-7", "manager-report", "BUS-COORD-1", "con", "")
    assert [name.rsplit("-", 1)[0] for name in names.by_key.values()][:2] == ["etc-passwd", "task"]
    assert all(ids.is_task(name) and not ids.is_thread_only(name) for name in names.by_key.values())
    assert len(names.notes) == 6


def test_two_ids_that_differ_only_in_case_get_different_ones():
    names = list(named("bd-A", "bd-a").by_key.values())
    assert names[0] == "bd-A" and names[1].casefold() != "bd-a"


def test_a_prefix_takes_the_place_of_the_usual_one():
    assert list(named("TM-3", "bd-1", prefix="web").by_key.values()) == ["web-3", "web-bd-1"]


def test_a_piece_keeps_the_id_it_was_given():
    assert named("bd-1", before={"0": "OLD-1"}).by_key == {"0": "OLD-1"}


@given(st.lists(st.text(max_size=300), max_size=8))
def test_whatever_the_ids_are_here_they_are_legal_and_all_different(wanted):
    names = list(named(*wanted).by_key.values())
    assert all(ids.is_task(name) and not ids.is_thread_only(name) for name in names)
    assert len({name.casefold() for name in names}) == len(wanted)


@given(st.text(max_size=300))
def test_the_readable_part_of_a_file_name_is_always_safe(title):
    slug = naming.slug(title)
    assert 0 < len(slug) <= 40 and set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
