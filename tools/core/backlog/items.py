"""The backlog: `queue/<digits>-<slug>.md`, one task a file, written by people and read tolerantly.

A file is a heading `# Task: <title>` and `Key: value` lines whose values may go on below, on `-`
bullets or indented lines (docs/formats.md, "queue/<digits>-<slug>.md"). An error is
reported as a problem, and the readable rest of the file still counts. Hooks read the backlog as each
session starts: so this module loads no regular expressions.
"""

from __future__ import annotations

from tools.core import ids
from tools.core.errors import ToolkitError
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.problem import Problem
from tools.core.workspace import QUEUE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tools.core.workspace import Workspace

    Report = Callable[[str, str], None]
    """Takes the key of a line, "" for the heading, and the reason."""

OPEN = "open"
IN_PROGRESS = "in_progress"
DONE = "done"
DROPPED = "dropped"
DEFERRED = "deferred"
"""Postponed: not offered, not finished, and left alone by task_sync."""

STATUSES = (OPEN, IN_PROGRESS, DONE, DROPPED, DEFERRED)
UNKNOWN = "unknown"
"""The status of a file with an unknown status word: not offered, and reported."""

PRIORITIES = ("high", "medium", "low")

_NO_TASKS = ("readme.md", "index.md", "agents.md", "claude.md")
"""Files of a backlog that are no tasks."""

_MAX_KEY = 41
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_WORD_CHARACTERS = _LETTERS | {"_", "-"}


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
        """Sort key: higher priority first, then the older file, which has the lower number."""
        return PRIORITIES.index(self.priority), self.number, self.path

    @property
    def paths(self) -> tuple[str, ...]:
        """The patterns of the files it will touch, as a claim names them."""
        return tuple(dict.fromkeys(_list(self.fields.get("paths", ""))))

    @property
    def goal(self) -> str:
        """The first line of its goal."""
        return self.fields.get("goal", "").split("\n")[0]


def all_items(workspace: Workspace) -> tuple[list[Item], list[Problem]]:
    """Every task of the backlog, by file name, and the problems.

    Of two files with one id the first counts.
    """
    from tools.core.fs import files  # a session's start reads the backlog without what this loads

    items: dict[str, Item] = {}
    problems: list[Problem] = []
    for name in files.names_in(workspace.queue, ".md"):
        if not is_name(name):
            if name.lower() not in _NO_TASKS:
                problems.append(_problem(f"{QUEUE}/{name}", 1, "not <digits>-<slug>.md; this file is left out"))
            continue
        try:
            data = files.read_bytes(workspace.queue.child(name))
        except ToolkitError as error:
            problems.append(error.problem_in(workspace.queue.child(name).name))
            continue
        item, wrong = parse(name, (data or b"").decode("utf-8", "replace"))
        problems += wrong
        first = items.setdefault(item.task_id.casefold(), item)
        if first is not item:
            problems.append(_problem(item.path, 1, f"{item.task_id} is {first.path} already; this file is left out"))
    listed = list(items.values())
    return listed, [*problems, *_cycles(listed)]


def _cycles(items: Sequence[Item]) -> Iterator[Problem]:
    """A problem for each circle of tasks that wait for one another, at one of them; linear in the backlog."""
    waiting = {item.task_id: set(item.depends) for item in items}
    dependents: dict[str, list[str]] = {}
    for task, depends in waiting.items():
        depends.intersection_update(waiting)
        for name in depends:
            dependents.setdefault(name, []).append(task)
    free = [task for task, depends in waiting.items() if not depends]
    while free:
        task = free.pop()
        del waiting[task]
        for dependent in dependents.get(task, ()):
            waiting[dependent].discard(task)
            if not waiting[dependent]:
                free.append(dependent)
    paths = {item.task_id: item.path for item in items}
    for circle in _circles(waiting):
        shown = [*circle[:8], *(["…"] if len(circle) > 8 else []), circle[0]]
        yield _problem(paths[circle[0]], 1, f"it waits for itself: {' -> '.join(shown)}")


