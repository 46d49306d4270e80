"""Names that come from outside, checked before they touch a path; and new record ids.

The rules are the table "Ids" in docs/formats.md. `is_…` answers, `require_…` raises UsageError.
"""

from __future__ import annotations

import os
import time

from tools.core import clock
from tools.core.errors import UsageError
from tools.core.plain import TYPE_CHECKING
from tools.core.token_shapes import has_secret

if TYPE_CHECKING:
    from collections.abc import Iterable

HUB = "manager-report"
"""The thread in which managers and seats meet."""

COORDINATION_PREFIX = "BUS-COORD-"
INBOX_PREFIX = "agent-"
TEMPLATE_AGENT = "template"
"""Reserved: a manifest with this id belongs to no agent."""

AGENT_LENGTH = 64
NAME_LENGTH = 128
NAME_PATTERN = r"^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$"
WORD_PATTERN = r"^[a-z][a-z0-9_-]*$"
KEY_PATTERN = r"^[A-Za-z][A-Za-z0-9_.-]*$"
PLAN_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9]+(?:-[a-z0-9]+)*$"
RECORD_PATTERN = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"

_NEAR = 0.8
"""How alike words are, from 0 to 1, that may have been meant for each other."""

_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))]
)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _is_name(text: object, length: int) -> bool:
    return (
        isinstance(text, str)
        and len(text) <= length
        and text.isascii()
        and all(map(str.isalnum, text.replace(".", "-").replace("_", "-").split("-")))
        and not text.lower().endswith(".lock")
        and text.lower().partition(".")[0] not in _DEVICES
    )


_LOWER = "abcdefghijklmnopqrstuvwxyz"
_LETTERS = _LOWER + _LOWER.upper()
_DIGITS = "0123456789"


def _begins(text: str, first: str, others: str) -> bool:
    """Whether the first character is among some and each of the rest is, too, or among others."""
    return text[:1] in {*first} and not text.strip(first + others)


def is_agent(text: object) -> bool:
    """Whether it can name an agent."""
    return _is_name(text, AGENT_LENGTH)


def is_task(text: object) -> bool:
    """Whether it can name a task, a thread, a decision or a label."""
    return _is_name(text, NAME_LENGTH)


def is_plan(text: object) -> bool:
    """Whether it can name a plan: a real date and a slug."""
    if not isinstance(text, str) or len(text) > NAME_LENGTH or text[10:11] != "-":
        return False
    if not all(part and not part.strip(_LOWER + _DIGITS) for part in text[11:].split("-")):
        return False
    return clock.is_canonical(f"{text[:10]}T00:00:00Z")


def is_record(text: object) -> bool:
    """Whether it is the id of a record: a ULID."""
    return isinstance(text, str) and len(text) == 26 and _begins(text, "01234567", _CROCKFORD)


def is_word(text: object) -> bool:
    """Whether it can be the kind of an event or a message."""
    return isinstance(text, str) and len(text) <= AGENT_LENGTH and _begins(text, _LOWER, _DIGITS + "_-")


def is_key(text: object) -> bool:
    """Whether it can be the key of free `key=value` data."""
    return isinstance(text, str) and len(text) <= AGENT_LENGTH and _begins(text, _LETTERS, _DIGITS + "_.-")


def require_agent(text: str, what: str = "agent id") -> str:
    """The id, or UsageError; one that is a secret is refused, as no record may hold it and none is written otherwise."""
    if not is_agent(text):
        raise _refusal(what, text, "letters and digits, single . _ - between them, at most 64")
    return _no_secret(text, what)


def require_task(text: str, what: str = "task id") -> str:
    """The same for a task; decisions and labels follow the same rule."""
    return _no_secret(require_name(text, what), what)


def require_name(text: str, what: str = "task id") -> str:
    """An id that may touch a path, or UsageError, whatever it reads like."""
    if not is_task(text):
        raise _refusal(what, text, "letters and digits, single . _ - between them, at most 128")
    return text


def _no_secret(text: str, what: str) -> str:
    if has_secret(text):
        raise UsageError(f"the {what} reads like a secret, which no record may hold", code="id.secret")
    return text


def require_plan(text: str) -> str:
    """The plan id of an id or of the path of a plan's file; or UsageError."""
    name = text.rsplit("/", 1)[-1].removesuffix(".plan.json") if text.startswith("_plans/") else text
    name = name.removesuffix(".plan.json")
    if not is_plan(name):
        raise _refusal("plan id", text, "YYYY-MM-DD-slug, such as 2026-01-31-login-form")
    return _no_secret(name, "plan id")


def require_record(text: str) -> str:
    """The id of a record, or UsageError."""
    if not is_record(text):
        raise _refusal("record id", text, "26 characters, as the command that wrote it printed")
    return text


def require_word(text: str, what: str) -> str:
    """The kind of an event or message, or UsageError."""
    if not is_word(text):
        raise _refusal(what, text, "a lower-case letter, then letters, digits, _ and -")
    return text


def _refusal(what: str, text: str, rule: str) -> UsageError:
    shown = text if len(text) <= 80 else text[:77] + "..."
    return UsageError(f"bad {what} {shown!r}: {rule}", code=f"id.{what.split()[0]}")


def near(word: str, words: Iterable[str]) -> str:
    """The words that come near a word, as the end of a sentence; "" for none."""
    alike = sorted(name for name in words if _likeness_at_most(word, name) >= _NEAR)
    if not alike:
        return ""
    from difflib import get_close_matches  # only words of much the same characters are compared

    close = get_close_matches(word, alike, 3, _NEAR)
    return f"; near: {', '.join(close)}" if close else ""


def _likeness_at_most(word: str, name: str) -> float:
    """How alike two words can be at most: the characters that they share, as a part of all."""
    shared = sum(min(word.count(character), name.count(character)) for character in set(word))
    return 2 * shared / max(len(word) + len(name), 1)


def is_thread_only(task: str) -> bool:
    """Whether an id names a thread without a task: hub, directive or inbox."""
    folded = task.casefold()
    return folded == HUB or folded.startswith((COORDINATION_PREFIX.casefold(), INBOX_PREFIX))


def is_usual(task: str) -> bool:
    """Whether an id names no task, or one as the backlog writes it: in capitals, its number with three digits or more."""
    if is_thread_only(task):
        return True
    stem, digits = without_digits(task)
    return task == task.upper() and (not digits or bool(stem and digits == digits.lstrip("0").rjust(3, "0")))


def without_digits(task: str) -> tuple[str, str]:
    """An id without the digits at its end, and these."""
    stem = task.rstrip("0123456789")
    return stem, task[len(stem) :]


def inbox_of(agent: str) -> str:
    """The thread that is an agent's inbox."""
    return INBOX_PREFIX + agent


def default_branch(agent: str, task: str) -> str:
    """The branch an agent works a task on (formats, claims)."""
    word = task.lower()
    if word.strip(_LOWER + _DIGITS + "._-"):
        import re  # what is no id, as old files may have it

        word = re.sub(r"[^a-z0-9._-]+", "-", word)
    return f"agent/{agent}/{word}"


def slug(text: str, limit: int = 60) -> str:
    """Free text as a file-name part: lower case, hyphens, never empty."""
    import re

    cleaned = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:limit].strip("-")
    return cleaned or "x"


def new_record_id(milliseconds: int | None = None) -> str:
    """A fresh ULID: 48 bits of Unix milliseconds, 80 random bits; sorts by time."""
    moment = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    value = (moment & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))
