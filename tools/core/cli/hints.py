"""Hints in the form in which this process was started: `teof x`, `tools/agent/x.py`, `python -m tools.agent.x`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tools.core.cli import bootstrap
from tools.core.hint import AGAIN, Hint
from tools.core.text import secrets as redaction
from tools.core.text import shell


def spell_hint(hint: Hint | None, again: Sequence[str] = ()) -> str:
    """A hint as one line for a shell; `again` are the words of the command that runs; "" for none.

    One that would repeat a secret is left out.
    """
    text = shell.line(hint, _start(again))
    return text if text == redaction.redact(text) else ""


def hint_words(hint: Hint | None, again: Sequence[str] = ()) -> list[str]:
    """A hint as the words of one process; [] for none."""
    return shell.words(hint, _start(again)) if spell_hint(hint, again) else []


def _start(again: Sequence[str]) -> shell.Start:
    def start(module: str) -> Sequence[str]:
        if module == AGAIN:
            return again
        _, _, name = module.partition(".")
        if bootstrap.is_console_script(sys.argv[0]):
            return (bootstrap.CONSOLE_SCRIPT, *([name.removeprefix("agent.")] if name else []))
        if bootstrap.is_started_by_path() and name:
            beside = os.path.join(os.path.dirname(sys.argv[0]), os.pardir, f"{name.replace('.', os.sep)}.py")
            return (os.path.normpath(beside),)
        return shell.as_module(module)

    return start
