"""Files below a trusted folder: no link is followed, nothing is waited on, writes are whole."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.context import as_module
from tools.core.errors import DataError, SetupError
from tools.core.fs import files, folders
from tools.core.workspace import Place


@pytest.fixture
def place(tmp_path):
    return Place(str(tmp_path), "_bus/claims/T.json")


def test_what_is_put_in_place_is_read_back_and_leaves_nothing_beside_it(place):
    files.replace(place, b"one")
    files.replace(place, b"two")
    assert files.read_bytes(place) == b"two"
    assert os.listdir(os.path.dirname(place.path)) == ["T.json"]


def test_a_missing_file_is_none_and_a_missing_folder_too(place):
    assert files.read_bytes(place) is None
    assert files.names_in(place) == []
    assert not files.exists(place)
    files.remove(place)


def test_a_link_in_place_of_a_file_is_refused_and_its_target_kept(place, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("{}")
    folders.make_folder(Place(place.base, "_bus/claims"))
    os.symlink(secret, place.path)
    with pytest.raises(DataError):
        files.read_bytes(place)
    files.replace(place, b"mine")
    assert secret.read_text() == "{}" and not os.path.islink(place.path)


@pytest.mark.parametrize(
    "act", [files.read_bytes, lambda place: files.replace(place, b"x"), files.remove, files.names_in]
)
def test_a_link_in_place_of_a_folder_is_not_followed(place, tmp_path, act):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "T.json").write_text("kept")
    (tmp_path / "_bus").mkdir()
    os.symlink(tmp_path / "elsewhere", tmp_path / "_bus" / "claims")
    with pytest.raises(DataError):
        act(Place(place.base, "_bus/claims/T.json/x") if act is files.names_in else place)
    assert (tmp_path / "elsewhere" / "T.json").read_text() == "kept"


def test_a_pipe_is_refused_at_once(place):
    folders.make_folder(Place(place.base, "_bus/claims"))
    os.mkfifo(place.path)
    with pytest.raises(DataError):
        files.read_bytes(place)
    with pytest.raises(DataError), files.opened(place, os.O_WRONLY):
        pass


def test_a_folder_in_place_of_a_file_is_refused(place):
    os.makedirs(place.path)
    with pytest.raises(DataError):
        files.read_bytes(place)
    assert not files.exists(place)


def test_a_file_in_place_of_a_folder_is_refused(place, tmp_path):
    (tmp_path / "_bus").write_text("a file")
    with pytest.raises(DataError):
        files.replace(place, b"x")


def test_a_read_only_folder_names_what_a_sandbox_must_allow(place, tmp_path, ordinary_user):
    files.replace(place, b"old")
    os.chmod(os.path.dirname(place.path), 0o555)
    beside = Place(place.base, "_bus/claims/U.json")
    for write in (lambda: files.replace(place, b"new"), lambda: files.remove(place), lambda: files.create(beside, b"")):
        with pytest.raises(SetupError) as refusal:
            write()
        assert f"allow writing to {tmp_path / '_bus'}" in refusal.value.message
        assert str(tmp_path / "_bus") in as_module(refusal.value.hint)
    assert files.read_bytes(place) == b"old"


def test_an_unreadable_file_is_a_setup_error(place, ordinary_user):
    files.replace(place, b"{}")
    os.chmod(place.path, 0)
    with pytest.raises(SetupError):
        files.read_bytes(place)


def test_an_unreadable_folder_is_a_setup_error_too(place, ordinary_user):
    files.replace(place, b"{}")
    os.chmod(os.path.dirname(place.path), 0)
    with pytest.raises(SetupError):
        files.read_bytes(place)
    with pytest.raises(SetupError):
        files.names_in(Place(place.base, "_bus/claims"))
    os.chmod(os.path.dirname(place.path), 0o755)


def test_a_new_file_is_never_put_over_another(place):
    files.create(place, b"first")
    with pytest.raises(FileExistsError):
        files.create(place, b"second")
    assert files.read_bytes(place) == b"first"
    assert os.listdir(os.path.dirname(place.path)) == ["T.json"]


def test_a_document_beyond_the_limit_is_damage(place):
    files.replace(place, b"x" * 100)
    assert files.read_bytes(place, limit=100) is not None
    with pytest.raises(DataError):
        files.read_bytes(place, limit=99)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[1,]",
        b"\xff",
        b'{"a":1,"a":2}',
        b"NaN",
        b'{"a":1e999}',
        b"-Infinity",
        b"[" * 100_000,
        b"{}{}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_not_strict_json_is_refused_with_its_place(data):
    with pytest.raises(DataError) as refusal:
        files.parse_json(data, "x.json")
    assert refusal.value.message.startswith("x.json:")


def test_the_line_of_the_damage_is_named():
    with pytest.raises(DataError) as refusal:
        files.parse_json(b'{\n "a": 1,\n oops\n}', "x.json")
    assert refusal.value.message.startswith("x.json:3:")


@pytest.mark.parametrize("data", [b"[]", b"1", b"null", b'"text"'])
def test_a_document_is_an_object(data):
    with pytest.raises(DataError):
        files.parse_object(data, "x.json")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.text(), values, max_size=4))
def test_every_object_survives_being_written_and_read(value):
    assert files.parse_object(files.dump_json(value), "x") == value


def test_a_document_is_indented_sorted_and_ends_in_a_newline():
    assert files.dump_json({"b": "é", "a": 1}) == '{\n  "a": 1,\n  "b": "é"\n}\n'.encode()


def test_names_are_sorted_and_hidden_ones_left_out(tmp_path):
    for name in ("b.json", "a.json", ".a.json.tmp", "c.txt"):
        (tmp_path / name).write_text("")
    assert files.names_in(Place(os.path.dirname(tmp_path), tmp_path.name), ".json") == ["a.json", "b.json"]


@pytest.mark.parametrize("name", ["\ud800", "folder/\ud800/x"])
def test_a_name_that_no_file_can_have_is_that_of_a_missing_one(tmp_path, name):
    (tmp_path / "folder").mkdir()
    assert not files.exists(Place(str(tmp_path), name)) and files.read_bytes(Place(str(tmp_path), name)) is None
