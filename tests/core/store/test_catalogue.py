"""What the catalogue says is what a reader of every document would find, after any changes, its own file's included."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.store.test_documents import put
from tools.core.errors import ToolkitError, UsageError
from tools.core.fs import folders
from tools.core.models.claim_state import LIVE
from tools.core.store import live as all_live
from tools.core.store import one_by_one
from tools.core.store.api import Replace, StaleVersion
from tools.core.store.files import transaction
from tools.core.store.files.documents import bringing_up, catalogue, live, whole
from tools.core.store.files.documents.current import current
from tools.core.store.files.documents.live_claims import live_claims
from tools.core.store.files.store import FileStore
from tools.core.workspace import Workspace

TASKS = ["T-1", "T-2", "T-3", "no task", "T-4"]
STAMPS = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", ""]
CLAIM = st.fixed_dictionaries(
    {"status": st.sampled_from(["active", "paused", "released", "done", "odd"]), "released_at": st.sampled_from(STAMPS)}
).map(json.dumps)
CONTENT = st.one_of(CLAIM, st.sampled_from(["{", "", "[]", '{"status": "done", "status": "active"}']))
KIND = st.sampled_from(["claims", "assignments"])
CHANGE = st.one_of(
    st.tuples(st.just("replace"), KIND, st.sampled_from(TASKS), CONTENT),
    st.tuples(st.just("replace twice and tell"), KIND, st.sampled_from(TASKS), CONTENT),
    st.tuples(st.just("remove"), KIND, st.sampled_from(TASKS), st.just("")),
    st.tuples(st.just("edit what is live"), st.just("claims"), st.sampled_from(TASKS), CONTENT),
    st.tuples(st.just("damage"), KIND, st.sampled_from(TASKS), st.text(max_size=3)),
    st.tuples(st.just("settle"), KIND, st.sampled_from(TASKS), st.just("")),
)


def change(bus: Path, what: str, kind: str, task: str, content: str) -> None:
    """Does one thing that happens to a bus."""
    path, aside = bus / kind / f"{task}.json", bus / "aside"
    if what in ("remove", "replace") and path.exists():
        os.link(path, bus / f"inode-{path.stat().st_ino}")  # none gets its inode: nothing would tell
    if what == "remove":
        path.unlink(missing_ok=True)
    elif what == "damage":
        (bus / ".cache").mkdir(exist_ok=True)
        (bus / ".cache/documents").write_text(content)
    elif what == "settle":
        os.utime(bus / kind, (1, 1))
    elif what == "edit what is live":
        if path.exists() and '"active"' in path.read_text():
            path.write_text(content)
    else:
        for _ in range(2 if "twice" in what else 1):
            aside.write_text(content)
            aside.rename(path)
        if "tell" in what:
            with (bus / "events/events.jsonl").open("a") as log:
                log.write(json.dumps({"task_id": task}) + "\n")


def assert_is_as_one_made_anew(workspace: Workspace) -> None:
    """A catalogue that is brought up has what one of a bus that was never looked at has."""
    os.utime(workspace.bus.child("claims").path)
    brought_up = bringing_up.in_full(workspace, 0)
    kept = Path(workspace.catalogue.path)
    kept.unlink(missing_ok=True)
    anew = bringing_up.in_full(workspace, 0)
    whole.keep(workspace, brought_up)
    for part in ("live", "unread", "standing", "counts"):
        assert getattr(brought_up.head, part) == getattr(anew.head, part), part
    assert brought_up.finished == anew.finished


def shown(answer):
    """An answer with errors as texts."""
    documents = {
        name: str(part) if isinstance(part, ToolkitError) else part.content for name, part in answer.documents.items()
    }
    return documents, answer.finished


@settings(max_examples=150)
@given(st.lists(st.lists(CHANGE, max_size=4), max_size=4), st.integers(0, 3), st.sets(st.sampled_from(TASKS[:3])))
def test_after_any_changes_it_knows_what_the_documents_say(rounds, newest, also):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "FEW", 0)
        workspace = Workspace(folder, folder)
        bus = Path(workspace.bus.path)
        for name in ("claims", "assignments", "events"):
            (bus / name).mkdir(parents=True)
        for changes in [[], *rounds]:
            for one in changes:
                change(bus, *one)
            store = FileStore(workspace)
            documents = one_by_one.documents(store, ("claims", "assignments"))
            for kinds in (("claims",), ("assignments",), ("claims", "assignments")):
                expected = all_live.of_all(documents, kinds, also, newest)
                assert shown(store.live(*kinds, also=also, newest=newest)) == shown(expected)
            assert_is_as_one_made_anew(workspace)
            short = {claim.task_id: claim.state for claim in live_claims(workspace, 0)}
            states = {name: all_live.state(document) for name, document in documents.items()}
            assert short == {task: states[f"claims/{task}"] for task in TASKS if states.get(f"claims/{task}") in LIVE}


VALUES = st.sampled_from(["{}", "[]", "null", "7", '"x"', "-1", "1e999", '[["x"]]', '{"x": 1}', "[1, 2]", '[[1], "é"]'])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_stands_in_its_place_readers_go_on(workspace, store, data):
    for number in range(3):
        put(
            store,
            f"claims/T-{number}",
            {"status": ("active", "done", "released")[number], "agent_id": "a", "paths": ["x"]},
        )
    put(store, "assignments/T-1", {"engineer": "a"})
    os.utime(workspace.bus.child("claims").path, (1, 1))
    current(workspace, time.time_ns())
    kept = Path(workspace.catalogue.path)
    head, _, body = kept.read_bytes().partition(b"\n")
    if data.draw(st.booleans()):
        known = json.loads(head)
        name = data.draw(st.sampled_from(sorted(known)))
        known[name] = json.loads(data.draw(VALUES))
        kept.write_bytes(json.dumps(known).encode() + b"\n" + body)
    else:
        whole = bytearray(kept.read_bytes())
        at = data.draw(st.integers(0, 9999)) % len(whole)  # its length is not always the same
        whole[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
        kept.write_bytes(whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "FEW", 0)
        for _ in range(2):
            store.live("claims", "assignments", newest=3)
            live_claims(workspace, time.time_ns())
            catalogue.listed_names(workspace, "claims")
            os.utime(workspace.bus.child("claims").path)
    kept.unlink()
    assert [claim.task_id for claim in live_claims(workspace, 0)] == ["T-0"]


@pytest.mark.parametrize("moment", [1_700_000_000_000_000_000, 1_700_000_000_000_000_001])
def test_a_change_at_the_moment_of_the_look_is_seen(workspace, store, moment):
    put(store, "claims/T-1", {"status": "done"})
    folder = Path(workspace.bus.path, "claims")
    os.utime(folder, ns=(moment, moment))
    later = moment + catalogue.settles_after(folder.stat())
    assert list(current(workspace, moment).live) == []
    put(store, "claims/T-1", {"status": "active"})
    os.utime(folder, ns=(moment, moment))
    assert list(current(workspace, later).live) == ["T-1"]
    assert current(workspace, later + 1).folders["claims"][3:] == []


def test_a_claim_that_another_program_restored_in_its_old_place_is_read(workspace, store):
    put(store, "claims/T-1", {"status": "done"})
    path, aside = Path(workspace.bus.path, "claims/T-1.json"), Path(workspace.bus.path, "claims/aside")
    os.utime(path.parent, (1, 1))
    assert current(workspace, time.time_ns()).counts == {"done": 1}
    path.rename(aside)  # as a file that is made anew and gets the inode of the one before
    aside.write_text('{"status": "active"}')
    aside.rename(path)
    assert list(current(workspace, time.time_ns()).live) == ["T-1"]


@pytest.mark.parametrize(
    ("moment", "device", "expected"),
    [
        (1_700_000_000_500_000_000, os.makedev(8, 1), catalogue.TICK),
        (1_700_000_000_000_000_000, os.makedev(8, 1), catalogue.SETTLED),  # FAT keeps every other second
        (1_700_000_000_500_000_000, os.makedev(0, 50), catalogue.SETTLED),  # a folder of the machine around this one
    ],
)
def test_how_soon_a_further_change_has_another_time_depends_on_who_keeps_it(monkeypatch, moment, device, expected):
    stat = SimpleNamespace(st_mtime_ns=moment, st_dev=device)
    monkeypatch.setattr(sys, "platform", "linux")
    assert catalogue.settles_after(stat) == expected
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(os, "major")
    assert catalogue.settles_after(stat) == catalogue.SETTLED


def test_finished_claims_that_are_kept_damaged_are_found_again(workspace, store, monkeypatch):
    monkeypatch.setattr(live, "FEW", 0)
    for number, status in enumerate(["done", "released", "active"]):
        put(store, f"claims/T-{number}", {"status": status})
    os.utime(workspace.bus.child("claims").path, (1, 1))
    expected = store.live("claims", newest=2)
    kept = Path(workspace.catalogue.path)
    sound = kept.read_bytes()
    for has_changed in (False, True):
        kept.write_bytes(sound.replace(b" T-0 done\n", b"-T-0-done\n").replace(b" T-1 ", b"\1\1\1\1\1"))
        if has_changed:
            os.utime(workspace.bus.child("claims").path, (2, 2))
        assert store.live("claims", newest=2) == expected
        assert b" T-0 done\n" in kept.read_bytes()


def test_an_edit_at_the_moment_of_the_look_is_seen(workspace, store):
    put(store, "claims/T-1", {"status": "active"})
    path = Path(workspace.bus.path, "claims/T-1.json")
    now = path.stat().st_mtime_ns
    assert [claim.state for claim in live_claims(workspace, now)] == ["active"]
    path.write_bytes(path.read_bytes().replace(b"active", b"paused"))
    os.utime(path, ns=(now, now))
    os.utime(path.parent, (1, 1))
    later = now + catalogue.settles_after(path.stat())
    assert [claim.state for claim in live_claims(workspace, later)] == ["paused"]
    assert [claim.state for claim in live_claims(workspace, later + 1)] == ["paused"]


def test_an_assignment_stands_again_once_the_claim_that_was_done_is_taken_away(workspace, store):
    put(store, "claims/T-1", {"status": "done"})
    put(store, "assignments/T-1", {"engineer": "codex-1"})
    assert current(workspace, 0).standing == {}
    Path(workspace.bus.path, "claims/T-1.json").unlink()
    assert current(workspace, 0).standing == {"T-1": ""}
    put(store, "claims/T-1", {"status": "released"})
    assert current(workspace, 0).standing == {"T-1": "released"}
    Path(workspace.bus.path, "assignments/T-1.json").unlink()
    assert current(workspace, 0).standing == {}


class ListedAnewError(Exception):
    """A folder was listed."""


def test_a_writer_takes_the_names_from_the_catalogue_while_it_holds(workspace, store, monkeypatch):
    put(store, "claims/T-1", {"status": "done"})
    folder = Path(workspace.bus.path, "claims")
    os.utime(folder, (1, 1))
    current(workspace, time.time_ns())
    monkeypatch.setattr(transaction, "_MANY", 0)
    monkeypatch.setattr(folders, "_listed", listed_anew)
    with pytest.raises(UsageError, match="differs only in case from 'T-1'"):
        put(store, "claims/t-1", {})
    put(store, "claims/T-2", {})
    with pytest.raises(ListedAnewError):  # it has changed
        put(store, "claims/t-2", {})
    data = Path(workspace.catalogue.path).read_bytes()
    os.utime(folder, (1, 1))
    current(workspace, time.time_ns())
    for damaged in (b"", data[:-1], data.replace(b"T-1.json", bytes(8))):
        Path(workspace.catalogue.path).write_bytes(damaged)
        with pytest.raises(ListedAnewError):
            put(store, "claims/t-1", {})


def listed_anew(place):
    raise ListedAnewError


def test_a_writer_replaces_no_claim_that_the_catalogue_does_not_know(workspace, store, monkeypatch):
    put(store, "claims/T-1", {"status": "done"})
    folder = Path(workspace.bus.path, "claims")
    os.utime(folder, (1, 1))
    current(workspace, time.time_ns())
    (folder / "T-2.json").write_text('{"status": "active"}')
    os.utime(folder, (1, 1))  # as where a clock stood still
    monkeypatch.setattr(transaction, "_MANY", 0)
    with pytest.raises(StaleVersion):
        store.commit([Replace("claims/T-2", {"status": "paused"}, "")])
    assert store.get("claims/T-2").content == {"status": "active"}


def test_a_writer_lists_a_folder_that_may_still_change(workspace, store, monkeypatch):
    put(store, "claims/T-1", {"status": "done"})
    folder = Path(workspace.bus.path, "claims")
    now = folder.stat().st_mtime_ns
    current(workspace, now)
    (folder / "T-2.json").write_text("{}")
    os.utime(folder, ns=(now, now))
    monkeypatch.setattr(transaction, "_MANY", 0)
    with pytest.raises(UsageError, match="differs only in case from 'T-2'"):
        put(store, "claims/t-2", {})
