"""Findings in each format, hostile text included."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests import schemas
from tools.core.checks import findings, output
from tools.core.checks.findings import NOTE, Finding, make_finding
from tools.core.context import as_module

SARIF = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0-subset.schema.json").read_text())
EXAMPLES = [
    make_finding("record.no_id", "_bus/events/events.jsonl", 2, "no id"),
    make_finding("claim.duplicate", "_bus/claims/Q 1, é:x.json", 1, "50% of it\r\nis\x1b[31m gone", task="Q-1"),
    make_finding("claim.branch", "a.json", 1, "odd"),
]
ANY = st.builds(
    make_finding,
    st.sampled_from(sorted(findings.RULES)),
    st.text(st.characters(), min_size=1, max_size=30),
    st.integers(0, 9),
    st.text(max_size=40),
)


def test_github_shows_errors_first_and_escapes_its_syntax() -> None:
    lines = output.as_github(EXAMPLES, as_module).split("\n")
    assert [line.split()[0] for line in lines] == ["::error", "::warning", "::notice"]
    assert lines[0].startswith(
        "::error file=_bus/claims/Q 1%2C é%3Ax.json,line=1,title=claim.duplicate::50%25 of it%0D%0A"
    )


@given(st.lists(ANY, max_size=5))
def test_whatever_the_text_github_gets_one_command_a_finding(listed: list[Finding]) -> None:
    text = output.as_github(listed, as_module)
    lines = text.split("\n") if text else []
    assert len(lines) == len(set(listed)) and all(line.startswith("::") and "\r" not in line for line in lines)


@given(st.lists(ANY, max_size=5))
def test_whatever_the_text_sarif_keeps_to_its_schema(listed: list[Finding]) -> None:
    log = json.loads(output.as_sarif(listed, as_module))
    assert schemas.faults(SARIF, log) == []
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[part["ruleIndex"]]["id"] == part["ruleId"] for part in log["runs"][0]["results"])


def test_sarif_names_a_file_by_its_bytes() -> None:
    log = json.loads(output.as_sarif([make_finding("claim.branch", "a b/#\udcff%é.json", 0, "odd")], as_module))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "a%20b/%23%FF%25%C3%A9.json"}, "region": {"startLine": 1}}


def test_the_sarif_schema_refuses_an_unknown_level() -> None:
    log = json.loads(output.as_sarif(EXAMPLES, as_module))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert schemas.faults(SARIF, log)


def test_text_lists_what_fails_with_its_fix_and_counts_the_notes() -> None:
    text = output.as_text(findings.ordered(EXAMPLES), as_module, notes=False)
    assert "fix: python -m tools.agent.bus_claim release --task Q-1" in text
    assert text.endswith("FAIL: 1 error, 1 warning, 1 note (record.no_id 1; --strict lists them)")
    assert "no id" in output.as_text(EXAMPLES, as_module, notes=True)


def test_strict_makes_notes_errors() -> None:
    assert [part.severity for part in findings.stricter(EXAMPLES)] == ["error", "error", "warning"]
    assert not findings.failed([part for part in EXAMPLES if part.severity == NOTE])


def test_every_rule_has_a_title_and_a_command() -> None:
    for rule_id, rule in findings.RULES.items():
        assert rule.severity in findings.SEVERITIES and rule.title and rule.fix, rule_id