def _circles(waiting: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """The circles among tasks each of which waits for another of them."""
    seen: set[str] = set()
    for start in waiting:
        way: dict[str, int] = {}
        task = start
        while task not in seen:
            seen.add(task)
            way[task] = len(way)
            task = min(waiting[task])
        if task in way:
            yield list(way)[way[task] :]


def dependencies_too(items: Sequence[Item]) -> list[str]:
    """The tasks of a backlog, and all that they wait for."""
    return [*(item.task_id for item in items), *(name for item in items for name in item.depends)]


def unknown_dependencies(items: Sequence[Item], claimed: Collection[str]) -> list[Problem]:
    """A problem for each dependency that neither the backlog nor a claim has."""
    existing = {*(item.task_id for item in items), *claimed}
    return [
        _problem(item.path, 1, f"it waits for {name}, which is not in the backlog")
        for item in items
        for name in item.depends
        if name not in existing and ids.is_task(name)
    ]


def is_name(name: str) -> bool:
    """Whether a file of this name is a task: digits, a hyphen, a slug, `.md`."""
    digits, hyphen, slug = name.partition("-")
    return digits.isdecimal() and bool(hyphen) and slug.endswith(".md") and "\n" not in slug


def _problem(path: str, line: int, reason: str) -> Problem:
    return Problem(path, line, reason, "queue.item")


def parse(name: str, text: str) -> tuple[Item, list[Problem]]:
    """The task in a file of the backlog, and the file's problems."""
    path = f"{QUEUE}/{name}"
    digits = name.partition("-")[0]
    lines = text.split("\n")
    fields: dict[str, str] = {}
    rows: dict[str, int] = {}
    for number, key, value in _fields(lines):
        fields.setdefault(key, value)
        rows.setdefault(key, number)
    problems: list[Problem] = []

    def report(key: str, reason: str) -> None:
        problems.append(_problem(path, rows.get(key, 1), reason))

    task = _task_id(fields, f"QUEUE-{digits}", report)
    status = _choice("status", fields.get("status", OPEN), STATUSES, report) or UNKNOWN
    priority = _choice("priority", fields.get("priority", "medium"), PRIORITIES, report) or "medium"
    depends = _dependencies(fields, report)
    title = _title(lines)
    if not title:
        report("", "no heading '# Task: <title>'")
        title = name.removesuffix(".md")
    return Item(path, int(digits), task, title, status, priority, depends, fields), problems


def _task_id(fields: Mapping[str, str], default: str, report: Report) -> str:
    task = fields.get("id") or default
    if ids.is_task(task) and not ids.is_thread_only(task):
        return task
    report("id", f"{task[:80]!r} cannot be the id of a task")
    return default


def _choice(key: str, value: str, words: Sequence[str], report: Report) -> str:
    word = _word_of(value, words)
    if not word:
        report(key, f"unknown {key} {value[:40]!r}; use {', '.join(words)}")
    return word


def _dependencies(fields: Mapping[str, str], report: Report) -> tuple[str, ...]:
    depends = [word for word in _list(fields.get("depends", "")) if word.lower() != "none"]
    for word in depends:
        if not ids.is_task(word):
            report("depends", f"{word[:80]!r} in Depends is not a task id")
    return tuple(dict.fromkeys(depends))


def _title(lines: Sequence[str]) -> str:
    heading = next((line for line in lines if line.startswith("#")), "")
    title = heading.lstrip("#").lstrip().removeprefix("Task:")
    return title.rstrip().rstrip("#").strip()


def _fields(lines: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Line number, key in lower case, value; bullets and indented lines belong to the key above."""
    key, start, value = "", 0, [""]
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip()
        new_key, text = _key_of(line)
        if new_key or line.startswith("#"):
            if key:
                yield start, key, "\n".join(value).strip()
            key, start, value = new_key, number, [text]
        elif key and line.startswith((" ", "\t", "-")):
            value.append(line.strip())
    if key:
        yield start, key, "\n".join(value).strip()


def _key_of(line: str) -> tuple[str, str]:
    """The key of a `Key: value` line in lower case, and the value; "" for any other line, an address included."""
    before, colon, value = line.partition(":")
    if not colon or value.startswith("//"):
        return "", ""
    key = before.rstrip()
    is_key = len(key) <= _MAX_KEY and key[:1] != " " and key.isascii() and key.replace(" ", "").isalpha()
    return (key.lower(), value.lstrip()) if is_key else ("", "")


def _word_of(text: str, words: Iterable[str]) -> str:
    """The word of `words` that a value begins with, `In-Progress (since May)` included; "" for none."""
    end = next((at for at, letter in enumerate(text) if letter not in _WORD_CHARACTERS), len(text))
    word = text[:end].lower().replace("-", "_")
    if word == "in" and text.lower().startswith("in progress"):
        word = IN_PROGRESS
    return word if word in words else ""


def _list(value: str) -> list[str]:
    lines = (line.removeprefix("-").replace(",", " ").replace(";", " ") for line in value.split("\n"))
    return [word.strip("`'\".") for line in lines for word in line.split() if word.strip("`'\".")]


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
