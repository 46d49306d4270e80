"""Live and finished documents: the same answer whether few are read or the catalogue is asked."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.memory import MemoryStore
from tools.core.errors import DataError, SetupError, ToolkitError
from tools.core.store.api import Append, Replace
from tools.core.store.files.documents import claim_file, listing, live
from tools.core.store.files.documents.live_claims import live_claims
from tools.core.store.files.store import FileStore
from tools.core.workspace import Workspace

CLAIMS = {
    "T-1": {"task_id": "T-1", "agent_id": "codex-1", "status": "active", "fence": 1},
    "T-2": {"task_id": "T-2", "agent_id": "codex-1", "status": "paused", "fence": 1},
    "T-3": {"task_id": "T-3", "agent_id": "codex-2", "status": "done", "released_at": "2026-01-02T00:00:00Z"},
    "T-4": {"task_id": "T-4", "agent_id": "codex-2", "status": "released", "released_at": "2026-01-03T00:00:00Z"},
    "T-5": {"task_id": "T-5", "agent_id": "codex-2", "status": "done", "released_at": "2026-01-01T00:00:00Z"},
}


@pytest.fixture(params=["few files", "many files", "memory", "server"])
def store(request, workspace, monkeypatch):
    if request.param == "many files":
        monkeypatch.setattr(live, "FEW", 0)
    if request.param == "server":
        made = request.getfixturevalue("server").new_store(workspace)
    else:
        made = MemoryStore() if request.param == "memory" else FileStore(workspace)
    for task, claim in CLAIMS.items():
        put(made, f"claims/{task}", claim)
        put(made, f"assignments/{task}", {"task_id": task, "engineer": "codex-1"})
    return made


def tasks(store, *kinds, **more):
    """The tasks of the live documents, with their kind where there are two."""
    names = store.live(*kinds, **more).documents
    return sorted(name.removeprefix("claims/") for name in names)


def claim_of(store, task):
    return store.live("claims").documents[f"claims/{task}"].content


def put(store, name, content):
    document = store.get(name)
    store.commit([Replace(name, content, document.version if document else "")])


def test_live_claims_come_without_the_finished_ones_but_for_those_that_are_named(store):
    assert tasks(store, "claims") == ["T-1", "T-2"]
    named = store.live("claims", also=["T-5", "T-9"]).documents
    assert {name: document.content for name, document in named.items()} == {
        f"claims/{task}": CLAIMS[task] for task in ("T-1", "T-2", "T-5")
    }
    assert all(store.version(name) == document.version for name, document in named.items())


def test_an_assignment_counts_until_its_task_is_done_and_comes_with_its_claim(store):
    assert tasks(store, "assignments") == ["assignments/T-1", "assignments/T-2", "assignments/T-4"]
    assert tasks(store, "claims", "assignments", also=["T-3"]) == sorted(
        [*(f"T-{number}" for number in (1, 2, 3, 4)), *(f"assignments/T-{number}" for number in (1, 2, 3, 4))]
    )


def test_the_newest_finished_claims_come_on_request_and_all_are_counted(store):
    answer = store.live("claims", newest=2)
    assert sorted(answer.documents) == ["claims/T-1", "claims/T-2", "claims/T-3", "claims/T-4"]
    assert answer.finished == {"done": 2, "released": 1}


def test_what_changes_is_seen_at_once_however_often_and_quickly(store):
    assert "T-3" not in tasks(store, "claims")
    for number in range(5):
        put(store, "claims/T-3", {**CLAIMS["T-3"], "status": "active", "notes": str(number)})
        assert claim_of(store, "T-3")["notes"] == str(number)
        put(store, "claims/T-3", CLAIMS["T-3"])
        assert "T-3" not in tasks(store, "claims")
    put(store, "claims/T-6", CLAIMS["T-1"])
    assert tasks(store, "claims") == ["T-1", "T-2", "T-6"]


@pytest.fixture
def many(workspace, monkeypatch):
    monkeypatch.setattr(live, "FEW", 0)
    made = FileStore(workspace)
    for task, claim in CLAIMS.items():
        put(made, f"claims/{task}", claim)
    assert tasks(made, "claims") == ["T-1", "T-2"]
    return made


def test_finished_claims_are_not_opened_while_their_folder_is_as_it_was(many, workspace, monkeypatch):
    for number in range(500):
        with open(f"{folder_of(workspace)}/OLD-{number}.json", "w", encoding="utf-8") as file:
            json.dump({**CLAIMS["T-3"], "task_id": f"OLD-{number}"}, file)
    os.utime(folder_of(workspace), (1, 1))  # else it may change again at the same moment
    answers, read, kept = (
        [many.live("claims", "assignments", newest=2)],
        claim_file.read,
        kept_file(workspace).read_bytes(),
    )
    opened = []
    monkeypatch.setattr(claim_file, "read", lambda path, task, now: opened.append(task) or read(path, task, now))
    answers.append(many.live("claims", "assignments", newest=2))
    assert answers[0] == answers[1] and answers[0].finished == {"done": 502, "released": 1}
    assert not opened and kept_file(workspace).read_bytes() == kept
    put(many, "claims/T-6", {**CLAIMS["T-1"], "task_id": "T-6"})
    assert "T-6" in tasks(many, "claims") and set(opened) <= {"T-1", "T-2", "T-6"}


def kept_file(workspace):
    return Path(workspace.bus.path, ".cache/documents")


def test_a_document_that_came_and_went_while_another_process_looked_leaves_nothing(many, workspace, monkeypatch):
    compare, path = listing.compare, f"{folder_of(workspace)}/T-9.json"

    def slowly(before, now):
        monkeypatch.setattr(listing, "compare", compare)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**CLAIMS["T-1"], "task_id": "T-9"}, file)
        assert tasks(FileStore(workspace), "claims") == ["T-1", "T-2", "T-9"]
        os.remove(path)
        return compare(before, now)

    put(many, "claims/T-3", CLAIMS["T-4"])
    monkeypatch.setattr(listing, "compare", slowly)
    assert tasks(many, "claims") == tasks(FileStore(workspace), "claims") == ["T-1", "T-2"]


def test_a_finished_claim_that_is_taken_away_or_comes_back_is_counted_as_often_as_it_is_there(many, workspace):
    path, aside = f"{folder_of(workspace)}/T-3.json", f"{workspace.bus.path}/aside"
    os.rename(path, aside)
    assert many.live("claims").finished == {"done": 1, "released": 1}
    os.rename(aside, path)
    assert many.live("claims").finished == {"done": 2, "released": 1}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(CLAIMS["T-2"], file)
    os.utime(folder_of(workspace))
    put(many, "claims/T-3", CLAIMS["T-4"])
    assert many.live("claims").finished == {"done": 1, "released": 2}


DAMAGE = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "zeros": lambda data: bytes(len(data)),
    "zeros among the finished": lambda data: data.replace(b"T-5 done", bytes(8)),
    "a line more": lambda data: data + b"0 T-9 done\n",
    "another version": lambda data: data.replace(b'"version": 1', b'"version": 0'),
    "no lengths": lambda data: data.replace(b'"parts": [', b'"parts": [9, '),
    "a list": lambda data: b"[]\n",
    "a foreign name": lambda data: data.replace(b'"unread": []', b'"unread": ["../x"]'),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_catalogue_is_made_anew(many, workspace, damage):
    data = kept_file(workspace).read_bytes()
    assert DAMAGE[damage](data) != data
    for has_changed in (False, True):
        kept_file(workspace).write_bytes(DAMAGE[damage](data))
        if has_changed:
            put(many, "claims/T-3", CLAIMS["T-4"])
        answer = many.live("claims", newest=1)
        assert sorted(answer.documents) == [
            "claims/T-1",
            "claims/T-2",
            "claims/T-4" if not has_changed else "claims/T-3",
        ]
        assert answer.finished == ({"done": 1, "released": 2} if has_changed else {"done": 2, "released": 1})


def test_a_catalogue_that_cannot_be_kept_costs_only_time(many, workspace):
    cache = kept_file(workspace).parent
    shutil.rmtree(cache)
    cache.write_text("in its place")
    assert tasks(many, "claims") == tasks(many, "claims") == ["T-1", "T-2"]


STRANGE = {
    "folder": lambda path, other: path.mkdir(),
    "pipe": lambda path, other: os.mkfifo(path),
    "link": lambda path, other: path.symlink_to(other),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_file_in_its_place_is_not_waited_for_nor_followed(many, workspace, tmp_path, kind):
    other = tmp_path / "other"
    other.write_bytes(kept_file(workspace).read_bytes())
    kept_file(workspace).unlink()
    STRANGE[kind](kept_file(workspace), other)
    put(many, "claims/T-3", CLAIMS["T-1"])
    before = other.read_bytes()
    assert tasks(many, "claims") == tasks(many, "claims") == ["T-1", "T-2", "T-3"]
    assert other.read_bytes() == before


@pytest.mark.parametrize("folder", ["claims", ".cache"])
def test_a_link_in_place_of_a_folder_leads_no_reader_elsewhere(many, workspace, tmp_path, folder):
    path = Path(workspace.bus.path, folder)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    before = sorted((name, (tmp_path / "elsewhere" / name).read_bytes()) for name in os.listdir(tmp_path / "elsewhere"))
    if folder == "claims":
        with pytest.raises(DataError):
            many.live("claims")
    else:
        put(many, "claims/T-3", CLAIMS["T-1"])
        assert tasks(many, "claims") == ["T-1", "T-2", "T-3"]
    assert before == sorted(
        (name, (tmp_path / "elsewhere" / name).read_bytes()) for name in os.listdir(tmp_path / "elsewhere")
    )


def test_what_no_document_is_called_counts_for_nothing(many, workspace):
    for name in ("T-1", "T-1.json.tmp", "json"):
        with open(f"{folder_of(workspace)}/{name}", "w", encoding="utf-8"):
            pass
    assert tasks(many, "claims") == ["T-1", "T-2"]
    for name in ("T-1", "T-1.json.tmp", "json"):
        os.remove(f"{folder_of(workspace)}/{name}")
    assert tasks(many, "claims") == ["T-1", "T-2"]


def folder_of(workspace):
    return f"{workspace.bus.path}/claims"


def test_a_damaged_claim_is_named_with_its_reason_until_it_is_mended(many, workspace):
    path = f"{folder_of(workspace)}/T-1.json"
    with open(path, "w", encoding="utf-8") as file:
        file.write("{")
    assert "T-1.json" in str(many.live("claims").documents["claims/T-1"])
    with open(path, "w", encoding="utf-8") as file:
        json.dump(CLAIMS["T-1"], file)
    assert tasks(many, "claims") == ["T-1", "T-2"]


def test_a_live_claim_that_is_edited_in_place_or_taken_away_is_noticed(many, workspace):
    with open(f"{folder_of(workspace)}/T-1.json", "w", encoding="utf-8") as file:
        json.dump({**CLAIMS["T-1"], "notes": "by hand"}, file)
    assert claim_of(many, "T-1")["notes"] == "by hand"
    os.remove(f"{folder_of(workspace)}/T-2.json")
    assert tasks(many, "claims") == ["T-1"]


def test_a_claim_whose_file_gets_an_old_inode_back_is_read_because_an_event_names_it(many, workspace, event):
    path, aside = f"{folder_of(workspace)}/T-3.json", f"{folder_of(workspace)}/T-3.aside"
    os.rename(path, aside)
    with open(aside, "w", encoding="utf-8") as file:
        json.dump({**CLAIMS["T-3"], "status": "active"}, file)
    os.rename(aside, path)
    many.commit([Append("events", event(task_id="T-3"))])
    assert "T-3" in tasks(many, "claims")


def test_a_folder_that_is_gone_holds_nothing(many, workspace):
    for name in os.listdir(folder_of(workspace)):
        os.remove(f"{folder_of(workspace)}/{name}")
    os.rmdir(folder_of(workspace))
    assert many.live("claims", newest=9) == ({}, {})


def test_assignments_stand_without_a_folder_of_claims(many, workspace):
    put(many, "assignments/T-1", {"task_id": "T-1", "engineer": "codex-1"})
    shutil.rmtree(folder_of(workspace))
    shutil.rmtree(kept_file(workspace).parent)
    assert tasks(many, "claims", "assignments") == tasks(many, "assignments") == ["assignments/T-1"]


def test_a_catalogue_that_was_copied_with_its_bus_says_nothing_of_the_other(many, workspace, tmp_path):
    os.utime(folder_of(workspace), (1, 1))
    assert tasks(many, "claims") == ["T-1", "T-2"]
    other = Workspace(str(tmp_path / "other"), str(tmp_path / "other"))
    shutil.copytree(workspace.bus.path, other.bus.path)
    there = Path(folder_of(other), "T-3.json")
    there.write_text(json.dumps(CLAIMS["T-1"]))
    for path in (there, there.parent):
        os.utime(path, (1, 1))
    assert tasks(FileStore(other), "claims") == ["T-1", "T-2", "T-3"]


@pytest.mark.parametrize("call", ["stat", "lstat", "open", "scandir"])
def test_a_disk_that_fails_hides_no_claim(many, workspace, monkeypatch, call):
    os.utime(folder_of(workspace))
    do = getattr(os, call)

    def fails(path, *more, **options):
        if str(path).startswith(folder_of(workspace)) or isinstance(path, int):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return do(path, *more, **options)

    monkeypatch.setattr(os, call, fails)
    outcomes = []
    for look in (lambda: many.live("claims").documents, lambda: live_claims(workspace, 0)):
        try:
            outcomes.append(len(look()))
        except (OSError, ToolkitError):
            outcomes.append(2)
    monkeypatch.undo()
    assert outcomes == [2, 2]
    monkeypatch.setattr(live, "FEW", 0)
    assert tasks(many, "claims") == ["T-1", "T-2"]


def test_a_claim_that_cannot_be_looked_at_is_not_replaced(many, workspace, monkeypatch):
    lstat = os.lstat

    def fails(path, **options):
        if str(path).endswith("T-1.json"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return lstat(path, **options)

    monkeypatch.setattr(os, "lstat", fails)
    with pytest.raises(SetupError, match="Input/output error"):
        many.commit([Replace("claims/T-1", CLAIMS["T-3"], "")])
    monkeypatch.undo()
    assert claim_of(many, "T-1") == CLAIMS["T-1"]
