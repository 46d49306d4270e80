"""No text makes a pattern of the toolkit slow: the work grows with the length and no faster."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.patterns import Pattern, attacks, patterns

LENGTHS = (20, 300, 1500, 8000)
SECONDS = 0.2
"""CPU time for 8,000 characters; a pattern that takes choices back needs more, one that does not a hundredth of it."""

SLOW = [
    Pattern("a heading", r"^#\s+(.*?)\s*$", 0, False),
    Pattern("words", r"(?:\w+\s*)*!", 0, True),
    Pattern("two of a kind", r" *\t* *x", 0, False),
]


class _TooSlow(Exception):
    """A pattern used up its time: what doubles with each character would not end at all."""


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def too_slow(signum: int, frame: object) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGVTALRM, too_slow)  # an alarm of its own: `re` looks for signals as it works
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    except _TooSlow:
        pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def slowest(pattern: Pattern) -> tuple[float, str]:
    """The longest time a pattern takes with any of its texts, and the text; it stops at the first that is slow."""
    compiled = re.compile(pattern.text, pattern.flags)
    attempt = compiled.match if pattern.anchored else compiled.search
    worst = (0.0, "")
    for before, unit in attacks(pattern):
        for length in LENGTHS:
            text = before + unit * (length // len(unit) + 1) + "\0\x01"
            begun = time.process_time()
            with _at_most(2 * SECONDS):
                attempt(text if isinstance(pattern.text, str) else text.encode("utf-8", "replace"))
            worst = max(
                worst, (time.process_time() - begun, f"{before[:40]!r} and {unit[:40]!r} {length // len(unit)} times")
            )
            if worst[0] > SECONDS:
                return worst
    return worst


@pytest.mark.parametrize("pattern", patterns(), ids=lambda pattern: pattern.where)
def test_a_patterns_work_grows_with_the_text_and_no_faster(pattern: Pattern) -> None:
    seconds, text = slowest(pattern)
    assert seconds < SECONDS, f"{pattern.text!r} took {seconds:.1f} s for {text}"


@pytest.mark.parametrize("pattern", SLOW, ids=lambda pattern: pattern.where)
def test_the_measure_finds_patterns_that_are_slow(pattern: Pattern) -> None:
    assert slowest(pattern)[0] > SECONDS


def test_the_patterns_of_many_modules_are_read() -> None:
    modules = {pattern.where.split(":")[0] for pattern in patterns()}
    assert len(modules) > 40 and "tools.core.token_shapes" in modules and len(patterns()) > 100
