"""A store and a history that are no files at all: what the contract asks for is the interface."""

from __future__ import annotations

import itertools
import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tools.core import clock, hint, ids
from tools.core.errors import DataError, UsageError
from tools.core.fs import files, jsonl
from tools.core.models.bus import EVENTS, Event, stream_of
from tools.core.models.entry import MESSAGE, Entry, matches, party_of, stream_entry, unrepeated
from tools.core.models.lenient import shortcoming
from tools.core.problem import Problem
from tools.core.store import live, merge, one_by_one
from tools.core.store.addresses import address_of, is_stream, name_at
from tools.core.store.answers import Loss, Matches, Recorded, Totals, Volume
from tools.core.store.api import MAX_COUNTED, MAX_REQUESTS, Append, Document, Expect, Replace, StaleVersion
from tools.core.store.streams import streams_of
from tools.core.text import secrets


class MemoryStore:
    """Streams are lists of lines, documents are texts."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder  # a bus folder whose content this store has from its first use on
        self._arrivals: list[tuple[str, bytes]] = []
        self._contents: dict[str, bytes] = {}
        self._gone: dict[str, set[bytes]] = {}
        self.history = MemoryHistory(self)

    @property
    def arrivals(self) -> list[tuple[str, bytes]]:
        """Every line of every stream, in the order they came."""
        self._fill()
        return self._arrivals

    @property
    def _documents(self) -> dict[str, bytes]:
        self._fill()
        return self._contents

    def _fill(self) -> None:
        folder, self._folder = self._folder, None
        for path in sorted(folder.glob("*/*.json*")) if folder else ():
            name = name_at(f"_bus/{path.relative_to(folder)}")
            if name and path.is_file() and not path.is_symlink():
                self.put(name, path.read_bytes())

    def put(self, name: str, data: bytes | None) -> None:
        """Makes a stream or a document what somebody else left there; None takes it away."""
        if not is_stream(name):
            self._documents.pop(name, None)
            if data is not None:
                self._documents[name] = data
            return
        before = {raw for stream, raw in self.arrivals if stream == name}
        lines = merge.lines_of(data or b"")
        self._gone[name] = (self._gone.get(name, set()) | before) - set(lines)
        others = [arrival for arrival in self.arrivals if arrival[0] != name]
        self._arrivals = others + [(name, raw) for raw in lines]
        self.history = MemoryHistory(self)

    def losses(self) -> dict[str, int]:
        """By stream, how many lines are gone that were there."""
        return {stream: len(lines - set(self._lines(stream))) for stream, lines in sorted(self._gone.items())}

    def now(self):
        return clock.now()

    def read(self, stream, start=0):
        found, problems = [], []
        for number, line in enumerate(self.lines(stream), 1):
            outcome = _examined(self.where(stream), line, number)
            if line.offset >= start:
                (problems if isinstance(outcome, Problem) else found).append(outcome)
        return jsonl.Reading(found, problems)

    def tail(self, stream, count, accepts=None):
        reading = self.read(stream)
        found = [stored for stored in reading.records if accepts is None or accepts(stored.record)]
        return jsonl.Reading(found[max(0, len(found) - count) :], reading.problems)

    def lines(self, stream):
        offset = 0
        for raw in self._lines(stream):
            line = jsonl.Line(offset, raw, True, offset + len(raw) + 1)
            offset = line.end
            yield line

    def content(self, document):
        return self._documents.get(document)

    def exists(self):
        return True

    def get(self, document):
        data = self._documents.get(_checked(document))
        if data is None:
            return None
        try:
            return Document(files.parse_object(data, self.where(document)), jsonl.line_hash(data))
        except DataError as problem:
            problem.hint = hint.tool("maintenance.bus_repair")
            raise

    def documents(self, *names):
        return one_by_one.documents(self, names)

    def version(self, name):
        if is_stream(name):
            lines = self._lines(name)
            return f"{len(lines)}-{jsonl.line_hash(lines[-1])}" if lines else ""
        data = self._documents.get(_checked(name))
        return "" if data is None else jsonl.line_hash(data)

    def require_one_moment(self, versions):
        pass

    def names(self, kind):
        names = {stream for stream, _ in self.arrivals} | set(self._documents)
        return sorted(name.partition("/")[2] for name in names if name.startswith(f"{kind}/"))

    def live(self, *kinds, also=(), newest=0):
        return live.of_all(self.documents("claims", "assignments"), kinds, also, newest)

    def strays(self, kind):
        return []

    def where(self, name):
        return address_of(name)

    def commit(self, changes):
        for place, change in enumerate(changes):
            before = {earlier.document for earlier in changes[:place] if isinstance(earlier, Replace)}
            self._check(change, before)
        written = []
        for change in changes:
            if isinstance(change, Append):
                record = secrets.redact_value({key: value for key, value in change.record.items() if key != "prev"})
                if lines := self._lines(change.stream):
                    record["prev"] = jsonl.line_hash(lines[-1])
                self.arrivals.append((change.stream, jsonl.encode(record)))
                written.append(record)
            elif isinstance(change, Replace):
                self._documents[change.document] = files.dump_json(secrets.redact_value(dict(change.content)))
        return written

    def adopt(self, stream, lines, behind=0, agent=""):
        new = merge.missing(self._lines(stream), lines)
        self.arrivals.extend((stream, line) for line in new)
        return len(new)

    def recover(self):
        return False

    def close(self):
        pass

    def _lines(self, stream):
        stream = _checked(stream)
        return [raw for name, raw in self.arrivals if name == stream]

    def _check(self, change, before):
        if isinstance(change, Append):
            self._refuse_other_case(_checked(change.stream), {stream for stream, _ in self.arrivals})
            jsonl.encode({**change.record, "prev": "0" * 16})
            return
        name = _checked(change.name if isinstance(change, Expect) else change.document)
        self._refuse_other_case(name, {*self._documents, *before})
        if self.version(name) != change.expected:
            raise StaleVersion(name)

    def _refuse_other_case(self, name, others):
        for other in others:
            if other != name and other.casefold() == name.casefold():
                kind, _, task = other.partition("/")
                raise UsageError(f"{name.partition('/')[2]!r} differs only in case from {task!r}, which exists",
                                 code="id.case", hint=hint.again("--task", task))  # fmt: skip


def _checked(name):
    kind, _, task = name.partition("/")
    if kind != EVENTS:
        ids.require_task(task)
    return name


def _examined(place, line, number):
    try:
        record = jsonl.parse(line.raw)
    except ValueError as problem:
        return Problem(place, number, str(problem), jsonl.UNREADABLE)
    reason = shortcoming(record)
    return Problem(place, number, reason, jsonl.UNREADABLE) if reason else jsonl.StoredRecord(record, line, number)


class Kept(NamedTuple):
    """An entry with its place, and the second at which it counts as written."""

    moment: int
    seq: int
    stream: str
    number: int
    entry: Entry


class MemoryHistory:
    """Every question by walking over everything."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._kept: list[Kept] = []
        self._read = 0
        self._last: dict[str, tuple[int, int]] = {}  # by stream, its lines and the moment of the last
        self._seen: set[tuple[str, str]] = set()

    def refresh(self):
        pass

    def _all(self) -> list[Kept]:
        latest = int((clock.now() + clock.CREDIBLE_AHEAD).timestamp())
        for stream, raw in self._store.arrivals[self._read :]:
            self._read += 1
            lines, before = self._last.get(stream, (0, 0))
            self._last[stream] = (lines + 1, before)
            outcome = _examined("", jsonl.Line(0, raw, True, 0), lines + 1)
            if isinstance(outcome, Problem):
                continue
            entry = stream_entry(stream, outcome.record)
            key = (entry.record.id, stream)
            if entry.record.id and key in self._seen:
                continue
            self._seen.add(key)
            at = int(entry.at.timestamp()) if entry.at else None
            moment = before if at is None or at > latest else at
            self._last[stream] = (lines + 1, moment)
            self._kept.append(Kept(moment, self._read, stream, lines + 1, entry))
        return self._kept

    def _matching(self, query) -> list[Kept]:
        streams = set(streams_of(self._store, query))
        since = int(query.since.timestamp()) if query.since else None
        return [kept for kept in self._all() if kept.stream in streams and matches(kept.entry, query)
                and (since is None or kept.moment >= since)]  # fmt: skip

    def select(self, query, limit):
        kept = self._matching(query)
        if limit is None or query != query._replace(
            tasks=(), agents=(), kinds=(), severities=(), since=None, messages=False
        ):
            kept.sort()
        shown = kept if limit is None else kept[max(0, len(kept) - limit) :]
        return unrepeated([one.entry for one in shown]), min(len(kept) - len(shown), MAX_COUNTED)

    def search(self, search):
        entries = []
        for kept in sorted(self._all(), reverse=True):
            record, entry = kept.entry.record, kept.entry
            said = " ".join([entry.agent, entry.kind, entry.task, record.summary, getattr(record, "note", ""),
                             *record.receipts, *record.meta.values()])  # fmt: skip
            if ((not search.agents or entry.agent in search.agents) and (not search.tasks or entry.task in search.tasks)
                    and (search.since is None or (entry.at and entry.at >= search.since))
                    and set(re.findall(r"\w+", said.casefold())) >= set(search.words)):  # fmt: skip
                entries.append(entry)
        return Matches(unrepeated(entries)[: search.limit], False)

    def follow(self, query):
        return _Following(self._store, query)

    def agents(self):
        return sorted({kept.entry.agent for kept in self._all()})

    def _credible(self, agent, now):
        latest = now + clock.CREDIBLE_AHEAD
        return [kept for kept in self._all() if kept.entry.agent == agent and kept.entry.at and kept.entry.at <= latest
                and int(kept.entry.at.timestamp()) == kept.moment]  # fmt: skip

    def last_seen(self, agents, now):
        seen = {}
        for agent in agents:
            stamps = [kept.entry.at.replace(microsecond=0) for kept in self._credible(agent, now)]
            stamps += self._by_place(agent, now)
            if stamps:
                seen[agent] = max(stamps)
        return seen

    def _by_place(self, agent, now):
        events = [kept for kept in self._all() if kept.stream == EVENTS]
        place = max((at for at, kept in enumerate(events) if kept.entry.agent == agent), default=-1)
        latest = int((now + clock.CREDIBLE_AHEAD).timestamp())
        moments = [kept.moment for kept in events[max(0, place - 200) : place + 1] if 0 < kept.moment <= latest]
        return [datetime.fromtimestamp(max(moments), clock.UTC)] if moments else []

    def last_entries(self, agents, kinds, now):
        last = {
            agent: max((kept for kept in self._credible(agent, now) if kept.entry.kind in kinds), default=None)
            for agent in agents
        }
        return {agent: kept.entry for agent, kept in last.items() if kept}

    def last_words(self, agents, now):
        last = {agent: max(self._credible(agent, now), default=None) for agent in agents}
        return {agent: kept.entry for agent, kept in last.items() if kept}

    def totals(self):
        events = sum(kept.stream == EVENTS for kept in self._all())
        return Totals(events, len(self._all()) - events)

    def _within(self, since, until):
        return [kept for kept in self._all() if int(since.timestamp()) <= kept.moment <= int(until.timestamp())]

    def volume(self, since, until):
        kept = self._within(since, until)
        events = sum(one.stream == EVENTS for one in kept)
        replies = {getattr(one.entry.record, "reply_to", "") for one in kept} - {""}
        return Volume(events, len(kept) - events, len({one.entry.agent for one in kept}), len(replies))

    def signs(self, agents, since, until, seconds):
        counts = {agent: {} for agent in agents}
        for kept in self._within(since, until):
            if kept.entry.agent in counts:
                periods, number = counts[kept.entry.agent], kept.moment // seconds
                periods[number] = periods.get(number, 0) + 1
        return counts

    def retirements(self):
        marks = sorted(
            kept
            for kept in self._all()
            if isinstance(kept.entry.record, Event) and kept.entry.kind in ("retired", "revived")
        )
        return {kept.entry.record.meta.get("agent") or kept.entry.agent: kept.entry.kind for kept in marks}

    def _open(self) -> list[Kept]:
        asked = [
            kept for kept in self._all() if kept.entry.source == MESSAGE and kept.entry.kind in ("request", "directive")
        ]
        return [kept for kept in asked if not kept.entry.record.id or not any(map(self._answers(kept), self._all()))]

    def _answers(self, asked: Kept):
        record, task = asked.entry.record, asked.entry.task
        said = [(kept, party) for kept in self._all() if (party := self._party(kept.entry))]
        managers = {party for kept, party in said if kept.entry.kind == "handshake"}
        holders = {
            party: kept.moment
            for kept, party in reversed(said)
            if kept.entry.task == task and kept.entry.kind != "handshake"
        }

        def answers(reply: Kept) -> bool:
            if (getattr(reply.entry.record, "reply_to", ""), reply.entry.task) != (record.id, task):
                return False
            latest = max(asked.moment, reply.moment)
            others = [moment for agent, moment in holders.items() if agent != asked.entry.agent]
            is_open_to_all = not record.to and not any(moment <= latest for moment in others)
            return is_open_to_all or reply.entry.agent in {record.to, asked.entry.agent, *managers, *holders}

        return answers

    @staticmethod
    def _party(entry) -> str:
        record = entry.record
        return party_of(entry.agent, entry.kind, record.claim, record.meta) if isinstance(record, Event) else ""

    def open_requests(self, *, threads=None, target=None, limit=MAX_REQUESTS):
        waiting = [kept for kept in sorted(self._open()) if (threads is None or kept.entry.task in threads)
                   and (target is None or kept.entry.record.to == target)]  # fmt: skip
        by_sender: dict[str, Any] = {}
        turns = [(by_sender.setdefault(kept.entry.agent, itertools.count()).__next__(), kept) for kept in waiting]
        return unrepeated([kept.entry for kept in sorted(kept for _, kept in sorted(turns)[:limit])])

    def count_requests(self):
        waiting = [kept.entry.record.id for kept in self._open()]
        return len({name for name in waiting if name}) + waiting.count("")

    def count_messages(self, thread):
        return sum(kept.stream == stream_of(thread) for kept in self._all())

    def sender_of(self, record_id):
        said = [
            kept.entry for kept in self._all() if kept.entry.source == MESSAGE and kept.entry.record.id == record_id
        ]
        return said[0].agent if said else None

    def messages_with(self, thread, key):
        return [
            kept.entry for kept in self._all() if kept.stream == stream_of(thread) and key in kept.entry.record.meta
        ]

    def _events(self) -> list[Event]:
        return [kept.entry.record for kept in self._all() if isinstance(kept.entry.record, Event)]

    def events_of(self, kinds):
        return [event for event in self._events() if event.event in kinds]

    def events_about_plan(self, plan, limit):
        about = [event for event in self._events() if event.id and event.plan_id == plan]
        return about[max(0, len(about) - limit) :]

    def lines_with(self, stream, record_ids):
        lines = {}
        for name, raw in self._store.arrivals:
            record_id = (jsonl.parse_plain(raw) or {}).get("id")
            if name == stream and record_id in record_ids:
                lines.setdefault(record_id, raw)
        return lines

    def claim_changes(self, task):
        return (event for event in reversed(self._events()) if event.task_id == task and event.claim)

    def about_decisions(self):
        return unrepeated(
            [kept.entry for kept in self._all() if {"decision", "decision_id"} & kept.entry.record.meta.keys()]
        )

    def with_receipts(self, since):
        return [Recorded(kept.stream, kept.number, kept.entry) for kept in self._all()
                if kept.entry.record.receipts and kept.entry.at and kept.entry.at >= since - timedelta(microseconds=since.microsecond)]  # fmt: skip

    def problems(self, streams=None):
        names = sorted({stream for stream, _ in self._store.arrivals})
        return [
            problem
            for name in names
            if streams is None or name in streams
            for problem in self._store.read(name).problems
        ]

    def losses(self, streams=None):
        losses = self._store.losses()
        return [Loss(name, count) for name, count in losses.items() if count and (streams is None or name in streams)]


class _Following:
    def __init__(self, store, query):
        self._store, self._query, self._shown = store, query, len(store.arrivals)

    def sleep(self, seconds):
        time.sleep(seconds)

    def poll(self):
        for stream, raw in self._store.arrivals[self._shown :]:
            self._shown += 1
            outcome = _examined(self._store.where(stream), jsonl.Line(0, raw, True, 0), 0)
            if stream in streams_of(self._store, self._query):
                if isinstance(outcome, Problem):
                    yield outcome
                elif matches(entry := stream_entry(stream, outcome.record), self._query):
                    yield entry
