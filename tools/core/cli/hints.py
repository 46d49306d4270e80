"""Hints in the form in which this process was started: `teof x`, `tools/agent/x.py`, `python -m tools.agent.x`."""

from __future__ import annotations

from tools.core.cli import bootstrap
from tools.core.hint import AGAIN, Hint
from tools.core.plain import TYPE_CHECKING
from tools.core.text import secrets, shell

if TYPE_CHECKING:
    from collections.abc import Sequence


def spell_hint(hint: Hint | None, again: Sequence[str] = ()) -> str:
    """A hint as one line for a shell; `again` are the words of the command that runs; "" for none.

    One that would repeat a secret is left out.
    """
    text = shell.line(hint, _start(again))
    return text if text == secrets.redact(text) else ""


def hint_words(hint: Hint | None, again: Sequence[str] = ()) -> list[str]:
    """A hint as the words of one process; [] for none."""
    return shell.words(hint, _start(again)) if spell_hint(hint, again) else []


def _start(again: Sequence[str]) -> shell.Start:
    return lambda module: again if module == AGAIN else bootstrap.start_of(module)
