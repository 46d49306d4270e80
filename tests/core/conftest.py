"""Builders that the suites of the core share."""

import dataclasses
import json
import os
from datetime import UTC, datetime

import pytest

from tools.core import ids, workspace
from tools.core.errors import UsageError
from tools.core.fs import jsonl
from tools.core.models.bus import EVENTS, Claim, stream_of
from tools.core.store.api import Append, Document, Replace, StaleVersion
from tools.core.store.files.store import FileStore

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
def noon():
    """The moment at which the suites play."""
    return NOON


def an_event(**fields):
    known = {
        "id": ids.new_record_id(),
        "ts": "2026-01-31T12:00:00Z",
        "agent_id": "codex-1",
        "event": "note",
        "summary": "s",
    }
    return {**known, **fields}


def a_message(**fields):
    known = {
        "id": ids.new_record_id(),
        "ts": "2026-01-31T12:00:00Z",
        "from": "codex-1",
        "type": "note",
        "task_id": "T",
        "summary": "s",
    }
    return {**known, **fields}


@pytest.fixture
def event():
    """Makes an event as a store takes it: `event(summary="x")`."""
    return an_event


@pytest.fixture
def message():
    """Makes a message as a store takes it."""
    return a_message


@pytest.fixture
def claim():
    """Makes a Claim: `claim(status="paused")`."""

    def make(**fields):
        known = {
            "task_id": "T",
            "agent_id": "codex-1",
            "branch": "b",
            "status": "active",
            "claimed_at": "2026-01-31T11:00:00Z",
            "fence": 1,
        }
        return Claim(**{**known, **fields})

    return make


@pytest.fixture
def logged(store):
    """Appends events and messages: `logged(an_event, ("T", a_message))`."""

    def write(**fields):
        thread = fields.pop("thread", None)
        if thread:
            return store.commit([Append(stream_of(thread), a_message(task_id=thread, **fields))])[0]
        return store.commit([Append(EVENTS, an_event(**fields))])[0]

    return write


@pytest.fixture
def fresh_bus(tmp_path_factory):
    """Makes workspaces with an empty bus each, for tests that need many."""

    def make():
        top = str(tmp_path_factory.mktemp("bus"))
        os.mkdir(os.path.join(top, "_bus"))
        return workspace.Workspace(top, top)

    return make


class MemoryStore:
    """A store that is no files at all: what the contract asks for is the interface."""

    def __init__(self):
        self._streams, self._documents = {}, {}

    def read(self, stream, start=0):
        _checked(stream)
        found, problems, offset = [], [], 0
        for number, raw in enumerate(self._streams.get(stream, []), 1):
            line = jsonl.Line(offset, raw, True, offset + len(raw) + 1)
            offset = line.end
            if line.offset >= start:
                found.append(jsonl.Found(jsonl.parse(raw), line, number))
        return jsonl.Reading(found, problems)

    def tail(self, stream, count, wanted=None):
        found = [one for one in self.read(stream).found if wanted is None or wanted(one.record)]
        return jsonl.Reading(found[len(found) - count :] if count < len(found) else found, [])

    def get(self, document):
        text = self._documents.get(_checked(document))
        return None if text is None else Document(json.loads(text), str(hash(text)))

    def names(self, kind):
        names = [*self._streams, *self._documents]
        return sorted(name.partition("/")[2] for name in names if name.startswith(f"{kind}/"))

    def commit(self, changes):
        for change in changes:
            if isinstance(change, Append):
                self._refuse_other_case(_checked(change.stream), self._streams)
                jsonl.encode({**change.record, "prev": "0" * 16})
            else:
                self._refuse_other_case(_checked(change.document), self._documents)
                present = self.get(change.document)
                if (present.version if present else "") != change.expected:
                    raise StaleVersion(change.document)
        written = []
        for change in changes:
            if isinstance(change, Append):
                lines = self._streams.setdefault(change.stream, [])
                record = {key: value for key, value in change.record.items() if key != "prev"}
                if lines:
                    record["prev"] = jsonl.line_hash(lines[-1])
                lines.append(jsonl.encode(record))
                written.append(record)
            elif isinstance(change, Replace):
                self._documents[change.document] = json.dumps(dict(change.content))
        return written

    def _refuse_other_case(self, name, known):
        if any(other != name and other.casefold() == name.casefold() for other in known):
            raise UsageError("differs only in case", code="id.case")


def _checked(name):
    kind, _, task = name.partition("/")
    if kind != EVENTS:
        ids.require_task(task)
    return name


STORES = {"files": lambda workspace: FileStore(workspace), "memory": lambda workspace: MemoryStore()}
"""What the contract is run against: a later store is one more line here."""


@pytest.fixture(params=STORES)
def any_store(request, workspace):
    """Each store in turn, empty."""
    return STORES[request.param](workspace)


@pytest.fixture
def replaced():
    """A record with some fields changed."""
    return dataclasses.replace
