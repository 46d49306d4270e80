"""Death between any two system calls of a commit: the next command works, and finds the old state or the new.

A process that dies leaves what it had written; so from the chosen call on, every call that would change
a file raises, and what unwinds on the way out changes nothing either.
"""

import errno
import os
from pathlib import Path

import pytest

from tests.acting import context_of
from tests.core.conftest import Death
from tools.core.bus import claims
from tools.core.bus.rules import claim_rules
from tools.core.errors import SetupError
from tools.core.models.bus import EVENTS
from tools.core.seats.seat import Seat
from tools.core.store.api import Append, Replace
from tools.core.store.files.store import FileStore


def told(store, stream=EVENTS):
    reading = store.read(stream)
    assert reading.problems == []
    hashes = {stored.line.hash for stored in reading.records} | {None}
    assert all(stored.record.get("prev") in hashes for stored in reading.records)
    return [stored.record["summary"] for stored in reading.records if stored.record.get("event") != "recovered"]


def nothing(store):
    pass


def test_a_first_append_that_died_is_there_or_not(deaths, event):
    for _, store in deaths(nothing, lambda store: store.commit([Append(EVENTS, event(summary="dying"))])):
        store.commit([Append(EVENTS, event(summary="after"))])
        assert told(store) in (["after"], ["dying", "after"])


def test_an_append_that_died_loses_no_earlier_record_and_glues_to_none(deaths, event):
    def prepare(store):
        store.commit([Append(EVENTS, event(summary="before"))])

    for _, store in deaths(prepare, lambda store: store.commit([Append(EVENTS, event(summary="dying"))])):
        store.commit([Append(EVENTS, event(summary="after"))])
        assert told(store) in (["before", "after"], ["before", "dying", "after"])


def test_an_append_behind_a_torn_tail_that_died_keeps_the_torn_bytes(deaths, event):
    def prepare(store):
        store.commit([Append(EVENTS, event(summary="before"))])
        with open(store.place(EVENTS).path, "ab") as log:
            log.write(b'{"torn')

    for workspace, store in deaths(prepare, lambda store: store.commit([Append(EVENTS, event(summary="dying"))])):
        store.commit([Append(EVENTS, event(summary="after"))])
        assert told(store) in (["before", "after"], ["before", "dying", "after"])
        kept = [Path(entry.path).read_bytes() for entry in os.scandir(workspace.torn.path)]
        assert b'{"torn' in kept


def test_a_claim_that_died_has_its_event_or_neither(deaths, event, noon):
    def take(store, agent):
        request = claim_rules.Request("T", agent)
        claims.take(
            context_of(workspace=store._workspace, store=store, seat=Seat(agent, None), now=noon),
            request,
        )

    for _, store in deaths(nothing, lambda store: take(store, "codex-1")):
        store.commit([Append(EVENTS, event(summary="after"))])
        held = store.get("claims/T")
        assert told(store) == (["codex-1 claimed T", "after"] if held else ["after"])
        if held is None:
            take(store, "codex-2")
        assert store.get("claims/T").content["agent_id"] == ("codex-1" if held else "codex-2")


def test_a_message_to_two_threads_that_died_is_in_both_or_in_none(deaths, message):
    record = message(summary="dying")

    def act(store):
        store.commit([Append("messages/T", record), Append("messages/agent-b", record)])

    for _, store in deaths(nothing, act):
        store.recover()
        assert told(store, "messages/T") == told(store, "messages/agent-b") in ([], ["dying"])


def test_a_document_that_died_is_the_old_one_or_the_new_one(deaths):
    def prepare(store):
        store.commit([Replace("claims/T", {"n": "old"}, "")])

    def act(store):
        store.commit([Replace("claims/T", {"n": "new"}, store.get("claims/T").version)])

    for _, store in deaths(prepare, act):
        seen = store.get("claims/T")
        assert seen.content["n"] in ("old", "new")
        store.commit([Replace("claims/T", {"n": "after"}, seen.version)])


