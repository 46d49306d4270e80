"""What a record is made of: a frozen base class, the rules of its fields, and its form in a file.

The rules stand in each field's metadata; `validate` checks them strictly, `validate_fast` cheaply, and
the JSON Schemas in docs/schemas say them. An optional field that is empty is left out when it is written.
The fields are described here and not by `dataclasses`, whose import alone costs as much as starting Python;
`validate` makes dataclasses of them for the library that checks them.
"""

from __future__ import annotations

from tools.core import ids
from tools.core.plain import TYPE_CHECKING, Mapping

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, TypeVar, dataclass_transform

    Kind = TypeVar("Kind", bound="Record")
else:
    dataclass_transform = lambda **_: lambda maker: maker  # noqa: E731 - it speaks to type checkers alone

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


class Absent:
    """The default of a field that has none."""


class Field:
    """One field of a record: its default, or what makes one, its rules, and its type as it is written."""

    __slots__ = ("default", "default_factory", "metadata", "type")

    def __init__(self, default: Any, default_factory: Callable[[], Any] | None, metadata: Mapping[str, Any]) -> None:
        self.default = default
        self.default_factory = default_factory
        self.metadata = metadata
        self.type = ""

    @property
    def is_required(self) -> bool:
        """Whether a record cannot do without it."""
        return self.default is Absent and self.default_factory is None

    def fill(self) -> Any:
        """The default of an optional field."""
        return self.default if self.default_factory is None else self.default_factory()


def field(
    *,
    default: Any = Absent,
    default_factory: Callable[[], Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """A field of a record, as `dataclasses.field` describes one."""
    return Field(default, default_factory, metadata or {})


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
    """What all records share: frozen, compared and shown by their fields."""

    __record_fields__: ClassVar[dict[str, Field]] = {}

    def __init__(self, **values: Any) -> None:
        own = self.__dict__
        for name, part in self.__record_fields__.items():
            if name in values:
                own[name] = values.pop(name)
            elif part.is_required:
                raise TypeError(f"{type(self).__name__} needs {name!r}")
            else:
                own[name] = part.fill()
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


@dataclass_transform(frozen_default=True, kw_only_default=True, eq_default=False, field_specifiers=(field,))
def record(kind: type[Kind]) -> type[Kind]:
    """Makes a class whose annotations are its fields, all given by keyword; its methods are those of `Record`."""
    fields = {}
    for name, annotation in kind.__annotations__.items():
        part = vars(kind).get(name, Absent)
        fields[name] = part if isinstance(part, Field) else Field(part, None, {})
        fields[name].type = annotation
    kind.__record_fields__ = fields
    return kind


def replace(record: Kind, **changes: Any) -> Kind:
    """The record with some fields changed."""
    return type(record)(**{**vars(record), **changes})


def fields_of(kind: type[Record]) -> dict[str, str]:
    """The names of a record's fields as files spell them, to the names of its attributes."""
    return {part.metadata.get("alias", name): name for name, part in kind.__record_fields__.items()}


def required_fields(kind: type[Record]) -> frozenset[str]:
    """The names, as files spell them, of the fields a record cannot do without."""
    parts = kind.__record_fields__
    return frozenset(spelled for spelled, name in fields_of(kind).items() if parts[name].is_required)


def to_mapping(record: Record) -> dict[str, Any]:
    """The record as a file holds it: optional fields that are empty are left out."""
    document: dict[str, Any] = {}
    for name, part in record.__record_fields__.items():
        value = getattr(record, name)
        if not part.is_required and (value is None or value == "" or value == () or value == {}):
            continue
        document[part.metadata.get("alias", name)] = _plain(value)
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Record):
        return to_mapping(value)
    return dict(value) if isinstance(value, Mapping) else value


def over(record: Record, before: Mapping[str, object]) -> dict[str, object]:
    """The record as a document, with the unknown fields of the one it replaces kept."""
    own = fields_of(type(record))
    return {**{key: value for key, value in before.items() if key not in own}, **to_mapping(record)}
