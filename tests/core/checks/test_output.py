"""Findings in each format, hostile text included."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests import schemas
from tools.core.checks import findings
from tools.core.checks import output as reports
from tools.core.checks.findings import NOTE, Finding
from tools.core.context import as_module

SARIF = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0-subset.schema.json").read_text())
FOUND = [
    findings.make("record.no_id", "_bus/events/events.jsonl", 2, "no id"),
    findings.make("claim.duplicate", "_bus/claims/Q 1, é:x.json", 1, "50% of it\r\nis\x1b[31m gone", task="Q-1"),
    findings.make("claim.branch", "a.json", 1, "odd"),
]
ANY = st.builds(
    findings.make,
    st.sampled_from(sorted(findings.RULES)),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.integers(0, 9),
    st.text(max_size=40),
)


def test_github_shows_the_gravest_first_and_escapes_what_would_be_syntax() -> None:
    lines = reports.as_github(FOUND, as_module).split("\n")
    assert [line.split()[0] for line in lines] == ["::error", "::warning", "::notice"]
    assert lines[0].startswith(
        "::error file=_bus/claims/Q 1%2C é%3Ax.json,line=1,title=claim.duplicate::50%25 of it%0D%0A"
    )


@given(st.lists(ANY, max_size=5))
def test_whatever_the_text_github_gets_one_command_a_finding(found: list[Finding]) -> None:
    text = reports.as_github(found, as_module)
    lines = text.split("\n") if text else []
    assert len(lines) == len(set(found)) and all(line.startswith("::") and "\r" not in line for line in lines)


@given(st.lists(ANY, max_size=5))
def test_whatever_the_text_sarif_keeps_to_its_schema(found: list[Finding]) -> None:
    log = json.loads(reports.as_sarif(found, as_module))
    assert schemas.faults(SARIF, log) == []
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[part["ruleIndex"]]["id"] == part["ruleId"] for part in log["runs"][0]["results"])


def test_the_sarif_schema_refuses_what_is_no_sarif() -> None:
    log = json.loads(reports.as_sarif(FOUND, as_module))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert schemas.faults(SARIF, log)


def test_text_lists_what_fails_with_its_fix_and_counts_the_notes() -> None:
    text = reports.as_text(findings.ordered(FOUND), as_module, notes=False)
    assert "fix: python -m tools.agent.bus_claim release --task Q-1" in text
    assert text.endswith("FAIL: 1 error, 1 warning, 1 note (record.no_id 1; --strict lists them)")
    assert "no id" in reports.as_text(FOUND, as_module, notes=True)


def test_strict_makes_notes_errors() -> None:
    assert [part.severity for part in findings.stricter(FOUND)] == ["error", "error", "warning"]
    assert not findings.failed([part for part in FOUND if part.severity == NOTE])


def test_every_rule_has_a_title_and_a_command() -> None:
    for rule, known in findings.RULES.items():
        assert known.severity in findings.SEVERITIES and known.title and known.fix, rule
