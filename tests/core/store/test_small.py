"""Small files are replaced whole, or not at all."""

from __future__ import annotations

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
