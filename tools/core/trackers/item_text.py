"""The backlog file of a piece, in parts that can be compared one by one.

Every foreign line is quoted with `> `: readers of the backlog take any `Word: …` line for a field,
so a description that says `Status: done` would close the task. Control characters and marks that
reverse the direction of text are made visible.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from tools.core.text import terminal
from tools.core.trackers.pieces import Piece

try:
    from _blake2 import blake2b
except ImportError:  # an interpreter built without its own
    from hashlib import blake2b

MAX_TITLE = 200
"""Characters of a heading; the whole of a longer title stands in a section."""

MAX_VALUE = 500
"""Characters of a field."""

MAX_SECTION = 200_000
"""Characters of a section; the whole text is in the kept source."""

MAX_DEPENDS = 100_000
"""Characters of the line that names dependencies."""

MAX_MARK = 64
"""Characters of a part that is its own mark."""

CUT = "(cut here; the whole text is in queue/.source/)"
_FIELD = re.compile(r"([A-Za-z][A-Za-z ]{0,40}?)\s*:(?!//)")


class Links(NamedTuple):
    """A piece's id here and those of the tasks it is tied to."""

    task_id: str
    depends: Sequence[str]
    parent: str = ""


Parts = dict[str, str]
"""The parts of a file by name and in order: `title`, fields by their key, sections as `## heading`, all in lower case."""


class Rendered(NamedTuple):
    """What a piece looks like here: the heading and fields as one text, and the sections by name."""

    head: str
    sections: Parts

    @property
    def text(self) -> str:
        """The whole file."""
        return "".join([self.head, *[f"\n{section}\n" for section in self.sections.values()]])

    @property
    def parts(self) -> Parts:
        """Its parts, as `split` finds them in the file."""
        return split(self.head) | self.sections


def render_piece(piece: Piece, links: Links, source: str, digest: str) -> Rendered:
    """What a piece looks like here."""
    title = _line(piece.title, MAX_TITLE)
    depends = f"Depends: {', '.join(links.depends)[:MAX_DEPENDS]}\n" if links.depends else ""
    head = (
        f"# Task: {title}\nId: {links.task_id}\nStatus: {piece.status}\nPriority: {piece.priority}\n{depends}"
        f"Source: {source_line(source, piece.key)}\nSource Digest: {digest}\n"
    )
    for name, value in (
        ("Type", piece.kind),
        ("Parent", links.parent),
        ("Labels", piece.labels and ", ".join(piece.labels)),
        ("Assignee", piece.assignee),
        ("Milestone", piece.milestone),
        ("Related", piece.related and ", ".join(piece.related)),
    ):
        if value:
            head += _field(name, value)
    if piece.created:
        head += f"Created: {piece.created}\n"
    if piece.due:
        head += f"Due: {piece.due}\n"
    sections: Parts = {}
    if title != piece.title.strip():
        _add_section(sections, "Title", piece.title)
    for heading, text in piece.sections:
        _add_section(sections, heading, text)
    if piece.unknown:
        _add_section(sections, "Other fields", _shown(piece.unknown))
    return Rendered(head, sections)


def source_line(source: str, key: str) -> str:
    """How a file names the piece it came from."""
    return _line(f"{source} {key}", MAX_VALUE)


@lru_cache(1024)
def _field(name: str, value: str) -> str:
    """A line of the head; a tracker has few types, labels and people, and many issues with each."""
    return f"{name}: {_line(value, MAX_VALUE)}\n"


def _add_section(parts: Parts, heading: str, text: str) -> None:
    """A section; one whose heading is there already goes on below it."""
    shown, name = _heading(heading)
    above = f"{parts[name]}\n>" if name in parts else f"## {shown}"
    parts[name] = f"{above}\n{quoted(text)}"


@lru_cache(256)
def _heading(text: str) -> tuple[str, str]:
    """A section's heading as it is shown, and the name of its part; most sources have the same few."""
    shown = _line(text, 80)
    return shown, f"## {shown.lower()}"


def _line(text: str, limit: int) -> str:
    """One line, clean and not too long."""
    if not terminal.is_plain(text):
        text = terminal.clean(" ".join(text.split()) if "\n" in text else text)
    text = text.strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def quoted(text: str) -> str:
    """Foreign text as a quotation, every line of it clean; tabs stay."""
    if len(text) > MAX_SECTION:
        text = f"{text[:MAX_SECTION]}\n{CUT}"
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    text = text.strip("\n").rstrip()
    if not terminal.is_plain(text.replace("\n", "")):
        text = "\n".join("\t".join(map(terminal.clean, line.split("\t"))) for line in text.split("\n"))
    quotation = "> " + text.replace("\n", "\n> ")
    if "> \n" not in text:
        return quotation.replace("> \n", ">\n")  # nothing but the marks of empty lines ends so
    return quotation.replace("\n> \n", "\n>\n").replace("\n> \n", "\n>\n")  # twice: matches overlap in empty lines


