"""Findings: a problem, its severity, and the command that fixes it.

The problem's code is a stable rule id; the rule gives the severity. Old and foreign forms that
readers accept are notes, which a strict check makes errors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from tools.core import hint
from tools.core.hint import WORDS, Hint
from tools.core.problem import Problem

ERROR = "error"
WARNING = "warning"
NOTE = "note"
SEVERITIES = (ERROR, WARNING, NOTE)

Fix = Hint | Callable[[str, str], Hint]
"""The command that fixes a broken rule, or a function that makes it from the path and the task of a finding."""


class Rule(NamedTuple):
    """A rule: its severity, its title, and the command that fixes what breaks it."""

    severity: str
    title: str
    fix: Fix


def _history(path: str, _: str) -> Hint:
    return hint.git("log", "--oneline", "--", path)


def _show(_: str, task: str) -> Hint:
    return hint.tool("agent.bus_claim", "show", "--task", task)


_CHECK = hint.tool("maintenance.bus_check", "--strict")
_REPAIR = hint.tool("maintenance.bus_repair", "--apply")
_MEMORY = hint.tool("maintenance.memory_log", "verify")

RULES: dict[str, Rule] = {
    "record.unreadable": Rule(ERROR, "a line is not a record", _history),
    "record.shape": Rule(ERROR, "a record breaks the format", _history),
    "record.old": Rule(NOTE, "a record has an old or foreign form that readers accept", _CHECK),
    "record.no_id": Rule(NOTE, "a line was written by hand or by an older tool", _CHECK),
    "record.form": Rule(NOTE, "a line is not in the form the toolkit writes", _CHECK),
    "record.prev_unknown": Rule(ERROR, "the line before this one was changed or removed", _REPAIR),
    "record.duplicate_id": Rule(ERROR, "an id is used by two records", _history),
    "record.torn": Rule(WARNING, "a last line was never finished", _REPAIR),
    "record.rewritten": Rule(ERROR, "a line that was in the log is changed, gone or out of its order", _history),
    "stamp.form": Rule(NOTE, "a timestamp is not in UTC and whole seconds", _CHECK),
    "stamp.future": Rule(NOTE, "a timestamp is in the future", hint.program("date", "-u")),
    "stamp.backwards": Rule(NOTE, "a timestamp is earlier than that of the line before", _CHECK),
    "stamp.ancient": Rule(NOTE, "a timestamp is older than any such record can be", _CHECK),
    "file.unreadable": Rule(ERROR, "a file cannot be read", _history),
    "file.name": Rule(ERROR, "a file's name is not its id", _history),
    "id.case": Rule(ERROR, "two ids differ only in case", hint.tool("agent.bus_claim", "list")),
    "claim.duplicate": Rule(
        ERROR,
        "duplicate claim",
        lambda _, task: hint.tool("agent.bus_claim", "release", "--task", task, "--status", "released"),
    ),
    "claim.released_at": Rule(ERROR, "released_at does not fit the status", _show),
    "claim.branch": Rule(WARNING, "a claim's branch is not its holder's", _show),
    "directive.pointer": Rule(
        ERROR,
        "a directive has no pointer on the hub",
        lambda _, task: hint.tool("agent.directive_pointer", "--task", task, "--summary", WORDS),
    ),
    "base.unrelated": Rule(WARNING, "the base shares no history with this", hint.git("fetch")),
    "queue.item": Rule(ERROR, "a queue item is damaged, or its id is used twice", _history),
    "ledger.row": Rule(ERROR, "a row does not fit the ledger's header", _history),
    "ledger.columns": Rule(NOTE, "the ledger has no column for the agent", hint.tool("consensus.ledger")),
    "memory.chain": Rule(ERROR, "the memory log's chain is broken", _MEMORY),
    "memory.unhashed": Rule(NOTE, "a line of the memory log has no hash", _MEMORY),
    "plan.invalid": Rule(
        ERROR, "a plan is not strictly valid", lambda path, _: hint.tool("planner.validate", "--strict", path)
    ),
    "plan.hygiene": Rule(
        ERROR,
        "a plan spells a status in an old way",
        lambda path, _: hint.tool("maintenance.plan_hygiene", "--apply", path),
    ),
    "receipt.missing": Rule(
        ERROR, "a receipt that is cited is not there", hint.tool("agent.receipts_index", "--missing")
    ),
    "receipt.untracked": Rule(
        ERROR, "a receipt is not tracked by git", lambda path, _: hint.git("add", "-f", "--", path)
    ),
    "links.broken": Rule(ERROR, "a quick link leads nowhere", hint.tool("agent.doc_links", "check")),
    "seat.missing": Rule(ERROR, "the seat is not clear", hint.tool("agent.manifest_helper", "show")),
    "seat.not_booted": Rule(
        ERROR, "the session was not booted", lambda _, agent: hint.tool("agent.session_boot", "--agent", agent)
    ),
    "seat.signed_off": Rule(
        NOTE, "the session has signed off", lambda _, agent: hint.tool("agent.session_boot", "--agent", agent)
    ),
    "guard.path": Rule(
        ERROR,
        "a change lies in paths that another seat holds",
        lambda path, task: hint.tool(
            "agent.bus_message", "--task", task, "--type", "request", "--summary", f"may I change {path}?"
        ),
    ),
    "guard.fence": Rule(
        ERROR,
        "a commit was made under a claim that changed hands",
        lambda _, task: hint.tool("agent.bus_claim", "show", "--task", task),
    ),
    "guard.task": Rule(WARNING, "a commit names a task that was never claimed", hint.tool("agent.bus_sync")),
    "guard.untold": Rule(NOTE, "a commit of an agent's branch names no task", hint.tool("agent.setup", "git")),
    "guard.branch": Rule(ERROR, "a branch of another seat is pushed", hint.git("branch", "--show-current")),
    "check.impossible": Rule(ERROR, "a check could not run", hint.git("status")),
}
"""Every rule by its stable id."""


class Finding(NamedTuple):
    """One problem with its severity and its fix.

    `fingerprint` is the hash of the line or file with the problem, or the path it clashes with: a
    comparison asks the base for it. It is "" for findings that only a comparison makes.
    """

    problem: Problem
    severity: str
    fix: Hint
    fingerprint: str = ""

    @property
    def rule(self) -> str:
        """The id of the broken rule."""
        return self.problem.code

    @property
    def path(self) -> str:
        """The file with the problem."""
        return self.problem.path


def make_finding(rule: str, path: str, line: int, message: str, *, task: str = WORDS, fingerprint: str = "") -> Finding:
    """A finding with the severity and the fix of its rule."""
    severity, _, fix = RULES[rule]
    advice = fix if isinstance(fix, Hint) else fix(path, task)
    problem = tuple.__new__(Problem, (path, max(1, line), message, rule, ""))
    parts = (problem, severity, advice, fingerprint)
    return tuple.__new__(Finding, parts)  # an old log has half a million: half the cost of calling the class


def from_problem(rule: str, problem: Problem, *, fix: Hint | None = None) -> Finding:
    """A reader's problem as a finding of a rule, with the rule's fix unless there is a better one."""
    text = f"{problem.pointer}: {problem.reason}" if problem.pointer else problem.reason
    finding = make_finding(rule, problem.path, problem.line, text)
    return finding._replace(fix=fix) if fix else finding


def example(rule: str) -> Hint:
    """The fix of a rule with placeholders, for the documentation."""
    fix = RULES[rule].fix
    return fix if isinstance(fix, Hint) else fix(WORDS, WORDS)


def stricter(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of a strict check: notes are errors."""
    return [finding._replace(severity=ERROR) if finding.severity == NOTE else finding for finding in findings]


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """By severity, then by place, without duplicates; fast enough for the half a million notes of an old log."""
    unique = [finding for finding, _ in groupby(sorted(findings, key=itemgetter(0)))]
    return [finding for severity in SEVERITIES for finding in unique if finding.severity == severity]


def count(findings: Sequence[Finding]) -> dict[str, int]:
    """The number of findings of each severity."""
    counts = Counter(finding.severity for finding in findings)
    return {severity: counts[severity] for severity in SEVERITIES}


def failed(findings: Iterable[Finding]) -> bool:
    """Whether a check with these findings fails: one error is enough."""
    return any(finding.severity == ERROR for finding in findings)
