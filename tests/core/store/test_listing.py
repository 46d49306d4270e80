"""Listings of a folder: where one differs from another, whatever the order in which the files come."""

from __future__ import annotations

import os
from array import array

from hypothesis import given
from hypothesis import strategies as st

from tools.core.store.files.documents import listing

NAMES = st.sampled_from(["a", "b.json", "bb.json", "c.json", "json", "é.json", "\udcff", "T-1.json"])
FOLDERS = st.dictionaries(NAMES, st.integers(1, 3))
MANY = {f"T-{number}.json": number + 1 for number in range(1000)}


def listed(files):
    """A listing of files with these inodes, in this order."""
    return listing.Listing(
        os.fsencode("/".join(["", *files, ""]) if files else "/"), array("Q", files.values()).tobytes()
    )


def difference(before, now):
    """Where one folder differs from an earlier one: what is new, replaced and gone."""
    replaced = {name for name, inode in now.items() if before.get(name, inode) != inode}
    return now.keys() - before.keys(), replaced, before.keys() - now.keys()


@given(FOLDERS, FOLDERS)
def test_files_that_are_new_have_another_inode_or_are_gone_are_the_difference(before, now):
    assert listing.compare(listed(before), listed(now)) == difference(before, now)


@given(st.dictionaries(st.sampled_from(sorted(MANY)), st.integers(0, 9), max_size=5))
def test_a_few_changes_among_many_files_are_the_difference(changes):
    now = {name: inode for name, inode in (MANY | changes).items() if inode}
    assert listing.compare(listed(MANY), listed(now)) == difference(MANY, now)
    assert listing.compare(listed(now), listed(MANY)) == difference(now, MANY)


def test_a_file_that_was_listed_twice_while_it_moved_is_neither_gone_nor_new_after():
    names, inodes = listed({"a": 1, "b": 2, "c": 3})
    once = listing.Listing(names, inodes)
    twice = listing.Listing(names + b"a/", inodes + array("Q", [4]).tobytes())
    assert listing.compare(twice, once).gone == set() == listing.compare(once, twice).new


def test_a_folder_is_listed_with_every_file_and_one_that_is_not_there_is_empty(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("T-1.json", "stray"):
        (folder / name).write_text("")
    now = listing.of(str(folder))
    assert sorted(now.files) == ["T-1.json", "stray"] and now.has("stray") and not now.has("tray")
    assert listing.compare(listing.NONE, now) == ({"T-1.json", "stray"}, set(), set())
    assert listing.of(str(tmp_path / "none")) == listing.of(str(folder / "stray")) == listing.NONE
    assert listing.compare(now, now) == (set(), set(), set())
