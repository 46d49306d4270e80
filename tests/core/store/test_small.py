"""Small files are replaced whole, or not at all."""

from __future__ import annotations

import os

from tools.core.store.files import small


def test_a_file_is_put_in_place_whole_and_its_folder_made(tmp_path):
    path = str(tmp_path / "a/b/c")
    assert small.replace(path, b"one") and small.replace(path, b"two")
    assert small.read(path) == b"two" and [part.name for part in (tmp_path / "a/b").iterdir()] == ["c"]


def test_nothing_is_written_through_a_link_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    for name, target in (("here", "elsewhere"), ("nowhere", "gone")):
        (tmp_path / name).symlink_to(tmp_path / target)
        assert not small.replace(str(tmp_path / name / "c"), b"one")
    assert not list((tmp_path / "elsewhere").iterdir()) and not (tmp_path / "gone").exists()


def test_what_cannot_be_put_in_place_whole_leaves_the_file_before_and_nothing_beside_it(tmp_path, monkeypatch):
    place = tmp_path / "place"
    path = str(place / "c")
    assert small.replace(path, b"one")
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:-1]))  # a disk that is full
    assert not small.replace(path, b"two")
    monkeypatch.undo()
    (place / "folder").mkdir()
    assert not small.replace(str(place / "folder"), b"two")
    assert small.read(path) == b"one" and sorted(os.listdir(place)) == ["c", "folder"]
