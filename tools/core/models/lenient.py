"""Old and foreign records, read into today's: tolerant, and never raising.

They accept the hand-written and foreign files of three months (docs/formats.md, "What readers
accept").
"""

from __future__ import annotations

from tools.core import plain_json
from tools.core.models.bus import Assignment, Claim, Event, Message, TakenFrom
from tools.core.models.manifest import Manifest
from tools.core.models.record import fields_of
from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def text_of(value: object) -> str:
    """A value as text: a string as it is, nothing as nothing, anything else as compact JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return plain_json.sorted_line(value, allow_nan=True)


def _texts_of(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(text_of(part) for part in value if part) if isinstance(value, list) else ()


def _meta_of(raw: Mapping[str, object], fields: Mapping[str, str], aliases: tuple[str, ...]) -> dict[str, str]:
    meta = {key: text_of(value) for key, value in raw.items() if key not in fields and key not in aliases}
    free = raw.get("meta")
    if isinstance(free, dict):
        meta.update({key: text_of(value) for key, value in free.items()})
    elif free:
        meta["meta"] = text_of(free)
    return meta


def _receipts_of(raw: Mapping[str, object]) -> tuple[str, ...]:
    return _texts_of(raw.get("receipts")) + _texts_of(raw.get("receipt"))


def shortcoming(raw: Mapping[str, object]) -> str:
    """Why a JSON object is neither event nor message, even an old or foreign one; "" when it is."""
    for names, meaning in ((("agent_id", "from"), "who wrote it"), (("event", "type"), "what kind it is")):
        if not any(isinstance(raw.get(name), str) and raw[name] for name in names):
            return f"not a record of the bus: no {' or '.join(names)} says {meaning}"
    if not isinstance(raw.get("ts"), str) or not raw["ts"]:
        return "not a record of the bus: no ts says when"
    if not isinstance(raw.get("summary"), str):
        return "not a record of the bus: no summary says what"
    return ""


def event_from(raw: Mapping[str, object]) -> Event:
    """An event, whatever its age and origin."""
    claim = raw.get("claim")
    return Event(
        id=text_of(raw.get("id")),
        ts=text_of(raw.get("ts")),
        agent_id=text_of(raw.get("agent_id") or raw.get("from")),
        event=text_of(raw.get("event") or raw.get("type")),
        summary=text_of(raw.get("summary")),
        prev=text_of(raw.get("prev")),
        task_id=text_of(raw.get("task_id") or raw.get("task")),
        plan_id=text_of(raw.get("plan_id")),
        branch=text_of(raw.get("branch")),
        pr=text_of(raw.get("pr")),
        receipts=_receipts_of(raw),
        severity=text_of(raw.get("severity")),
        meta=_meta_of(raw, _EVENT_FIELDS, ("from", "type", "task", "receipt")),
        claim=claim if isinstance(claim, dict) else None,
    )


def message_from(raw: Mapping[str, object], thread: str) -> Message:
    """A message of a thread, whatever its age and origin; some are in the shape of an event."""
    return Message(
        id=text_of(raw.get("id")),
        ts=text_of(raw.get("ts")),
        sender=text_of(raw.get("from") or raw.get("agent_id")),
        type=text_of(raw.get("type") or raw.get("event")),
        task_id=text_of(raw.get("task_id") or raw.get("task") or thread),
        summary=text_of(raw.get("summary")),
        prev=text_of(raw.get("prev")),
        to=text_of(raw.get("to")),
        branch=text_of(raw.get("branch")),
        note=text_of(raw.get("note")),
        receipts=_receipts_of(raw),
        meta=_meta_of(raw, _MESSAGE_FIELDS, ("agent_id", "event", "task", "receipt")),
        reply_to=text_of(raw.get("reply_to")),
    )


def claim_from(raw: Mapping[str, object], task: str) -> Claim:
    """A claim, whatever its age and origin; one without a fence has fence 0."""
    fence = raw.get("fence")
    return Claim(
        task_id=task,
        agent_id=text_of(raw.get("agent_id")),
        branch=text_of(raw.get("branch")),
        status=text_of(raw.get("status")),
        claimed_at=text_of(raw.get("claimed_at")),
        fence=fence if type(fence) is int and 0 <= fence < 1 << 53 else 0,
        plan_id=text_of(raw.get("plan_id")),
        notes=text_of(raw.get("notes") or raw.get("note")),
        paths=_texts_of(raw.get("paths")),
        paused_by=text_of(raw.get("paused_by")),
        released_at=text_of(raw.get("released_at")),
        updated_at=text_of(raw.get("updated_at")),
        taken_from=_taken_from(raw.get("taken_from")),
        grant=text_of(raw.get("grant")),
    )


def _taken_from(value: object) -> TakenFrom | None:
    if not isinstance(value, dict):
        return None
    return TakenFrom(
        agent_id=text_of(value.get("agent_id")),
        at=text_of(value.get("at")),
        reason=text_of(value.get("reason")),
    )


def assignment_from(raw: Mapping[str, object], task: str) -> Assignment:
    """An assignment; the engineer "unassigned" of old files reads as None."""
    engineer = text_of(raw.get("engineer"))
    return Assignment(
        task_id=task,
        engineer=None if engineer in ("", "unassigned") else engineer,
        manager=text_of(raw.get("manager")),
        assigned_at=text_of(raw.get("assigned_at")),
        plan_id=text_of(raw.get("plan_id")),
        branch=text_of(raw.get("branch")),
        note=text_of(raw.get("note")),
        grant=text_of(raw.get("grant")),
    )


def manifest_from(raw: Mapping[str, object]) -> Manifest:
    """A manifest; values of a wrong type are left out."""
    per_day = raw.get("max_prs_per_day")
    return Manifest(
        agent_id=text_of(raw.get("agent_id")),
        owner=text_of(raw.get("owner")),
        agent_type=text_of(raw.get("agent_type")),
        contact=text_of(raw.get("contact")),
        notes=text_of(raw.get("notes")),
        capabilities=_texts_of(raw.get("capabilities")),
        desired_roles=_texts_of(raw.get("desired_roles")),
        branch_prefix=text_of(raw.get("branch_prefix")),
        max_prs_per_day=per_day if type(per_day) is int else None,
    )


_EVENT_FIELDS = fields_of(Event)
_MESSAGE_FIELDS = fields_of(Message)
