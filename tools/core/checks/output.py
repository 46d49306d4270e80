"""Findings as text, JSON, GitHub annotations and SARIF 2.1.0."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from tools.core.checks.findings import NOTE, RULES, Finding, count, example, failed, ordered
from tools.core.context import Spell
from tools.core.text import terminal

FORMATS = ("text", "json", "github", "sarif")
_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def document(findings: Sequence[Finding], spell: Spell, **more: Any) -> dict[str, Any]:
    """The findings as one JSON document, their fixes as `spell` spells hints."""
    entries = [_as_mapping(finding, spell) for finding in findings]
    return {"ok": not failed(findings), "counts": count(findings), "findings": entries, **more}


def _as_mapping(finding: Finding, spell: Spell) -> dict[str, Any]:
    path, line, message, rule, _ = finding.problem
    return {
        "rule": rule,
        "title": RULES[rule].title,
        "severity": finding.severity,
        "path": path,
        "line": line,
        "message": message,
        "fix": spell(finding.fix),
    }


def show(findings: Sequence[Finding], form: str, spell: Spell, *, tail: Sequence[str] = (), **more: Any) -> str:
    """The findings in one of FORMATS; `more` are further keys of the JSON document."""
    if form == "json":
        return json.dumps(document(findings, spell, **more), indent=2, sort_keys=True)
    if form == "github":
        return as_github(findings, spell)
    if form == "sarif":
        return as_sarif(findings, spell)
    return as_text(findings, spell, notes=False, tail=tail)


def as_text(findings: Sequence[Finding], spell: Spell, *, notes: bool, tail: Sequence[str] = ()) -> str:
    """The findings for people; notes are counted, and listed only with `notes`."""
    lines = []
    for finding in findings:
        if notes or finding.severity != NOTE:
            path, number, message, rule, _ = finding.problem
            lines.append(f"{path}:{number}: {finding.severity}: {message} [{rule}]")
            lines += [f"  fix: {fix}"] if (fix := spell(finding.fix)) else []
    return "\n".join([*lines, *tail, summary(findings, notes=notes)])


def summary(findings: Sequence[Finding], *, notes: bool = True) -> str:
    """One line of counts, notes by rule where they are not listed."""
    counts = count(findings)
    text = ", ".join(f"{number} {severity}{'s' * (number != 1)}" for severity, number in counts.items())
    if counts[NOTE] and not notes:
        rules = Counter(finding.rule for finding in findings if finding.severity == NOTE).most_common()
        text += f" ({', '.join(f'{rule} {number}' for rule, number in rules)}; --strict lists them)"
    return ("FAIL: " if failed(findings) else "OK: ") + text


def as_github(findings: Sequence[Finding], spell: Spell) -> str:
    """One workflow command a finding, errors first: GitHub shows only the first ten of a kind."""
    return "\n".join(_annotation(finding, spell) for finding in ordered(findings))


def _annotation(finding: Finding, spell: Spell) -> str:
    path, line, _, rule, _ = finding.problem
    where = f"file={_property(path)},line={line},title={_property(rule)}"
    return f"::{_LEVELS[finding.severity]} {where}::{_escaped(_sentence(finding, spell))}"


def _sentence(finding: Finding, spell: Spell) -> str:
    fix = spell(finding.fix)
    return f"{finding.problem.reason}; fix: {fix}" if fix else finding.problem.reason


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(findings: Sequence[Finding], spell: Spell) -> str:
    """A SARIF 2.1.0 log of one run."""
    rules = sorted({finding.rule for finding in findings})
    driver = {"name": "parallel-agents-toolkit", "rules": [_sarif_rule(rule, spell) for rule in rules]}
    results = [_sarif_result(finding, rules.index(finding.rule), spell) for finding in findings]
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif_rule(rule: str, spell: Spell) -> dict[str, Any]:
    severity, title, _ = RULES[rule]
    return {
        "id": rule,
        "shortDescription": {"text": title},
        "help": {"text": spell(example(rule))},
        "defaultConfiguration": {"level": severity},
    }


def _sarif_result(finding: Finding, index: int, spell: Spell) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": _uri(finding.path)}, "region": {"startLine": finding.problem.line}}
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": terminal.clean(_sentence(finding, spell))},
        "locations": [{"physicalLocation": place}],
    }


def _uri(path: str) -> str:
    """A path as a relative reference, its bytes as they are, also where they are no UTF-8."""
    try:
        return quote(path, errors="surrogateescape")
    except UnicodeEncodeError:  # halves of a character that no file's name can have
        return quote(path, errors="backslashreplace")


def rules_page(spell: Spell) -> str:
    """docs/findings.md: every rule of a check."""
    rows = [
        f"| `{rule}` | {severity} | {title} | `{spell(example(rule))}` |"
        for rule, (severity, title, _) in sorted(RULES.items())
    ]
    head = [
        "# Findings",
        "",
        "The findings of `bus_check`, `memory_log verify` and `preflight`, by stable rule id. Errors fail a check; notes are",
        "old and foreign forms that readers accept, and errors under `--strict`. Made by",
        "`python -m tools.maintenance.generate_docs`.",
        "",
        "| rule | severity | what is wrong | what helps |",
        "| --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *rows, ""])
