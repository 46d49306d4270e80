"""Named tuples as JSON: the document they become and the JSON Schema (draft 2020-12) it keeps."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

from tools.core import clock
from tools.core.models.record import STAMP_PATTERN

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    datetime: {"type": "string", "pattern": STAMP_PATTERN},
}


def document(value: Any) -> Any:
    """A named tuple (in lists, mappings, other tuples) as JSON holds it; moments become stamps."""
    if hasattr(value, "_fields"):
        return {name: document(getattr(value, name)) for name in value._fields}
    if isinstance(value, Mapping):
        return {key: document(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, frozenset)):
        return [document(part) for part in value]
    return clock.to_text(value) if isinstance(value, datetime) else value


def schema(kind: type, title: str, description: str) -> dict[str, Any]:
    """The JSON Schema of a named tuple's document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        **_schema(kind),
    }


def _schema(kind: Any) -> dict[str, Any]:
    if kind in _PLAIN:
        return dict(_PLAIN[kind])
    if hasattr(kind, "_fields"):
        hints = get_type_hints(kind)
        return {
            "type": "object",
            "properties": {name: _schema(hints[name]) for name in kind._fields},
            "required": list(kind._fields),
            "additionalProperties": False,
        }
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(part) for part in parts]}
    if origin in (list, tuple):
        return {"type": "array", "items": _schema(parts[0])}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(parts[1])}
    raise TypeError(f"no JSON Schema for {kind!r}")
