"""Findings as text, JSON, GitHub annotations and SARIF 2.1.0."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from tools.core.checks import findings
from tools.core.checks.findings import NOTE, RULES, Finding
from tools.core.context import Spell
from tools.core.text import terminal

FORMATS = ("text", "json", "github", "sarif")
_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def document(found: Sequence[Finding], spell: Spell, **more: Any) -> dict[str, Any]:
    """The findings as one JSON document, their fixes as `spell` spells hints."""
    parts = [_as_mapping(part, spell) for part in found]
    return {"ok": not findings.failed(found), "counts": findings.count(found), "findings": parts, **more}


def _as_mapping(part: Finding, spell: Spell) -> dict[str, Any]:
    path, line, message, rule, _ = part.problem
    return {
        "rule": rule,
        "title": RULES[rule].title,
        "severity": part.severity,
        "path": path,
        "line": line,
        "message": message,
        "fix": spell(part.fix),
    }


def show(found: Sequence[Finding], form: str, spell: Spell, *, tail: Sequence[str] = (), **more: Any) -> str:
    """The findings in one of FORMATS; `more` is what their JSON document says besides."""
    if form == "json":
        return json.dumps(document(found, spell, **more), indent=2, sort_keys=True)
    if form == "github":
        return as_github(found, spell)
    if form == "sarif":
        return as_sarif(found, spell)
    return as_text(found, spell, notes=False, tail=tail)


def as_text(found: Sequence[Finding], spell: Spell, *, notes: bool, tail: Sequence[str] = ()) -> str:
    """The findings for people; notes are only counted unless they are asked for."""
    lines = []
    for part in found:
        if notes or part.severity != NOTE:
            path, number, message, rule, _ = part.problem
            lines.append(f"{path}:{number}: {part.severity}: {message} [{rule}]")
            lines += [f"  fix: {fix}"] if (fix := spell(part.fix)) else []
    return "\n".join([*lines, *tail, summary(found, notes=notes)])


def summary(found: Sequence[Finding], *, notes: bool = True) -> str:
    """One line that counts them, the notes by rule where they were not listed."""
    counted = findings.count(found)
    text = ", ".join(f"{number} {severity}{'s' * (number != 1)}" for severity, number in counted.items())
    if counted[NOTE] and not notes:
        rules = Counter(part.rule for part in found if part.severity == NOTE).most_common()
        text += f" ({', '.join(f'{rule} {number}' for rule, number in rules)}; --strict lists them)"
    return ("FAIL: " if findings.failed(found) else "OK: ") + text


def as_github(found: Sequence[Finding], spell: Spell) -> str:
    """Workflow commands, one a finding, the gravest first: the site shows only the first ten of a kind."""
    return "\n".join(_annotation(part, spell) for part in findings.ordered(found))


def _annotation(part: Finding, spell: Spell) -> str:
    path, line, _, rule, _ = part.problem
    where = f"file={_property(path)},line={line},title={_property(rule)}"
    return f"::{_LEVELS[part.severity]} {where}::{_escaped(_sentence(part, spell))}"


def _sentence(part: Finding, spell: Spell) -> str:
    fix = spell(part.fix)
    return f"{part.problem.reason}; fix: {fix}" if fix else part.problem.reason


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(found: Sequence[Finding], spell: Spell) -> str:
    """A SARIF 2.1.0 log of one run."""
    rules = sorted({part.rule for part in found})
    driver = {"name": "parallel-agents-toolkit", "rules": [_sarif_rule(rule, spell) for rule in rules]}
    results = [_sarif_result(part, rules.index(part.rule), spell) for part in found]
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif_rule(rule: str, spell: Spell) -> dict[str, Any]:
    known = RULES[rule]
    return {
        "id": rule,
        "shortDescription": {"text": known.title},
        "help": {"text": spell(findings.example(rule))},
        "defaultConfiguration": {"level": known.severity},
    }


def _sarif_result(part: Finding, index: int, spell: Spell) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": quote(part.path)}, "region": {"startLine": part.problem.line}}
    return {
        "ruleId": part.rule,
        "ruleIndex": index,
        "level": part.severity,
        "message": {"text": terminal.clean(_sentence(part, spell))},
        "locations": [{"physicalLocation": place}],
    }


def rules_page(spell: Spell) -> str:
    """docs/findings.md: every rule a check may name."""
    rows = [
        f"| `{rule}` | {known.severity} | {known.title} | `{spell(findings.example(rule))}` |"
        for rule, known in sorted(RULES.items())
    ]
    head = [
        "# Findings",
        "",
        "What `bus_check`, `memory_log verify` and `preflight` may say, by stable rule id. Errors fail a check; notes are",
        "what readers accept of old and foreign records, and errors under `--strict`. Made by",
        "`python -m tools.maintenance.generate_docs`.",
        "",
        "| rule | severity | what is wrong | what helps |",
        "| --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *rows, ""])
