"""The strict checks agree with the JSON Schemas, and both with the records' rules."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import pytest

from tests import schemas
from tests.conftest import CHECKOUT, as_committed
from tools.core import ids
from tools.core.board import build
from tools.core.models import lenient, validate
from tools.core.models import validate as checks
from tools.core.models.bus import Event
from tools.core.models.evidence import ConsensusReceipt, Warning
from tools.core.models.record import Record, to_mapping
from tools.core.problem import inside

STAMP = "2026-01-02T03:04:05Z"
ID = ids.new_record_id(1)

GOOD: dict[str, dict[str, Any]] = {
    "event": {"id": ID, "ts": STAMP, "agent_id": "codex-1", "event": "status", "summary": "at work"},
    "message": {"id": ID, "ts": STAMP, "from": "codex-1", "type": "note", "task_id": "T-1", "summary": "hello"},
    "claim": {
        "task_id": "T-1",
        "agent_id": "codex-1",
        "branch": "agent/codex-1/t-1",
        "status": "active",
        "claimed_at": STAMP,
        "fence": 2,
        "taken_from": {"agent_id": "codex-2", "at": STAMP, "reason": "stale"},
    },
    "assignment": {"task_id": "T-1", "engineer": None, "manager": "m", "assigned_at": STAMP},
    "manifest": {"agent_id": "codex-1", "desired_roles": ["manager"], "max_prs_per_day": 3},
    "warning": {"ts": STAMP, "agent_id": "codex-1", "code": "manifest_mismatch", "message": "other seat"},
    "refusal": {"ts": STAMP, "agent_id": "codex-1", "event": "complete", "reason": "not the holder"},
    "memory": {"ts": STAMP, "run_id": "r-1", "summary": "s", "hash_prev": None, "hash_self": "0" * 64},
    "consensus-receipt": {"decision_id": "D-1", "summary": "s", "agent_id": "a", "event": "consensus", "ts": STAMP},
    "plan": {
        "version": 0,
        "plan_id": "2026-01-02-x",
        "created": STAMP,
        "actor": "codex-1",
        "summary": "s",
        "status": "queued",
        "steps": [{"id": "S1", "title": "t", "status": "queued", "receipts": []}],
        "checkpoint": {"description": "d", "owner": "codex-1", "status": "pending"},
        "links": [{"type": "bus", "ref": "_bus/claims/T-1.json"}],
        "impact_score": 3,
        "systemic_scale": 10,
        "layer": "L6",
    },
    "run-receipt": {
        "command": ["true"],
        "exit_status": 0,
        "started_at": STAMP,
        "duration_seconds": 0.1,
        "output_sha256": "0" * 64,
        "output_bytes": 0,
        "dirty": False,
        "agent_id": "codex-1",
    },
}

BAD: list[tuple[str, str, Any, str]] = [
    ("event", "id", "not-a-ulid", "/id"),
    ("event", "ts", "2026-01-02 03:04:05", "/ts"),
    ("event", "ts", STAMP + "\n", "/ts"),
    ("event", "summary", "  ", "/summary"),
    ("event", "summary", "x" * 2001, "/summary"),
    ("event", "summary", "two\nlines", "/summary"),
    ("event", "agent_id", "a..b", "/agent_id"),
    ("event", "event", "Status", "/event"),
    ("event", "severity", "urgent", "/severity"),
    ("event", "receipts", "one", "/receipts"),
    ("event", "receipts", [], "/receipts"),
    ("event", "receipts", [1], "/receipts/0"),
    ("event", "meta", {"a/b": 1}, "/meta/a~1b"),
    ("event", "claim", "x", "/claim"),
    ("event", "pr", 7, "/pr"),
    ("event", "prev", "0123", "/prev"),
    ("message", "from", "", "/from"),
    ("message", "reply_to", "x", "/reply_to"),
    ("claim", "fence", 0, "/fence"),
    ("claim", "fence", True, "/fence"),
    ("claim", "status", "in_progress", "/status"),
    ("claim", "taken_from", {"agent_id": "a", "at": STAMP}, "/taken_from/reason"),
    ("assignment", "engineer", 5, "/engineer"),
    ("manifest", "max_prs_per_day", -1, "/max_prs_per_day"),
    ("warning", "message", "", "/message"),
    ("memory", "hash_prev", "00", "/hash_prev"),
    ("consensus-receipt", "decision_id", "a b", "/decision_id"),
    ("plan", "steps", [], "/steps"),
    ("plan", "layer", "L7", "/layer"),
    ("plan", "systemic_scale", 11, "/systemic_scale"),
    ("plan", "impact_score", "high", "/impact_score"),
    ("plan", "links", [{"type": "bus"}], "/links/0/ref"),
    ("run-receipt", "command", [], "/command"),
    ("run-receipt", "output_sha256", "abc", "/output_sha256"),
]


@pytest.mark.parametrize("name", GOOD)
def test_a_good_record_passes_model_and_schema(name: str) -> None:
    assert validate.problems(validate.RECORDS[name], GOOD[name]) == []
    assert schemas.faults(validate.schemas()[f"{name}.schema.json"], GOOD[name]) == []


@pytest.mark.parametrize(("name", "field", "value", "pointer"), BAD)
def test_a_bad_field_is_named_by_the_model_and_refused_by_the_schema(
    name: str, field: str, value: Any, pointer: str
) -> None:
    sample = {**GOOD[name], field: value}
    assert pointer in [problem.pointer for problem in validate.problems(validate.RECORDS[name], sample)]
    assert schemas.faults(validate.schemas()[f"{name}.schema.json"], sample)


@pytest.mark.parametrize("name", GOOD)
def test_every_required_field_is_missed_by_both(name: str) -> None:
    schema = validate.schemas()[f"{name}.schema.json"]
    assert schema["required"]
    for field in schema["required"]:
        sample = {key: value for key, value in GOOD[name].items() if key != field}
        problems = validate.problems(validate.RECORDS[name], sample)
        assert [(problem.pointer, problem.reason) for problem in problems] == [(f"/{field}", "is required")]
        assert schemas.faults(schema, sample)


@pytest.mark.parametrize("name", GOOD)
def test_an_unknown_field_is_reported_by_both(name: str) -> None:
    sample = {**GOOD[name], "colour": "red"}
    assert inside("record.shape", "/colour", "is not a field of this record") in validate.problems(
        validate.RECORDS[name], sample
    )
    assert schemas.faults(validate.schemas()[f"{name}.schema.json"], sample)


@pytest.mark.parametrize(
    ("field", "value"), [("agent_id", "NUL"), ("agent_id", "x.lock"), ("ts", "2026-02-30T00:00:00Z")]
)
def test_what_no_pattern_can_say_is_checked_as_well(field: str, value: str) -> None:
    assert [problem.pointer for problem in validate.problems(Event, {**GOOD["event"], field: value})] == [f"/{field}"]


def test_a_lone_surrogate_is_a_problem_and_no_crash() -> None:
    assert validate.problems(Event, {**GOOD["event"], "summary": "\ud800"})


def test_a_files_name_that_is_no_utf8_can_be_cited() -> None:
    assert not validate.problems(Event, {**GOOD["event"], "receipts": [os.fsdecode(b"ros\xe9.md")]})


def test_what_the_toolkit_writes_is_strictly_valid() -> None:
    claim = lenient.claim_from(GOOD["claim"], "T-1")
    warning = Warning(ts=STAMP, agent_id="a", code="c", message="m")
    receipt = ConsensusReceipt(decision_id="D", summary="s", agent_id="a", event="note", ts=STAMP, meta={"k": "v"})
    for made in (claim, warning, receipt, lenient.event_from(GOOD["event"])):
        assert validate.problems(type(made), to_mapping(made)) == []


@as_committed
def test_every_record_has_a_sample_and_a_fresh_schema_file() -> None:
    assert GOOD.keys() == validate.RECORDS.keys()
    folder = CHECKOUT / "docs" / "schemas"
    assert {path.name: path.read_bytes() for path in folder.glob("*.json")} == {
        **checks.schema_files(),
        **build.schema_files(),
    }


@pytest.mark.parametrize("kind", validate.RECORDS.values())
def test_the_form_that_is_validated_has_the_fields_of_the_record(kind: type[Record]) -> None:
    form = {part.name: part for part in dataclasses.fields(validate.dataclass_of(kind))}
    assert list(form) == list(kind.__record_fields__) == list(kind.__annotations__)
    for name, part in kind.__record_fields__.items():
        is_required = form[name].default is form[name].default_factory is dataclasses.MISSING
        assert (is_required, dict(form[name].metadata)) == (part.is_required, dict(part.metadata))
        if part.default_factory is None and not is_required:
            assert form[name].default == part.fill()
