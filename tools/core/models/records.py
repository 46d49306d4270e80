"""The one definition of each record of the bus, and how a foreign one is read into it.

The classes are plain frozen dataclasses; the rules in each field's metadata are what `core/checks`
validates strictly and what the JSON Schemas in docs/schemas say. An optional field that is empty is
left out when it is written. What old and foreign files hold is read into them by `foreign`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, field
from typing import Any, ClassVar, dataclass_transform

from tools.core import ids

MAX_SUMMARY = 2000
SUMMARY_PATTERN = r"^[^\r\n]*\S[^\r\n]*$"
STAMP_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
HASH_PATTERN = r"^[0-9a-f]{16}$"

SEVERITIES = ("low", "medium", "high")
CLAIM_STATUSES = ("active", "paused", "released", "done")
_OLD_CLAIM_STATUSES = {
    "pending": "active",
    "in_progress": "active",
    "closed": "done",
    "cancelled": "done",
    "abandoned": "done",
}


def _one_of(words: tuple[str, ...]) -> str:
    return f"^(?:{'|'.join(words)})$"


def text_rule(*, optional: bool = False, **rules: object) -> Any:
    """A field and the rules its text must keep; an optional one is empty when left out."""
    return field(default="", metadata=rules) if optional else field(metadata=rules)


_text = text_rule


def _maybe(**rules: object) -> Any:
    return field(default="", metadata={"min_length": 1, **rules})


def _list(**rules: object) -> Any:
    return field(default=(), metadata={"min_length": 1, **rules})


_RECORD: dict[str, Any] = {"pattern": ids.RECORD_PATTERN}
_STAMP: dict[str, Any] = {"pattern": STAMP_PATTERN}
_AGENT: dict[str, Any] = {"pattern": ids.NAME_PATTERN, "max_length": ids.AGENT_LENGTH}
_TASK: dict[str, Any] = {"pattern": ids.NAME_PATTERN, "max_length": ids.NAME_LENGTH}
_PLAN: dict[str, Any] = {"pattern": ids.PLAN_PATTERN, "max_length": ids.NAME_LENGTH}
_WORD: dict[str, Any] = {"pattern": ids.WORD_PATTERN, "max_length": ids.AGENT_LENGTH}
_SUMMARY: dict[str, Any] = {"pattern": SUMMARY_PATTERN, "max_length": MAX_SUMMARY}
_HASH: dict[str, Any] = {"pattern": HASH_PATTERN}


class Record:
    """What all records share: frozen, compared and shown by their fields.

    Written once here because generating these methods for each class costs every command its start.
    """

    __pydantic_config__ = {"extra": "forbid", "strict": True}
    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __init__(self, **values: Any) -> None:
        own = self.__dict__
        for name, part in self.__dataclass_fields__.items():
            if name in values:
                own[name] = values.pop(name)
            elif part.default is not MISSING:
                own[name] = part.default
            elif part.default_factory is not MISSING:
                own[name] = part.default_factory()
            else:
                raise TypeError(f"{type(self).__name__} needs {name!r}")
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


@dataclass_transform(frozen_default=True, kw_only_default=True, eq_default=False, field_specifiers=(field,))
def record(kind: type) -> Any:
    """Makes a dataclass of keyword fields whose methods are those of `Record`."""
    return dataclass(init=False, eq=False, repr=False, match_args=False)(kind)


@record
class Event(Record):
    """Something that happened, in `_bus/events/events.jsonl`."""

    id: str = _text(**_RECORD)
    ts: str = _text(**_STAMP)
    agent_id: str = _text(**_AGENT)
    event: str = _text(**_WORD)
    summary: str = _text(**_SUMMARY)
    prev: str = _maybe(**_HASH)
    task_id: str = _maybe(**_TASK)
    plan_id: str = _maybe(**_PLAN)
    branch: str = _maybe()
    pr: str = _maybe()
    receipts: tuple[str, ...] = _list()
    severity: str = _maybe(pattern=_one_of(SEVERITIES))
    meta: Mapping[str, str] = field(default_factory=dict, metadata={"min_length": 1})
    claim: Mapping[str, Any] | None = None


@record
class Message(Record):
    """Something said, in `_bus/messages/<task>.jsonl`."""

    id: str = _text(**_RECORD)
    ts: str = _text(**_STAMP)
    sender: str = _text(**_AGENT, alias="from")
    type: str = _text(**_WORD)
    task_id: str = _text(**_TASK)
    summary: str = _text(**_SUMMARY)
    prev: str = _maybe(**_HASH)
    to: str = _maybe(**_AGENT)
    branch: str = _maybe()
    note: str = _maybe()
    receipts: tuple[str, ...] = _list()
    meta: Mapping[str, str] = field(default_factory=dict, metadata={"min_length": 1})
    reply_to: str = _maybe(**_RECORD)


@record
class TakenFrom(Record):
    """Who held a claim before, until when, and why it moved."""

    agent_id: str = _text(**_AGENT)
    at: str = _text(**_STAMP)
    reason: str = _text(min_length=1)


@record
class Claim(Record):
    """Who holds a task, in `_bus/claims/<task>.json`; `fence` grows with every change of holder."""

    task_id: str = _text(**_TASK)
    agent_id: str = _text(**_AGENT)
    branch: str = _text(min_length=1)
    status: str = _text(pattern=_one_of(CLAIM_STATUSES))
    claimed_at: str = _text(**_STAMP)
    fence: int = _text(ge=1)
    plan_id: str = _maybe(**_PLAN)
    notes: str = _maybe()
    paths: tuple[str, ...] = _list()
    paused_by: str = _maybe(**_AGENT)
    released_at: str = _maybe(**_STAMP)
    updated_at: str = _maybe(**_STAMP)
    taken_from: TakenFrom | None = None

    @property
    def state(self) -> str:
        """The status in today's words: active, paused, released or done."""
        if self.status in CLAIM_STATUSES:
            return self.status
        status = self.status.lower()
        status = _OLD_CLAIM_STATUSES.get(status, status)
        return status if status in CLAIM_STATUSES else "active"

    @property
    def is_live(self) -> bool:
        """Whether somebody holds the task."""
        return self.state in ("active", "paused")


