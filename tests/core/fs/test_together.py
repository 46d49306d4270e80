"""Many files put in place at once are each whole, and a refusal leaves nothing behind that is none of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.core.errors import SetupError
from tools.core.fs import together
from tools.core.workspace import Place


def test_new_files_and_those_that_were_there_have_the_new_content(tmp_path: Path) -> None:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims/1.json").write_text("old, and longer than the new one")
    places = [Place(str(tmp_path), f"claims/{number}.json") for number in range(300)]
    together.replace([(place, place.name.encode()) for place in places])
    assert all(Path(place.path).read_text() == place.name for place in places)
    assert len(os.listdir(tmp_path / "claims")) == 300


def test_one_that_cannot_be_put_in_place_is_named_and_nothing_half_built_stays(tmp_path: Path) -> None:
    (tmp_path / "claims/1.json").mkdir(parents=True)
    places = [Place(str(tmp_path), f"claims/{number}.json") for number in range(3)]
    with pytest.raises(SetupError, match=r"claims/1\.json could not be written"):
        together.replace([(place, b"x") for place in places])
    assert set(os.listdir(tmp_path / "claims")) == {"0.json", "1.json"}


def test_files_of_a_folder_are_read_in_their_order_and_what_is_no_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "claims/folder.json").mkdir(parents=True)
    (tmp_path / "claims/1.json").write_text("one")
    places = [Place(str(tmp_path), f"claims/{name}.json") for name in ("1", "absent", "folder")]
    assert list(together.read(places)) == [b"one", None, None]
