"""A play of real commands: scenes are data, and whatever deviates from them is told.

Each command runs as a process of its own in the folder of the seat that gives it. `{winner}` and
`{loser}` in later steps are the seats that a `Race` made so; `{name}` is what a step with
`keeps=(name, pattern)` found in its output.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tools.core.cli import bootstrap
from tools.core.git import environment

BY_HAND = "(by hand) "
"""What stands before the path of a file that no command writes."""

PATIENCE = 120.0
"""Seconds a command may take."""


class Step(NamedTuple):
    """A command, who gives it, how it must end and which words it must say (on either stream).

    `keeps` is a name for later steps and the pattern whose first group it stands for; `shows` is how
    many lines an audience needs to see.
    """

    who: str
    command: str
    exit: int = 0
    says: tuple[str, ...] = ()
    keeps: tuple[str, str] | None = None
    shows: int = 6


class Writes(NamedTuple):
    """A file that somebody writes by hand."""

    who: str
    path: str
    text: str


class Race(NamedTuple):
    """One command that two seats give at the same moment: one ends with 0, the other as said."""

    seats: tuple[str, str]
    command: str
    loser_exit: int
    loser_says: tuple[str, ...] = ()


class Scene(NamedTuple):
    """What happens in one sentence, how, and why it matters."""

    title: str
    steps: Sequence[Step | Race | Writes]
    why: str = ""


class Played(NamedTuple):
    """A step that was played: how it ended, what it said, and in what it deviated."""

    step: Step
    exit: int
    output: str
    deviations: tuple[str, ...]

    def telling(self) -> list[str]:
        """The lines that say what was expected, and the first of the others, as many as the step shows."""
        lines = self.output.splitlines()
        told = [n for n, line in enumerate(lines) if self.deviations or any(words in line for words in self.step.says)]
        others = [n for n in range(len(lines)) if n not in told]
        kept = sorted([*told, *others[: max(self.step.shows - len(told), 0)]])
        more = len(lines) - len(kept)
        return [lines[n] for n in kept] + ([f"… {more} more {'line' if more == 1 else 'lines'}"] if more else [])


class Stage:
    """Where a play happens: the folder of each seat below one scratch folder."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._cast: dict[str, str] = {}

    def play(self, scene: Scene) -> Iterator[Played]:
        """Plays a scene, command by command; the caller decides whether to go on after a deviation."""
        for step in scene.steps:
            if isinstance(step, Race):
                yield from self._race(step)
            elif isinstance(step, Writes):
                yield self._write(step)
            else:
                yield self._step(step)

    def _step(self, step: Step) -> Played:
        step = self._cast_in(step)
        played = _judged(step, _finish(self._start(step.who, step.command)))
        if step.keeps is None:
            return played
        name, pattern = step.keeps
        found = re.search(pattern, played.output)
        if found is None:
            return played._replace(deviations=(*played.deviations, f"says nothing like {pattern!r}"))
        self._cast[name] = found[1]
        return played

    def _write(self, writes: Writes) -> Played:
        path = self._filled(writes.path)
        place = os.path.join(self._top, writes.who, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8") as file:
            file.write(self._filled(writes.text))
        return Played(Step(writes.who, f"{BY_HAND}{path}"), 0, "", ())

    def _race(self, race: Race) -> Iterator[Played]:
        processes = [self._start(who, race.command) for who in race.seats]
        ended = [_finish(process) for process in processes]
        lost = ended[0][0] != 0
        self._cast |= {"winner": race.seats[lost], "loser": race.seats[not lost]}
        yield _judged(Step(race.seats[lost], race.command), ended[lost])
        loser = Step(race.seats[not lost], race.command, race.loser_exit, race.loser_says)
        yield _judged(self._cast_in(loser), ended[not lost])

    def _cast_in(self, step: Step) -> Step:
        says = tuple(self._filled(words) for words in step.says)
        return step._replace(who=self._filled(step.who), command=self._filled(step.command), says=says)

    def _filled(self, text: str) -> str:
        for role, who in self._cast.items():
            text = text.replace(f"{{{role}}}", who)
        return text

    def _start(self, who: str, command: str) -> subprocess.Popen[str]:
        words = shlex.split(command)
        if words[0] == "python":
            words[0] = sys.executable
        elif words[0].startswith("tools/"):
            words[0] = os.path.join(bootstrap.CHECKOUT, words[0])
        folder = os.path.join(self._top, who)
        return subprocess.Popen(
            words,
            cwd=folder if os.path.isdir(folder) else self._top,
            env=self._environment(who),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def _environment(self, who: str) -> dict[str, str]:
        mail = f"{who}@example.org"
        kept = {key: value for key, value in environment.scrubbed().items() if not key.startswith("TEOF_")}
        return kept | {
            "PYTHONPATH": bootstrap.CHECKOUT,
            "VIRTUAL_ENV": sys.prefix,
            "HOME": self._top,
            "NO_COLOR": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": who,
            "GIT_AUTHOR_EMAIL": mail,
            "GIT_COMMITTER_NAME": who,
            "GIT_COMMITTER_EMAIL": mail,
        }


def _finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    try:
        output = process.communicate(timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        output = process.communicate()[0] + f"\n(no end after {PATIENCE:.0f} s)"
    return process.returncode, output


def _judged(step: Step, ended: tuple[int, str]) -> Played:
    code, output = ended
    deviations = [f"does not say {words!r}" for words in step.says if words not in output]
    if code != step.exit:
        deviations.insert(0, f"ended with {code}, not {step.exit}")
    return Played(step, code, output, tuple(deviations))