@record
class Assignment(Record):
    """Whom a manager gave a task, in `_bus/assignments/<task>.json`."""

    task_id: str = _text(**_TASK)
    engineer: str | None = _text(**_AGENT)
    manager: str = _text(**_AGENT)
    assigned_at: str = _text(**_STAMP)
    plan_id: str = _maybe(**_PLAN)
    branch: str = _maybe()
    note: str = _maybe()


@record
class Manifest(Record):
    """A seat: who is acting, in `AGENT_MANIFEST.json`."""

    agent_id: str = _text(**_AGENT)
    owner: str = field(default="")
    agent_type: str = field(default="")
    contact: str = field(default="")
    notes: str = field(default="")
    capabilities: tuple[str, ...] = field(default=())
    desired_roles: tuple[str, ...] = field(default=())
    branch_prefix: str = _maybe()
    max_prs_per_day: int | None = field(default=None, metadata={"ge": 0})


def fields_of(kind: type) -> dict[str, str]:
    """The names of a record's fields as files spell them, to the names of its attributes."""
    return {part.metadata.get("alias", name): name for name, part in _dataclass_fields(kind).items()}


def required_fields(kind: type) -> frozenset[str]:
    """The names, as files spell them, of the fields a record cannot do without."""
    parts = _dataclass_fields(kind)
    return frozenset(
        spelled
        for spelled, name in fields_of(kind).items()
        if parts[name].default is MISSING and parts[name].default_factory is MISSING
    )


def _dataclass_fields(kind: Any) -> dict[str, Any]:
    fields: dict[str, Any] = kind.__dataclass_fields__
    return fields


def to_mapping(record: Any) -> dict[str, Any]:
    """The record as a file holds it: optional fields that are empty are left out."""
    found: dict[str, Any] = {}
    for name, part in _dataclass_fields(type(record)).items():
        value = getattr(record, name)
        optional = part.default is not MISSING or part.default_factory is not MISSING
        if optional and (value is None or value == "" or value == () or value == {}):
            continue
        found[part.metadata.get("alias", name)] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return dict(value)
    return to_mapping(value) if hasattr(value, "__dataclass_fields__") else value


def over(record: Any, before: Mapping[str, object]) -> dict[str, object]:
    """The record as a document, with the unknown fields of the one it replaces kept."""
    known = fields_of(type(record))
    return {**{key: value for key, value in before.items() if key not in known}, **to_mapping(record)}


OWN_FIELDS = frozenset(fields_of(Event)) | frozenset(fields_of(Message))
"""Names that free key=value data must not use (design §2, promise 5)."""
