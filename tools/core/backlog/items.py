"""The backlog: `queue/<digits>-<slug>.md`, one task a file, written by people and read tolerantly.

A file is a heading `# Task: <title>` and `Key: value` lines whose values may go on below, on `-`
bullets or indented lines (docs/formats.md, "queue"). What is wrong with one is a line in the
problems; the file still counts for as much of it as can be understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tools.core import ids
from tools.core.errors import ToolkitError
from tools.core.fs import files
from tools.core.problem import Problem
from tools.core.workspace import QUEUE, Workspace

OPEN = "open"
IN_PROGRESS = "in_progress"
DONE = "done"
DROPPED = "dropped"
DEFERRED = "deferred"
"""Put off: not offered, not finished, and left alone by task_sync."""

STATUSES = (OPEN, IN_PROGRESS, DONE, DROPPED, DEFERRED)
UNKNOWN = "unknown"
"""The status of a file whose word for it nobody knows: not offered, and reported."""

PRIORITIES = ("high", "medium", "low")

_NAME = re.compile(r"(\d+)-.*\.md")
_HEADING = re.compile(r"#+\s*(?:Task:\s*)?(.*?)\s*#*\s*")
_KEY = re.compile(r"([A-Za-z][A-Za-z ]{0,40}?)\s*:(?!//)\s*(.*)")
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]*")
_SEPARATOR = re.compile(r"[\s,;]+")


class Item(NamedTuple):
    """One task of the backlog; `status` and `priority` are words of this module."""

    path: str
    number: int
    task_id: str
    title: str
    status: str
    priority: str
    depends: tuple[str, ...]
    fields: Mapping[str, str]

    @property
    def rank(self) -> tuple[int, int, str]:
        """What comes first: the higher priority, then the older, which has the lower number."""
        return PRIORITIES.index(self.priority), self.number, self.path

    @property
    def paths(self) -> tuple[str, ...]:
        """The patterns of the files it will touch, as a claim names them."""
        return tuple(dict.fromkeys(_list(self.fields.get("paths", ""))))

    @property
    def goal(self) -> str:
        """The first line of what it is for."""
        return self.fields.get("goal", "").split("\n")[0]


def all_items(workspace: Workspace) -> tuple[list[Item], list[Problem]]:
    """Every task of the backlog, by file name, and what is wrong.

    Of two files with one id the first counts.
    """
    found: dict[str, Item] = {}
    problems: list[Problem] = []
    for name in files.names_in(workspace.queue, ".md"):
        if not _NAME.fullmatch(name):
            continue
        try:
            data = files.read_bytes(workspace.queue.child(name))
        except ToolkitError as error:
            problems.append(error.problem_in(workspace.queue.child(name).name))
            continue
        item, wrong = parse(name, (data or b"").decode("utf-8", "replace"))
        problems += wrong
        first = found.setdefault(item.task_id.casefold(), item)
        if first is not item:
            problems.append(_problem(item.path, 1, f"{item.task_id} is {first.path} already; this file is left out"))
    return list(found.values()), problems


def _problem(path: str, line: int, reason: str) -> Problem:
    return Problem(path, line, reason, "queue.item")


def parse(name: str, text: str) -> tuple[Item, list[Problem]]:
    """A file of the backlog by its name and text, and what is wrong with it."""
    path = f"{QUEUE}/{name}"
    digits = name.partition("-")[0]
    lines = text.split("\n")
    fields: dict[str, str] = {}
    rows: dict[str, int] = {}
    for number, key, value in _fields(lines):
        fields.setdefault(key, value)
        rows.setdefault(key, number)
    problems: list[Problem] = []

    def wrong(key: str, reason: str) -> None:
        problems.append(_problem(path, rows.get(key, 1), reason))

    task = fields.get("id") or f"QUEUE-{digits}"
    if not ids.is_task(task) or ids.is_thread_only(task):
        wrong("id", f"{task[:80]!r} cannot be the id of a task")
        task = f"QUEUE-{digits}"
    status = _word_of(fields.get("status", OPEN), STATUSES)
    if not status:
        wrong("status", f"unknown status {fields['status'][:40]!r}; use {', '.join(STATUSES)}")
    priority = _word_of(fields.get("priority", "medium"), PRIORITIES)
    if not priority:
        wrong("priority", f"unknown priority {fields['priority'][:40]!r}; use {', '.join(PRIORITIES)}")
    depends = [word for word in _list(fields.get("depends", "")) if word.lower() != "none"]
    for word in depends:
        if not ids.is_task(word):
            wrong("depends", f"{word[:80]!r} in Depends is not a task id")
    title = _title(lines)
    if not title:
        wrong("", "no heading '# Task: <title>'")
    item = Item(
        path,
        int(digits),
        task,
        title or name.removesuffix(".md"),
        status or UNKNOWN,
        priority or "medium",
        tuple(dict.fromkeys(depends)),
        fields,
    )
    return item, problems


def _title(lines: Sequence[str]) -> str:
    heading = next((line for line in lines if line.startswith("#")), "")
    found = _HEADING.fullmatch(heading.rstrip("\r"))
    return found[1] if found else ""


def _fields(lines: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Line number, key in lower case, value; bullets and indented lines belong to the key above."""
    key, start, value = "", 0, [""]
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip()
        found = _KEY.fullmatch(line)
        if found or line.startswith("#"):
            if key:
                yield start, key, "\n".join(value).strip()
            key, start, value = (found[1].lower(), number, [found[2]]) if found else ("", 0, [""])
        elif key and line.startswith((" ", "\t", "-")):
            value.append(line.strip())
    if key:
        yield start, key, "\n".join(value).strip()


def _word_of(text: str, words: Iterable[str]) -> str:
    """The known word a value begins with, `In-Progress (since May)` included; "" for none."""
    found = _WORD.match(text)
    word = found[0].lower().replace("-", "_") if found else ""
    if word == "in" and text.lower().startswith("in progress"):
        word = IN_PROGRESS
    return word if word in words else ""


def _list(value: str) -> list[str]:
    lines = (line.removeprefix("-") for line in value.split("\n"))
    return [word.strip("`'\".") for line in lines for word in _SEPARATOR.split(line) if word.strip("`'\".")]


def with_status(data: bytes, status: str) -> bytes:
    """A file's bytes with its `Status:` line saying `status`, and nothing else changed.

    A missing line is put under the heading.
    """
    lines = data.split(b"\n")
    for number, line in enumerate(lines):
        key, colon, _ = line.partition(b":")
        if colon and key.strip().lower() == b"status" and not key[:1].isspace():
            ending = b"\r" if line.endswith(b"\r") else b""
            lines[number] = key + b": " + status.encode() + ending
            return b"\n".join(lines)
    heading = next((number for number, line in enumerate(lines) if line.startswith(b"#")), -1)
    ending = b"\r" if b"\r\n" in data else b""
    if heading == len(lines) - 1 and heading >= 0:  # a heading without a line end
        return data + ending + b"\nStatus: " + status.encode() + ending + b"\n"
    lines.insert(heading + 1, b"Status: " + status.encode() + ending)
    return b"\n".join(lines)
