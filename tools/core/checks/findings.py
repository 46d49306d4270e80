"""What a check found: a problem, how grave it is, and the command that fixes it.

Findings are data. The problem's code is a stable rule; a rule says how grave its findings are by
default. What readers accept of old and foreign records is a note, which `strict` makes an error.
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
"""The command that fixes what breaks a rule, or how it is made of the path and the task of a finding."""


class Rule(NamedTuple):
    """A thing that can be wrong."""

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
    "record.unreadable": Rule(ERROR, "a line is no record", _history),
    "record.shape": Rule(ERROR, "a record breaks the format", _history),
    "record.old": Rule(NOTE, "a record has an old or foreign form that readers accept", _CHECK),
    "record.no_id": Rule(NOTE, "a line was written by hand or by an older tool", _CHECK),
    "record.form": Rule(NOTE, "a line is not in the form the toolkit writes", _CHECK),
    "record.prev_unknown": Rule(ERROR, "the line before this one was changed or removed", _REPAIR),
    "record.duplicate_id": Rule(ERROR, "an id is used by two records", _history),
    "record.torn": Rule(WARNING, "a last line was never finished", _REPAIR),
    "record.rewritten": Rule(ERROR, "a line that was in the log is changed, gone or out of its order", _history),
    "stamp.form": Rule(NOTE, "a stamp is not in UTC and whole seconds", _CHECK),
    "stamp.future": Rule(NOTE, "a stamp lies ahead of the clock", hint.program("date", "-u")),
    "stamp.backwards": Rule(NOTE, "a stamp is earlier than that of the line before", _CHECK),
    "stamp.ancient": Rule(NOTE, "a stamp is older than any such record can be", _CHECK),
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
    "ledger.columns": Rule(NOTE, "the ledger's columns cannot be told", hint.tool("consensus.ledger")),
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
    "guard.task": Rule(WARNING, "a commit names a task that nobody claimed", hint.tool("agent.bus_sync")),
    "guard.untold": Rule(NOTE, "a commit of an agent's branch names no task", hint.tool("agent.setup", "git")),
    "guard.branch": Rule(ERROR, "a branch of another seat is pushed", hint.git("branch", "--show-current")),
    "check.impossible": Rule(ERROR, "a check could not run", hint.git("status")),
}
"""Every rule by its stable id."""


class Finding(NamedTuple):
    """One problem as a check judges it.

    `mark` tells what it was found in (the hash of the line or file), so that a base can be asked
    whether it has that already; "" for what only a comparison finds.
    """

    problem: Problem
    severity: str
    fix: Hint
    mark: str = ""

    @property
    def rule(self) -> str:
        """The rule that is broken."""
        return self.problem.code

    @property
    def path(self) -> str:
        """The file it is in."""
        return self.problem.path


def make(
    rule: str,
    path: str,
    line: int,
    message: str,
    *,
    task: str = WORDS,
    severity: str = "",
    mark: str = "",
    fix: Hint | None = None,
) -> Finding:
    """A finding of a rule, with its severity and fix unless others are given."""
    known = RULES[rule]
    usual = known.fix
    advice = fix or (usual if isinstance(usual, Hint) else usual(path, task))
    problem = tuple.__new__(Problem, (path, max(1, line), message, rule, ""))
    parts = (problem, severity or known.severity, advice, mark)
    return tuple.__new__(Finding, parts)  # an old log has half a million: half the cost of calling the class


def of(rule: str, problem: Problem, *, fix: Hint | None = None) -> Finding:
    """The finding of a rule that a reader's problem is."""
    text = f"{problem.pointer}: {problem.reason}" if problem.pointer else problem.reason
    return make(rule, problem.path, problem.line, text, fix=fix)


def example(rule: str) -> Hint:
    """What helps where a rule is broken, for a page that tells of the rule."""
    fix = RULES[rule].fix
    return fix if isinstance(fix, Hint) else fix(WORDS, WORDS)


def stricter(found: Iterable[Finding]) -> list[Finding]:
    """The findings as a strict check sees them: what readers accept is an error too."""
    return [part._replace(severity=ERROR) if part.severity == NOTE else part for part in found]


def ordered(found: Iterable[Finding]) -> list[Finding]:
    """The gravest first, then by place, each once; half a million notes of an old log are no burden."""
    whole = [part for part, _ in groupby(sorted(found, key=itemgetter(0)))]
    return [part for severity in SEVERITIES for part in whole if part.severity == severity]


def count(found: Sequence[Finding]) -> dict[str, int]:
    """How many there are of each severity."""
    counted = Counter(part.severity for part in found)
    return {severity: counted[severity] for severity in SEVERITIES}


def failed(found: Iterable[Finding]) -> bool:
    """Whether a check that found these says no."""
    return any(part.severity == ERROR for part in found)
