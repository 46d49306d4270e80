"""What a record is made of: a frozen base class, the rules of its fields, and its form in a file.

The rules stand in each field's metadata; `validate` checks them strictly, `validate_fast` cheaply, and
the JSON Schemas in docs/schemas say them. An optional field that is empty is left out when it is written.
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
GRANT_PATTERN = r"^[1-9][0-9]{0,14}-[0-9a-f]{32}$"

RECORD_ID: dict[str, Any] = {"pattern": ids.RECORD_PATTERN}
STAMP: dict[str, Any] = {"pattern": STAMP_PATTERN}
AGENT: dict[str, Any] = {"pattern": ids.NAME_PATTERN, "max_length": ids.AGENT_LENGTH}
TASK: dict[str, Any] = {"pattern": ids.NAME_PATTERN, "max_length": ids.NAME_LENGTH}
PLAN: dict[str, Any] = {"pattern": ids.PLAN_PATTERN, "max_length": ids.NAME_LENGTH}
WORD: dict[str, Any] = {"pattern": ids.WORD_PATTERN, "max_length": ids.AGENT_LENGTH}
SUMMARY: dict[str, Any] = {"pattern": SUMMARY_PATTERN, "max_length": MAX_SUMMARY}
HASH: dict[str, Any] = {"pattern": HASH_PATTERN}
GRANT: dict[str, Any] = {"pattern": GRANT_PATTERN}


def one_of(words: tuple[str, ...]) -> str:
    """The pattern that matches exactly these words."""
    return f"^(?:{'|'.join(words)})$"


def text_rule(*, optional: bool = False, **rules: object) -> Any:
    """A field and the rules its text must keep; an optional one is empty when left out."""
    return field(default="", metadata=rules) if optional else field(metadata=rules)


def optional_text(**rules: object) -> Any:
    """A text field that may be left out, but not written empty."""
    return field(default="", metadata={"min_length": 1, **rules})


def listed(**rules: object) -> Any:
    """A list field that may be left out, but not written empty."""
    return field(default=(), metadata={"min_length": 1, **rules})


class Record:
    """What all records share: frozen, compared and shown by their fields.

    Generated methods, one set for each class, would add about 9 ms to the start of every command.
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
    document: dict[str, Any] = {}
    for name, part in _dataclass_fields(type(record)).items():
        value = getattr(record, name)
        optional = part.default is not MISSING or part.default_factory is not MISSING
        if optional and (value is None or value == "" or value == () or value == {}):
            continue
        document[part.metadata.get("alias", name)] = _plain(value)
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return dict(value)
    return to_mapping(value) if hasattr(value, "__dataclass_fields__") else value


def over(record: Any, before: Mapping[str, object]) -> dict[str, object]:
    """The record as a document, with the unknown fields of the one it replaces kept."""
    own = fields_of(type(record))
    return {**{key: value for key, value in before.items() if key not in own}, **to_mapping(record)}
