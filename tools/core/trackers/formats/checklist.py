"""Markdown checklists: spec-kit's `tasks.md`, a TODO list, any file with `- [ ]` lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from tools.core import ids
from tools.core.backlog import items
from tools.core.hashing import sha256_hex
from tools.core.trackers import pieces
from tools.core.trackers.formats import source_files
from tools.core.trackers.formats.source_files import Source
from tools.core.trackers.outgoing import Outgoing
from tools.core.trackers.pieces import Edge, Piece, Reading, Step

NAME = "checklist"
PATHS = ("tasks.md", "TODO.md", "todo.md")
PREFIX = "CHK"

_LINE = re.compile(r"([ \t]*)[-*+] \[([^\]])\]\s+(\S.*)")
_HEADING = re.compile(r"#{1,6}\s+(\S.*)")
_NUMBER = re.compile(r"T\d{1,6}")
_MARK = re.compile(r"\[([A-Za-z][A-Za-z0-9-]{0,11})\]\s*")
_DEPENDS = re.compile(r"\bdepends (?:on|upon):?\s+", re.IGNORECASE)
_STATUSES = {
    "x": items.DONE,
    "X": items.DONE,
    "~": items.IN_PROGRESS,
    "/": items.IN_PROGRESS,
    "-": items.DROPPED,
    ">": items.DEFERRED,
}
_MARKS = {
    items.DONE: "x",
    items.IN_PROGRESS: "~",
    items.DROPPED: "-",
    items.DEFERRED: ">",
}
_MAX_PHRASES = 20
"""Phrases of one line that are looked at for dependencies."""

EXPORTED = "<!-- teof tasks -->"
"""What marks a checklist that an export wrote, in one of its first three lines."""


# -- reading -------------------------------------------------------------------------------------


def read_items(source: Source) -> Reading:
    """A piece for each line with a box that stands furthest left; boxes below it are its steps."""
    file = source_files.read(source)
    lines = file.text.replace("\r\n", "\n").split("\n")
    is_ours = EXPORTED in lines[:3]
    return Reading([_piece(block, file.name, is_ours=is_ours) for block in _blocks(lines)], [], [], f"{file.name}#")


class _Block(NamedTuple):
    """A box and the lines below it that belong to it; `begun` is the line it stands on."""

    lines: list[str]
    begun: int
    heading: str
    depth: int


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    heading, fence = "", False
    block: _Block | None = None
    for number, line in enumerate(lines, 1):
        inside, fence = fence, fence ^ line.lstrip().startswith(("```", "~~~"))
        box = None if fence else _LINE.fullmatch(line)
        if box is not None and (block is None or _depth(box[1]) <= block.depth):
            if block is not None:
                yield block
            block = _Block([line], number, heading, _depth(box[1]))
        elif block is not None and (inside or not _ends(line)):
            block.lines.append(line)
        else:
            if block is not None:
                yield block
            block = None
            above = None if fence else _HEADING.fullmatch(line.rstrip())
            heading = above[1].rstrip("# ") if above else heading
    if block is not None:
        yield block


def _depth(indent: str) -> int:
    return len(indent.expandtabs(4))


def _ends(line: str) -> bool:
    """Whether a line no longer belongs to the box above: it is not indented and says something."""
    return bool(line.strip()) and not line.startswith((" ", "\t"))


def _piece(block: _Block, name: str, *, is_ours: bool) -> Piece:
    match = _LINE.fullmatch(block.lines[0])
    assert match is not None
    text = match[3].strip()
    task_id, title = _numbered(text)
    title, priority, named = _tail(title)
    labels, title = _labels(title) if task_id.startswith("T") else ([], title)
    key = task_id or f"{PREFIX}-{_hash(name, text)}"
    return Piece(
        key=f"{name}#{key}",
        where=f"{name}:{block.begun}",
        title=title or text,
        status=_STATUSES.get(match[2], items.OPEN),
        raw="\n".join(block.lines).rstrip(),
        task_id=key,
        priority=priority or pieces.priority_of_labels(labels),
        sections=pieces.sections_of(("Details", _dedented(block.lines[1:]))),
        depends=[Edge(f"{name}#{target}") for target in named or _depends(block.lines)],
        labels=labels,
        milestone=block.heading if not is_ours else "",
        steps=_steps(block.lines[1:]),
        is_ours=is_ours,
    )


def _hash(*texts: str) -> str:
    """Eight hex digits that stay while a line keeps its text, wherever in the file it stands."""
    return sha256_hex("\n".join(texts).encode("utf-8", "surrogatepass"))[:8]


def _numbered(text: str) -> tuple[str, str]:
    """The id in front of a line and the rest: `T012 …`, `**T012**: …`, `ab-12: …`; "" where there is none."""
    word, _, rest = text.partition(" ")
    name = word.strip("*:`")
    if len(name) > ids.NAME_LENGTH or not rest.strip():
        return "", text
    if _NUMBER.fullmatch(name) or (word.rstrip("*").endswith(":") and "-" in name and ids.is_task(name)):
        return name, rest.strip()
    return "", text


def _tail(title: str) -> tuple[str, str, list[str]]:
    """A title without what an export put behind it, the priority and the dependencies."""
    before, bracket, notes = title.rpartition(" (")
    if not bracket or not notes.endswith(")"):
        return title, "", []
    priority, names = "", []
    for note in notes[:-1].split("; "):
        if note in ("high priority", "low priority"):
            priority = note.removesuffix(" priority")
        elif note.startswith("depends on "):
            names = [name.strip(" `") for name in note.removeprefix("depends on ").split(",")]
        else:
            return title, "", []
    return before, priority, [name for name in names if name]


def _labels(title: str) -> tuple[list[str], str]:
    """The marks in front of a numbered title, such as `[P]` and `[US1]`."""
    labels = []
    while match := _MARK.match(title):
        labels.append(match[1])
        title = title[match.end() :]
    return labels, title


def _depends(lines: Sequence[str]) -> list[str]:
    """The numbered tasks behind `depends on`, up to the first word that is not one."""
    names: list[str] = []
    for line in lines:
        for match in islice(_DEPENDS.finditer(line), _MAX_PHRASES):
            for word in re.split(r"[\s,;&]+|\band\b", line[match.end() : match.end() + 1000]):
                if not word:
                    continue
                name = word.strip("()[]`*.:")
                if not _NUMBER.fullmatch(name):
                    break
                names.append(name)
    return list(dict.fromkeys(names))


def _dedented(lines: Sequence[str]) -> str:
    depth = min((_depth(line[: len(line) - len(line.lstrip())]) for line in lines if line.strip()), default=0)
    return "\n".join(line.expandtabs(4)[depth:].rstrip() for line in lines).strip("\n")


def _steps(lines: Sequence[str]) -> list[Step]:
    matches = (_LINE.fullmatch(line) for line in lines)
    return [Step(match[3].strip(), _STATUSES.get(match[2]) == items.DONE) for match in matches if match]


# -- writing -------------------------------------------------------------------------------------


def write_items(outgoing: Iterable[Outgoing]) -> Iterator[str]:
    """A checklist that this reader reads back, and that people can tick."""
    yield f"# Tasks\n{EXPORTED}\n\n"
    for item in outgoing:
        notes = [f"{item.priority} priority"] if item.priority != pieces.MEDIUM else []
        notes += [f"depends on {', '.join(item.depends)}"] if item.depends else []
        tail = f" ({'; '.join(notes)})" if notes else ""
        yield f"- [{_MARKS.get(item.status, ' ')}] `{item.task_id}`: {item.title}{tail}\n"
