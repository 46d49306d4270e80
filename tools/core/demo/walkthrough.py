"""A walkthrough in Markdown: commands in fenced blocks, each with what it must say.

`## ` begins a scene. In a block of `console`, `seat $ command` is a step, or `seat & seat $ command`
for two at the same moment; below it stand the lines it says and, in brackets, an exit code other than
0. `…` is any text and, alone, any lines. `<name>` is what stood there when it was first met. An
audience sees all that the steps of `console whole` say, of `console brief` only what stands here, and
nothing of `console quiet`. A block whose first line names a language and a path is a file that is written
by hand; a third word, `quiet`, hides it. A command's standard input is empty, or the file that a last word `<path` names.
"""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_FENCE = re.compile(r"^```(\w+)(?: (\S+))?(?: (\w+))?\n(.*?)^```$", re.M | re.S)
_HEADING = re.compile(r"^```.*?^```$|^## ([^\n]+)$", re.M | re.S)
_PROMPT = re.compile(r"(\S+(?: & \S+)?) \$ (.+)")
_EXIT = re.compile(r"\[(\d+)\]")
_NAME = re.compile(r"<(\w+)>")
ANY = "…"
"""What stands for any text in an expected line and, alone, for any lines."""


class Showing(enum.Enum):
    """What an audience sees of a step."""

    SOME = ""
    WHOLE = "whole"
    BRIEF = "brief"
    QUIET = "quiet"


class Ending(NamedTuple):
    """What a command must say, line by line, and how it must end."""

    lines: Sequence[str] = ()
    exit: int = 0


class Step(NamedTuple):
    """A command and its seat; of two seats, the one that wins has the first ending."""

    seats: Sequence[str]
    command: str
    endings: Sequence[Ending]
    showing: Showing = Showing.SOME


class File(NamedTuple):
    """A file that a person writes by hand."""

    seat: str
    path: str
    text: str
    showing: Showing = Showing.SOME


class Scene(NamedTuple):
    """What happens in one sentence, why it matters, and how."""

    title: str
    why: str
    steps: Sequence[Step | File]

    @property
    def showing(self) -> Showing:
        """`QUIET` where an audience sees no step of it, `BRIEF` where it sees none in full."""
        kinds = {step.showing for step in self.steps} - {Showing.QUIET}
        return Showing.QUIET if not kinds else Showing.BRIEF if kinds == {Showing.BRIEF} else Showing.SOME


class Verdict(NamedTuple):
    """Which lines of an output were expected, and what is wrong with it."""

    lines: frozenset[int]
    deviations: tuple[str, ...]


def names() -> list[str]:
    """The walkthroughs there are."""
    return sorted(name.removesuffix(".md") for name in os.listdir(os.path.dirname(__file__)) if name.endswith(".md"))


def load(name: str) -> list[Scene]:
    """A walkthrough by its name."""
    with open(os.path.join(os.path.dirname(__file__), f"{name}.md"), encoding="utf-8") as file:
        return parse(file.read())


def parse(text: str) -> list[Scene]:
    """The scenes of a walkthrough."""
    headings = [match for match in _HEADING.finditer(text) if match[1]]
    ends = [*(match.start() for match in headings[1:]), len(text)]
    return [_scene(match[1], text[match.end() : end]) for match, end in zip(headings, ends, strict=True)]


def _scene(title: str, body: str) -> Scene:
    steps: list[Step | File] = []
    for language, path, showing, content in _FENCE.findall(body):
        if language == "console":
            steps += [step._replace(showing=Showing(path)) for step in _steps(content)]
        else:
            seat, _, name = path.partition("/")
            steps.append(File(seat, name, content, Showing(showing)))
    return Scene(title, " ".join(body.partition("```")[0].split()), steps)


def _steps(block: str) -> list[Step]:
    steps: list[Step] = []
    for line in block.splitlines():
        prompt, ending = _PROMPT.fullmatch(line), _EXIT.fullmatch(line)
        if prompt:
            steps.append(Step(prompt[1].split(" & "), prompt[2], [Ending()]))
            continue
        step = steps[-1]
        last = step.endings[-1]
        if ending:
            after = [Ending()] if len(step.endings) < len(step.seats) else []
            steps[-1] = step._replace(endings=[*step.endings[:-1], last._replace(exit=int(ending[1])), *after])
        else:
            steps[-1] = step._replace(endings=[*step.endings[:-1], last._replace(lines=[*last.lines, line])])
    return steps


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with the names that have a value replaced by it."""
    return _NAME.sub(lambda match: values.get(match[1], match[0]), text)


def judge(ending: Ending, exit_code: int, output: Sequence[str], values: dict[str, str]) -> Verdict:
    """Compares an output with what is expected; adds to `values` what stood for new names."""
    wrong = [f"ended with {exit_code}, not {ending.exit}"] if exit_code != ending.exit else []
    at, skips, matched = 0, False, set()
    for line in ending.lines:
        if line == ANY:
            skips = True
            continue
        places = range(at, len(output) if skips else min(at + 1, len(output)))
        place = next((number for number in places if _matches(line, output[number], values)), None)
        if place is None:
            wrong.append(f"does not say {fill(line, values)!r}")
            break
        matched.add(place)
        at, skips = place + 1, False
    if not wrong and not skips and at < len(output):
        wrong.append(f"says more: {output[at]!r}")
    return Verdict(frozenset(matched), tuple(wrong))


def _matches(expected: str, line: str, values: dict[str, str]) -> bool:
    pattern = re.escape(fill(expected, values)).replace(ANY, ".*")
    match = re.fullmatch(_NAME.sub(r"(?P<\1>[\\w./-]+?)", pattern), line)
    if match:
        values.update(match.groupdict())
    return match is not None