def unquoted(section: str) -> str:
    """The text of a section without its heading and its quotation marks."""
    lines = section.split("\n")[1:]
    return "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines).strip("\n")


def _shown(unknown: Mapping[str, object]) -> str:
    texts = ((name, value if isinstance(value, str) else json.dumps(value)) for name, value in unknown.items())
    return "\n".join(f"{_line(name, 80)}: {_line(text, MAX_VALUE)}" for name, text in texts)


def text_of(parts: Mapping[str, str]) -> str:
    """The file that some parts are."""
    return "".join(f"\n{part}\n" if name.startswith("## ") else f"{part}\n" for name, part in parts.items())


def split(text: str) -> Parts:
    """The parts of a file, as it may have been edited; text above the first section that is not a field is `text`."""
    parts: Parts = {}
    name = "text"
    head, *sections = f"\n{text}".replace("\r\n", "\n").split("\n## ")
    for line in head[1:].split("\n"):
        if line.startswith("#") and "title" not in parts:
            name = "title"
        elif field := _FIELD.match(line):
            name = _free(parts, field[1].lower())
        elif name != "text" and not line.startswith((" ", "\t", "-")):
            name = "text"
        parts[name] = f"{parts[name]}\n{line}" if name in parts else line
    for section in sections:
        heading, _, _ = section.partition("\n")
        parts[_free(parts, f"## {heading}".rstrip().lower())] = f"## {section}"
    return {name: part.strip("\n") for name, part in parts.items() if part.strip()}


def _free(parts: Parts, name: str) -> str:
    """The name, or one beside it when it stands twice."""
    number = 2
    free = name
    while free in parts:
        free = f"{name} ({number})"
        number += 1
    return free


# -- what changed on which side ------------------------------------------------------------------


def short_hash(text: str) -> str:
    """16 hex digits that tell a text from others: BLAKE2, a quarter of the cost of SHA-256 where there are thousands."""
    data = text.encode() if text.isascii() else text.encode("utf-8", "surrogatepass")  # looking that up costs as much
    digest: str = blake2b(data, digest_size=8).hexdigest()
    return digest


def mark(part: str) -> str:
    """A mark that changes when a part does: a short part itself, else its hash."""
    return part if len(part) <= MAX_MARK else short_hash(part)


def marks(parts: Mapping[str, str]) -> dict[str, str]:
    """The marks of all parts."""
    return {name: mark(part) for name, part in parts.items()}


class Merged(NamedTuple):
    """A file that takes over what changed there: its parts, and the names of parts by who changed them."""

    parts: Parts
    taken: list[str]
    kept: list[str]
    conflicts: list[str]


def merge(ours: Parts, base: Mapping[str, str], theirs: Parts, *, theirs_wins: bool = False) -> Merged:
    """Ours with what changed there; `base` are the marks of what was imported last.

    A part that both changed stays ours and is a conflict, unless theirs wins.
    """
    merged = Merged({}, [], [], [])
    for name in _in_order(ours, theirs):
        our_part, their_part = ours.get(name, ""), theirs.get(name, "")
        before, our_mark, their_mark = base.get(name, ""), mark(our_part), mark(their_part)
        chosen = our_part
        if our_mark != their_mark:
            if our_mark == before:
                chosen = their_part
                merged.taken.append(name)
            elif their_mark == before:
                merged.kept.append(name)
            else:
                chosen = their_part if theirs_wins else our_part
                (merged.taken if theirs_wins else merged.conflicts).append(name)
        if chosen:
            merged.parts[name] = chosen
    return merged


def _in_order(ours: Parts, theirs: Parts) -> Iterable[str]:
    """The names of both in the order of ours, each that is only theirs behind the one before it there."""
    names = list(ours)
    places = {name: place for place, name in enumerate(names)}
    behind: dict[int, list[str]] = {}
    last = -1
    for name in theirs:
        if name in places:
            last = places[name]
        else:
            behind.setdefault(last, []).append(name)
    yield from behind.get(-1, ())
    for place, name in enumerate(names):
        yield name
        yield from behind.get(place, ())
