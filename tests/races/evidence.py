"""What must be found afterwards: every acknowledged write, once, where it belongs, in an order that could have been."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.races.linearizability import Operation, Verdict, check, out_of_order
from tests.races.models import RULES, Answer, Task, label, manifest, task
from tests.races.schedule import PLAN, SHARED, Call
from tools.core import ids
from tools.core.models.bus import EVENTS
from tools.core.models.lenient import assignment_from, claim_from
from tools.core.models.record import to_mapping
from tools.core.store.files.store import FileStore

END = 1 << 62
"""A moment after all others, at which the files are read."""


def verdicts(history: Sequence[Operation], store: FileStore) -> dict[str, Verdict]:
    """For each task, whether what was told about it could have happened, its files at the end included."""
    about: dict[str, list[Operation]] = {}
    for operation in history:
        for call in _tasks_of(operation):
            about.setdefault(call.about, []).append(operation._replace(call=call))
    assert set(store.names("claims")) <= set(about), "there is a claim that nobody was told of"
    return {name: check([*found, _end(store, name)], Task(), task) for name, found in about.items()}


def _tasks_of(operation: Operation) -> Iterable[Call]:
    """The call as each task sees it: `next` concerns what it got, a refusal of the busy what they are at work on."""
    call, answer = operation.call, operation.answer
    if answer.error.get("code") == "pickup.busy":
        return [call._replace(kind="busy", about=name) for name in answer.error["details"]["tasks"]]
    if call.kind == "next":
        return [call._replace(about=answer.document["claim"]["task_id"])] if answer.done else []
    return [call] if call.kind in RULES else []


def _end(store: FileStore, name: str) -> Operation:
    claim, given = store.get(f"claims/{name}"), store.get(f"assignments/{name}")
    document = {
        "claim": to_mapping(claim_from(claim.content, name)) if claim else None,
        "assignment": to_mapping(assignment_from(given.content, name)) if given else None,
    }
    return _found_at_the_end(name, document)


def _found_at_the_end(about: str, document: dict[str, Any]) -> Operation:
    """A look at the files behind all that was done."""
    answer = Answer(0, document, {}, "2026-01-31T12:00:00Z")
    return Operation("the files", END, END, Call("end", about, {}, "", []), answer)


# -- one holder at a time --------------------------------------------------------------------------


def shared_fences(history: Iterable[Operation]) -> dict[tuple[str, int], set[str]]:
    """The fences of a task that more than one agent was given."""
    holders: dict[tuple[str, int], set[str]] = {}
    for operation in history:
        claim = operation.answer.document.get("claim")
        if claim and operation.answer.done:
            holders.setdefault((claim["task_id"], claim["fence"]), set()).add(claim["agent_id"])
    return {fence: agents for fence, agents in holders.items() if len(agents) > 1}


def stolen(store: FileStore) -> list[dict[str, Any]]:
    """The events by which a task left somebody who was at work on it, though nobody overrode that with a reason."""
    found: list[dict[str, Any]] = []
    claims: dict[str, Any] = {}
    events: list[dict[str, Any]] = [stored.record for stored in store.read(EVENTS).records if "claim" in stored.record]
    for event in events:
        after, meta = event["claim"], event.get("meta", {})
        before = claims.get(after["task_id"], after)
        claims[after["task_id"]] = after
        moved = before["agent_id"] != after["agent_id"] and before["status"] == "active"
        if moved and not ("takeover_forced" in meta.get("override", "") and meta.get("reason")):
            found.append(event)
    return found


# -- nothing acknowledged is missing -----------------------------------------------------------------


def told_records(operation: Operation) -> list[tuple[str, dict[str, Any]]]:
    """What an acknowledged call said it wrote to the bus: (stream, record)."""
    call, answer = operation.call, operation.answer
    if not answer.done:
        return []
    return [(stream, record) for record in answer.records for stream in _streams_of(call, record)]


def _streams_of(call: Call, record: dict[str, Any]) -> list[str]:
    """A message that is for somebody lies in the inbox too, under the same id; only `pickup` writes none there."""
    if "event" in record:
        return [EVENTS]
    addressed = record.get("to") and call.kind not in ("pickup", "next")
    inbox = [f"messages/{ids.inbox_of(record['to'])}"] if addressed else []
    return inbox if _is_notice(record) else [f"messages/{record['task_id']}", *inbox]


def check_streams(history: Iterable[Operation], store: FileStore) -> None:
    """Each stream holds exactly what was acknowledged, linked, and in an order that could have been."""
    told: dict[str, dict[str, tuple[Operation, dict[str, Any]]]] = {}
    for operation in history:
        for stream, record in told_records(operation):
            if _is_notice(record):
                continue
            told.setdefault(stream, {})[record["id"]] = (operation, record)
    streams = {f"messages/{name}" for name in store.names("messages")}
    told |= {stream: {} for stream in streams - set(told) if _has_notices_alone(store, stream)}
    assert set(told) == {EVENTS, *streams}
    for stream, records in told.items():
        _check_stream(store, stream, records)


def _has_notices_alone(store: FileStore, stream: str) -> bool:
    return all(_is_notice(stored.record) for stored in store.read(stream).records)


def _check_stream(store: FileStore, stream: str, told: dict[str, tuple[Operation, dict[str, Any]]]) -> None:
    reading = store.read(stream)
    assert not reading.problems, reading.problems
    found = [stored.record for stored in reading.records if not _is_notice(stored.record)]
    _check_same((str(record["id"]) for record in found), told, stream)
    for record in found:
        assert _plain(record) == _plain(told[str(record["id"])][1]), stream
    assert [stored.record.get("prev") for stored in reading.records] == [
        None,
        *(stored.line.hash for stored in reading.records[:-1]),
    ]
    moments = [told[str(record["id"])][0][1:3] for record in found]
    assert out_of_order(moments) is None, stream


def _is_notice(record: dict[str, Any]) -> bool:
    """Whether it says to an agent that it lost a task; the answer of the command that took the task need not show it."""
    return record.get("type") == "takeover"


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in ("prev", "notes")}


def _check_same(found: Iterable[str], told: Mapping[str, object], where: str) -> None:
    """Everything that was acknowledged is there once, and nothing else."""
    there = Counter(found)
    missing = [told[name] for name in told if name not in there]
    surplus = {name: count for name, count in there.items() if count > 1 or name not in told}
    assert not missing and not surplus, f"{where}: missing {missing}, not acknowledged or twice {surplus}"


def check_plan(history: Iterable[Operation], root: Path) -> None:
    """The plan of a worktree has each acknowledged step and link once, in an order that could have been."""
    plan = json.loads((root / f"_plans/{PLAN}.plan.json").read_text())
    said = {
        "step": [step["title"] for step in plan["steps"][1:]],
        "link": [link["ref"] for link in plan.get("links", ())],
    }
    for kind, found in said.items():
        told = {one.call.values["said"]: one for one in history if one.call.kind == kind and one.answer.done}
        _check_same(found, told, f"{root} {kind}")
        assert out_of_order(told[text][1:3] for text in found) is None, (root, kind)


def check_sessions(history: Sequence[Operation], root: Path) -> None:
    """The saved sessions of a worktree are those acknowledged, whole; each restored manifest was in place."""
    saved = {one.call.about: one.client for one in history if one.call.kind == "save" and one.answer.done}
    folder = root / ".manifest_sessions"
    assert {path.name for path in folder.glob("*")} == set(saved)
    for name, agent in saved.items():
        kept = [
            json.loads((folder / name / part).read_text())["agent_id"] for part in ("session.json", "manifest.json")
        ]
        assert kept == [agent, agent], (root, name)
    for name in {one.call.about for one in history if one.call.about.startswith(SHARED)}:
        verdict = check([one for one in history if one.call.about == name], None, label)
        assert verdict.holds and verdict.state == saved.get(name), f"{root} {name} {verdict}"
    active = root / "AGENT_MANIFEST.json"
    verdict = restored(history, json.loads(active.read_text())["agent_id"] if active.exists() else None)
    assert verdict.holds, f"{root} {verdict}"


def restored(history: Iterable[Operation], agent: str | None) -> Verdict:
    """Whether the restores of a worktree could have left the manifest of this agent: of two at once either may be last."""
    restores = [one for one in history if one.call.kind == "restore" and one.answer.done]
    end = _found_at_the_end("", {"agent_id": agent, "changed": False})
    return check([*restores, end], None, manifest)


def check_reports(history: Iterable[Operation], root: Path) -> None:
    """Each refusal of the claim guard and each override of a claim left its line of evidence."""
    refused: Counter[str] = Counter()
    overridden: Counter[tuple[str, str]] = Counter()
    for one in history:
        refused[one.client] += one.answer.error.get("code") == "event.guarded"
        overrides = [record.get("meta", {}).get("override", "") for _, record in told_records(one) if "claim" in record]
        overridden.update((one.client, code) for override in overrides for code in override.split(",") if code)
    for agent, count in refused.items():
        assert len(_lines(root / f"_report/agent/{agent}/errors.jsonl")) == count, agent
    for (agent, code), count in overridden.items():
        warnings = _lines(root / f"_report/agent/{agent}/session_guard/warnings.jsonl")
        assert sum(line["code"] == code for line in warnings) >= count, (agent, code)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
