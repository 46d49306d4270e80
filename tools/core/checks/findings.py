"""What a check found: a stable rule, a place, one sentence, and the command that fixes it.

Findings are data. A rule says how grave its findings are by default; what readers accept of old and
foreign records is a note, which `strict` makes an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

ERROR = "error"
WARNING = "warning"
NOTE = "note"
SEVERITIES = (ERROR, WARNING, NOTE)
_HISTORY = "git log --oneline -- {path}"
_CHECK = "python -m tools.maintenance.bus_check --strict"
_REPAIR = "python -m tools.maintenance.bus_repair --apply"


class Rule(NamedTuple):
    """A thing that can be wrong; `fix` is a command, in which {path} and {task} are filled in."""

    severity: str
    title: str
    fix: str


RULES: dict[str, Rule] = {
    "record.unreadable": Rule(ERROR, "a line is no record", _HISTORY),
    "record.shape": Rule(ERROR, "a record breaks the format", _HISTORY),
    "record.old": Rule(NOTE, "a record has an old or foreign form that readers accept", _CHECK),
    "record.no_id": Rule(
        NOTE, "a line was written by hand or by an older tool", "python -m tools.agent.bus_event log --event <event>"
    ),
    "record.form": Rule(NOTE, "a line is not in the form the toolkit writes", _CHECK),
    "record.prev_unknown": Rule(ERROR, "the line before this one was changed or removed", _REPAIR),
    "record.duplicate_id": Rule(ERROR, "an id is used by two records", _HISTORY),
    "record.torn": Rule(WARNING, "a last line was never finished", _REPAIR),
    "record.rewritten": Rule(
        ERROR, "a line that was in the log is changed, gone or out of its order", "git checkout <base> -- {path}"
    ),
    "stamp.form": Rule(NOTE, "a stamp is not in UTC and whole seconds", _CHECK),
    "stamp.future": Rule(NOTE, "a stamp lies ahead of the clock", "date -u"),
    "stamp.backwards": Rule(NOTE, "a stamp is earlier than that of the line before", _CHECK),
    "stamp.ancient": Rule(NOTE, "a stamp is older than any such record can be", _CHECK),
    "file.unreadable": Rule(ERROR, "a file cannot be read", "git checkout HEAD -- {path}"),
    "file.name": Rule(ERROR, "a file's name is not its id", "git mv {path} <task_id>.json"),
    "id.case": Rule(ERROR, "two ids differ only in case", "python -m tools.agent.bus_claim list"),
    "claim.duplicate": Rule(
        ERROR, "duplicate claim", "python -m tools.agent.bus_claim release --task {task} --status released"
    ),
    "claim.released_at": Rule(
        ERROR, "released_at does not fit the status", "python -m tools.agent.bus_claim show --task {task}"
    ),
    "claim.branch": Rule(
        WARNING, "a claim's branch is not its holder's", "python -m tools.agent.bus_claim show --task {task}"
    ),
    "directive.pointer": Rule(
        ERROR,
        "a directive has no pointer on the hub",
        "python -m tools.agent.directive_pointer --task {task} --summary <text>",
    ),
    "base.unrelated": Rule(WARNING, "the base shares no history with this", "git fetch"),
    "queue.item": Rule(ERROR, "a queue item is damaged, or its id is used twice", "git log --oneline -- {path}"),
    "ledger.row": Rule(ERROR, "a row does not fit the ledger's header", _HISTORY),
    "ledger.columns": Rule(NOTE, "the ledger's columns cannot be told", "python -m tools.consensus.ledger"),
    "memory.chain": Rule(ERROR, "the memory log's chain is broken", "python -m tools.maintenance.memory_log verify"),
    "memory.unhashed": Rule(
        NOTE, "a line of the memory log has no hash", "python -m tools.maintenance.memory_log verify"
    ),
    "plan.invalid": Rule(ERROR, "a plan is not strictly valid", "python -m tools.planner.validate --strict {path}"),
    "plan.hygiene": Rule(
        ERROR, "a plan spells a status in an old way", "python -m tools.maintenance.plan_hygiene --apply {path}"
    ),
    "receipt.missing": Rule(
        ERROR, "a receipt that is cited is not there", "python -m tools.agent.receipts_index --missing"
    ),
    "receipt.untracked": Rule(ERROR, "a receipt is not tracked by git", "git add {path}"),
    "links.broken": Rule(ERROR, "a quick link leads nowhere", "python -m tools.agent.doc_links check"),
    "seat.missing": Rule(ERROR, "the seat is not clear", "python -m tools.agent.manifest_helper show"),
    "seat.not_booted": Rule(ERROR, "the session was not booted", "python -m tools.agent.session_boot --agent {task}"),
    "check.impossible": Rule(ERROR, "a check could not run", "git status"),
}
"""Every rule by its stable id."""


class Finding(NamedTuple):
    """One thing that is wrong, and where; `line` counts from 1.

    `mark` tells what it was found in (the hash of the line or file), so that a base can be asked
    whether it has that already; "" for what only a comparison finds.
    """

    rule: str
    severity: str
    path: str
    line: int
    message: str
    fix: str
    mark: str = ""

    @property
    def place(self) -> str:
        """Where, as `path:line`."""
        return f"{self.path}:{self.line}"


def make(
    rule: str, path: str, line: int, message: str, *, task: str = "", severity: str = "", mark: str = "", fix: str = ""
) -> Finding:
    """A finding of a rule, with its severity and fix unless others are given."""
    known = RULES[rule]
    text = fix or known.fix
    if "{" in text:
        text = text.replace("{path}", path).replace("{task}", task or "<task_id>")
    parts = (rule, severity or known.severity, path, max(1, line), message, text, mark)
    return tuple.__new__(Finding, parts)  # an old log has half a million: half the cost of calling the class


def stricter(found: Iterable[Finding]) -> list[Finding]:
    """The findings as a strict check sees them: what readers accept is an error too."""
    return [part._replace(severity=ERROR) if part.severity == NOTE else part for part in found]


def ordered(found: Iterable[Finding]) -> list[Finding]:
    """The gravest first, then by place, each once; half a million notes of an old log are no burden."""
    whole = [part for part, _ in groupby(sorted(found, key=attrgetter("path", "line", "rule", "message")))]
    return [part for severity in SEVERITIES for part in whole if part.severity == severity]


def count(found: Sequence[Finding]) -> dict[str, int]:
    """How many there are of each severity."""
    counted = Counter(part.severity for part in found)
    return {severity: counted[severity] for severity in SEVERITIES}


def failed(found: Iterable[Finding]) -> bool:
    """Whether a check that found these says no."""
    return any(part.severity == ERROR for part in found)
