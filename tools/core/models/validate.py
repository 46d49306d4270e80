"""Strict validation of every record by the very classes that define it, and their JSON Schemas.

The only home of pydantic, imported when a check needs it: it costs more to start than a whole command
of the bus. Readers never come here; they are tolerant (docs/formats.md).
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tools.core.fs import files
from tools.core.models import validate_fast
from tools.core.models.bus import Assignment, Claim, Event, Message, TakenFrom
from tools.core.models.evidence import ConsensusReceipt, MemoryEntry, Refusal, RunReceipt, Warning
from tools.core.models.manifest import Manifest
from tools.core.models.plan import Checkpoint, Link, Plan, Step
from tools.core.models.record import Field, Record
from tools.core.models.validate_fast import MEANINGS
from tools.core.problem import Problem, inside

RECORDS: dict[str, type[Record]] = {
    "event": Event,
    "message": Message,
    "claim": Claim,
    "assignment": Assignment,
    "manifest": Manifest,
    "warning": Warning,
    "refusal": Refusal,
    "consensus-receipt": ConsensusReceipt,
    "plan": Plan,
    "run-receipt": RunReceipt,
    "memory": MemoryEntry,
}
"""Every record that has a schema, by the name of its schema."""

_NESTED = (TakenFrom, Step, Checkpoint, Link)
"""The records that stand within others, and hold none themselves."""

_STRICT = {"extra": "forbid", "strict": True}
_UNDECODED = re.compile(r"[\udc80-\udcff]")
"""Python's spelling (PEP 383) of a byte that is no UTF-8, as in the name of a file from a Latin-1 system."""
_REASONS = {
    "missing": "is required",
    "unexpected_keyword_argument": "is not a field of this record",
    "extra_forbidden": "is not a field of this record",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


def problems(kind: type, raw: Mapping[str, object]) -> list[Problem]:
    """Everything in which a document is not a strict record of this kind, in the order of its fields."""
    return [] if validate_fast.is_valid(kind, raw) else explain(kind, raw)


def explain(kind: type, raw: Mapping[str, object]) -> list[Problem]:
    """The same by the class itself, which takes pydantic and its start."""
    from pydantic import ValidationError

    try:
        text = json.dumps(json.loads(_UNDECODED.sub("\ufffd", json.dumps(raw, ensure_ascii=False))))
    except (TypeError, ValueError, RecursionError) as problem:
        return [_problem("", f"not JSON: {problem}")]
    violations: dict[Problem, None] = {}
    try:
        adapter(kind).validate_json(text)
    except ValidationError as failure:
        errors = failure.errors(include_url=False, include_context=False)
        violations = dict.fromkeys(_problem(_pointer(error["loc"]), _reason(error)) for error in errors)
    refused = {problem.pointer for problem in violations}
    return [*violations, *(problem for problem in _meanings(kind, raw, "") if problem.pointer not in refused)]


def _problem(pointer: str, reason: str) -> Problem:
    return inside("record.shape", pointer, reason)


@cache
def adapter(kind: type) -> Any:
    """The validator that is built from a record's class."""
    from pydantic import TypeAdapter

    return TypeAdapter(dataclass_of(kind))


@cache
def dataclass_of(kind: Any) -> type:
    """The fields of a record as a dataclass, which is what pydantic reads; records within it are dataclasses, too."""
    within = {} if kind in _NESTED else {part.__name__: dataclass_of(part) for part in _NESTED}
    types = inspect.get_annotations(kind, locals={"Mapping": Mapping, "Any": Any, **within}, eval_str=True)
    fields = [(name, types[name], _field(part)) for name, part in kind.__record_fields__.items()]
    own = {"__doc__": kind.__doc__, "__module__": kind.__module__, "__pydantic_config__": _STRICT}
    return dataclasses.make_dataclass(kind.__name__, fields, namespace=own, kw_only=True, frozen=True)


def _field(part: Field) -> Any:
    if part.is_required:
        return dataclasses.field(metadata=part.metadata)
    if part.default_factory is not None:
        return dataclasses.field(default_factory=part.default_factory, metadata=part.metadata)
    return dataclasses.field(default=part.default, metadata=part.metadata)


def _pointer(parts: tuple[int | str, ...]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def _reason(error: Any) -> str:
    reason = _REASONS.get(error["type"])
    if reason:
        return reason
    message = str(error["msg"])
    shown = repr(error["input"])
    return f"{shown if len(shown) <= 60 else shown[:57] + '...'}: {message[0].lower()}{message[1:]}"


def _meanings(kind: Any, raw: Mapping[str, object], above: str) -> Iterator[Problem]:
    for name, part in kind.__record_fields__.items():
        spelled = part.metadata.get("alias", name)
        value = raw.get(spelled)
        if isinstance(value, str) and part.metadata.get("pattern") in MEANINGS:
            means, reason = MEANINGS[part.metadata["pattern"]]
            if not means(value):
                yield _problem(f"{above}/{spelled}", f"{value!r}: {reason}")
        elif isinstance(value, dict) and name == "taken_from":
            yield from _meanings(TakenFrom, value, f"{above}/{spelled}")


def schema_files() -> dict[str, bytes]:
    """The files of docs/schemas/ as they must be."""
    return {name: files.dump_json(content) for name, content in schemas().items()}


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema (draft 2020-12) of every record, by the name of its file in docs/schemas/."""
    return {f"{name}.schema.json": schema(name, kind) for name, kind in RECORDS.items()}


def schema(name: str, kind: type) -> dict[str, Any]:
    """The JSON Schema of one record; what patterns cannot say (a real date) only `problems` checks."""
    made = _without_defaults(adapter(kind).json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{name}.schema.json", **made}


def _without_defaults(part: Any) -> Any:
    """Defaults stand for absence in memory, not in files; `$` is also a line end to some engines."""
    if isinstance(part, list):
        return [_without_defaults(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _without_defaults(value) for key, value in part.items() if key != "default"}
    if isinstance(kept.get("pattern"), str) and kept["pattern"].endswith("$"):
        kept["pattern"] += r"(?!\n)"
    return kept
