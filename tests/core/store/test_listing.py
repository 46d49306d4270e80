"""Listings of a folder: where one differs from another, whatever the order in which the files come."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from tools.core.store.files.index import listing

NAMES = st.sampled_from(["a", "b.json", "bb.json", "c.json", "json", "é.json", "\udcff", "T-1.json"])
FOLDERS = st.dictionaries(NAMES, st.integers(1, 3))
MANY = {f"T-{number}.json": number + 1 for number in range(1000)}


def listed(files):
    """A listing of files with these inodes, in this order."""
    return listing.Listing("/".join(["", *files, ""]) if files else "/", array("Q", files.values()).tobytes())


@given(FOLDERS, FOLDERS)
def test_files_that_are_new_have_another_inode_or_are_gone_are_the_difference(before, now):
    differing = {name for name, inode in now.items() if before.get(name) != inode}
    assert listing.compare(listed(before), listed(now)) == (differing, before.keys() - now.keys())


@given(st.dictionaries(st.sampled_from(sorted(MANY)), st.integers(0, 9), max_size=5))
def test_a_few_changes_among_many_files_are_the_difference(changes):
    now = {name: inode for name, inode in (MANY | changes).items() if inode}
    differing = {name for name, inode in now.items() if inode != MANY[name]}
    assert listing.compare(listed(MANY), listed(now)) == (differing, MANY.keys() - now.keys())


def test_a_file_that_was_listed_twice_while_it_moved_is_not_gone_after():
    names, inodes = listed({"a": 1, "b": 2, "c": 3})
    twice = listing.Listing(f"{names}a/", inodes + array("Q", [4]).tobytes())
    assert listing.compare(twice, listing.Listing(names, inodes)).gone == set()


def test_a_folder_is_listed_with_every_file_and_one_that_is_not_there_is_empty(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("T-1.json", "stray"):
        (folder / name).write_text("")
    now = listing.of(str(folder))
    assert sorted(now.files) == ["T-1.json", "stray"] and now.has("stray") and not now.has("tray")
    assert listing.compare(listing.NONE, now) == ({"T-1.json", "stray"}, set())
    assert listing.of(str(tmp_path / "none")) == listing.of(str(folder / "stray")) == listing.NONE
    assert listing.compare(now, now) == (set(), set())
