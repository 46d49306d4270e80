"""Plays a walkthrough with real commands, each a process of its own in the folder of its seat."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

from tools.core.cli import bootstrap
from tools.core.demo.walkthrough import ANY, Ending, File, Scene, Showing, Step, fill, judge
from tools.core.git import environment

BY_HAND = "(by hand) "
"""What stands before the path of a file that no command writes."""

PATIENCE = 120.0
"""Seconds a command may take."""

_SHOWN = 6


class Played(NamedTuple):
    """A step that was played: its exit code, its output, the expected lines, and the differences.

    `expected` holds the numbers of the output's lines that were expected, `script` what was expected of them.
    """

    seat: str
    command: str
    exit: int = 0
    output: tuple[str, ...] = ()
    expected: frozenset[int] = frozenset()
    deviations: tuple[str, ...] = ()
    script: tuple[str, ...] = ()
    showing: Showing = Showing.SOME

    def telling(self) -> list[str]:
        """What an audience sees: by default the expected lines and the first of the others."""
        if self.showing is Showing.BRIEF and not self.deviations:
            return list(self.script)
        others = [number for number in range(len(self.output)) if number not in self.expected]
        room = len(others) if self.showing is Showing.WHOLE or self.deviations else max(_SHOWN - len(self.expected), 0)
        kept = sorted([*self.expected, *others[:room]])
        more = len(self.output) - len(kept)
        return [self.output[number] for number in kept] + ([f"… {more} more line{'s' * (more != 1)}"] if more else [])


class Stage:
    """Where a walkthrough is played: the folder of each seat below one scratch folder."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._values: dict[str, str] = {}

    def play(self, scene: Scene) -> Iterator[Played]:
        """Plays a scene, command by command; the caller decides whether to go on after a deviation."""
        for step in scene.steps:
            if isinstance(step, File):
                yield self._write(step)
            else:
                yield from self._run(step)

    def _write(self, file: File) -> Played:
        path = fill(file.path, self._values)
        place = os.path.join(self._top, file.seat, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8") as written:
            written.write(fill(file.text, self._values))
        return Played(file.seat, f"{BY_HAND}{path}", showing=file.showing)

    def _run(self, step: Step) -> Iterator[Played]:
        command = fill(step.command, self._values)
        seats = [fill(seat, self._values) for seat in step.seats]
        processes = [self._start(seat, command) for seat in seats]
        ended = [(seat, *_finish(process)) for seat, process in zip(seats, processes, strict=True)]
        if len(seats) > 1:
            ended.sort(key=lambda end: end[1])  # who ends with 0 has won
            self._values |= {"winner": ended[0][0], "loser": ended[1][0]}
        for (seat, code, output), ending in zip(ended, step.endings, strict=True):
            yield self._judged(Played(seat, command, code, output, showing=step.showing), ending)

    def _judged(self, played: Played, ending: Ending) -> Played:
        verdict = judge(ending, played.exit, played.output, self._values)
        script = tuple(fill(line, self._values) for line in ending.lines if line != ANY)
        return played._replace(expected=verdict.lines, deviations=verdict.deviations, script=script)

    def _start(self, seat: str, command: str) -> subprocess.Popen[str]:
        words = shlex.split(command)
        source = os.path.join(self._top, words.pop()[1:]) if words[-1].startswith("<") else os.devnull
        if words[0] == "python":
            words[0] = sys.executable
        elif words[0] == "teof":
            words[:1] = [sys.executable, os.path.join(bootstrap.CHECKOUT, "teof.py")]
        elif words[0].startswith("tools/"):
            words[0] = os.path.join(bootstrap.CHECKOUT, words[0])
        folder = os.path.join(self._top, seat)
        with open(source, "rb") as stdin:
            return subprocess.Popen(
                words,
                cwd=folder if os.path.isdir(folder) else self._top,
                env=self._environment(seat),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )

    def _environment(self, seat: str) -> dict[str, str]:
        mail = f"{seat}@example.org"
        kept = {key: value for key, value in environment.scrubbed().items() if not key.startswith("TEOF_")}
        return kept | {
            "PYTHONPATH": bootstrap.CHECKOUT,
            "VIRTUAL_ENV": sys.prefix,
            "HOME": self._top,
            "NO_COLOR": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": seat,
            "GIT_AUTHOR_EMAIL": mail,
            "GIT_COMMITTER_NAME": seat,
            "GIT_COMMITTER_EMAIL": mail,
        }


def _finish(process: subprocess.Popen[str]) -> tuple[int, tuple[str, ...]]:
    try:
        output = process.communicate(timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        output = process.communicate()[0] + f"\n(no end after {PATIENCE:.0f} s)"
    return process.returncode, tuple(output.splitlines())