def test_whoever_completes_a_journal_may_die_as_well(deaths, event):
    record = event(summary="first dead")

    def leave_a_journal(store):
        changes = [Append(EVENTS, record), Replace("claims/T", {"n": 1}, ""), Append("messages/T", record)]
        with pytest.MonkeyPatch.context() as patched, pytest.raises(Death):
            rename = os.rename

            def dies_after(*arguments, **named):
                rename(*arguments, **named)
                raise Death

            patched.setattr(os, "rename", dies_after)
            store.commit(changes)

    for _, store in deaths(leave_a_journal, lambda store: store.commit([Append(EVENTS, event(summary="dying"))])):
        store.commit([Append(EVENTS, event(summary="after"))])
        assert told(store) in (["first dead", "after"], ["first dead", "dying", "after"])
        assert told(store, "messages/T") == ["first dead"] and store.get("claims/T").content == {"n": 1}


class Disk:
    """Knows which files and folders have changes that no fsync has put on disk yet."""

    def __init__(self, monkeypatch):
        self.dirty = {}
        for name in ("write", "fsync", "rename", "mkdir", "link", "open"):
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name, real):
        def call(*arguments, **named):
            made = name == "open" and arguments[1] & os.O_CREAT and not _there(arguments[0], named.get("dir_fd"))
            result = real(*arguments, **named)
            if name == "write":
                self._mark(arguments[0])
            elif name == "fsync":
                self.dirty.pop(os.fstat(arguments[0]).st_ino, None)
            elif made or name in ("mkdir", "rename", "link"):
                self._mark(named.get("dst_dir_fd", named.get("dir_fd")))
            return result

        return call

    def _mark(self, descriptor):
        self.dirty[os.fstat(descriptor).st_ino] = os.readlink(f"/proc/self/fd/{descriptor}")


def _there(name, folder):
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def test_what_a_commit_acknowledged_is_synced_files_and_new_names_alike(fresh_bus, event, monkeypatch):
    store = FileStore(fresh_bus())
    commits = [[Append(EVENTS, event())], [Append(EVENTS, event())], [Replace("claims/T", {}, "")],
               [Append(EVENTS, event()), Replace("claims/U", {}, ""), Append("messages/T", event())]]  # fmt: skip
    for changes in commits:
        with monkeypatch.context() as patched:
            disk = Disk(patched)
            store.commit(changes)
        assert [path for path in disk.dirty.values() if "/.cache" not in path] == []


class FullDisk:
    """Lets one call of those that need room fail; everything after it works again."""

    def __init__(self, monkeypatch, fails_at):
        self.calls, self.fails_at = 0, fails_at
        for name in ("write", "fsync", "mkdir", "rename", "link", "open"):
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name, real):
        def call(*arguments, **named):
            if name != "open" or arguments[1] & os.O_CREAT:
                self.calls += 1
                if self.calls == self.fails_at:
                    raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments, **named)

        return call


def test_a_disk_that_is_full_at_any_moment_is_told_and_leaves_old_or_new(fresh_bus, event, message, monkeypatch):
    refusals = 0
    for fails_at in range(1, 100):
        store = FileStore(fresh_bus())
        record = event(summary="dying")
        changes = [
            Append(EVENTS, record),
            Replace("claims/T", {"n": 1}, ""),
            Append("messages/T", message(summary="dying")),
        ]
        with monkeypatch.context() as patched:
            disk = FullDisk(patched, fails_at)
            try:
                store.commit(changes)
            except SetupError as refusal:
                refusals += "No space left" in refusal.message
        store.commit([Append(EVENTS, event(summary="after"))])
        there = store.get("claims/T") is not None
        assert told(store) == (["dying"] if there else []) + ["after"]
        assert told(store, "messages/T") == (["dying"] if there else [])
        if disk.calls < fails_at:
            break
    assert refusals > 10
