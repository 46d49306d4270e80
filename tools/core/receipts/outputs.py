"""Where `--output` may write: under a new name, or over what the same command left there.

History is not for replacing (design §2, promises 6 and 7), and a name is typed wrongly in a moment. What
a file is shows in how it begins: the keys of its first JSON object, the title of a text, the generator of
a page. No list of outputs is kept, so a file that came from another clone is recognised as well.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatch

from tools.core.errors import DataError, UsageError
from tools.core.fs import files
from tools.core.receipts.write import Content, replace_document
from tools.core.workspace import (
    BUS,
    MANIFEST_BACKUPS,
    MANIFEST_SESSIONS,
    MEMORY_LOG,
    PLANS,
    QUEUE,
    REPORT,
    Place,
    Workspace,
)

Kind = tuple[str, Collection[str]]
"""The form of a file, and the words that its maker alone writes."""

_BEGINNING = files.MAX_DOCUMENT
_KEPT_FOLDERS = (".git", BUS, PLANS, QUEUE, os.path.dirname(MEMORY_LOG), MANIFEST_SESSIONS, MANIFEST_BACKUPS)
_KEPT = (
    "AGENT_MANIFEST*.json",
    f"{REPORT}/runner/*",
    f"{REPORT}/session/*",
    f"{REPORT}/agent/*/errors.jsonl",
    f"{REPORT}/agent/*/session_guard/*",
)


def output_place(workspace: Workspace, output: str, folder: Place) -> Place:
    """Where `--output` writes: a bare name goes to the command's folder, a path is from the root.

    UsageError for places of the bus, plans, tasks, seats and logs, whether or not something is there.
    """
    if not output or output.endswith("/") or "\0" in output:
        raise UsageError(f"{output!r} is not the name of a file", code="path.output")
    if "/" not in output and os.sep not in output:
        return folder.child(output)
    name = Workspace(workspace.root, workspace.root).relative(output)
    if name.split("/")[0] in _KEPT_FOLDERS or any(fnmatch(name, pattern) for pattern in _KEPT):
        raise UsageError(f"{name} is kept for other records; choose a file under {REPORT}/", code="path.output")
    return Place(workspace.root, name)


def replace_output(place: Place, content: Content | Iterator[bytes]) -> None:
    """Puts a command's output in place whole; UsageError where something else is already."""
    if isinstance(content, Iterator):
        first = next(content, b"")
        content = itertools.chain([first], content)
    else:
        first = _beginning_of(content)
    require_same_kind(place, kind_of(first))
    replace_document(place, content)


def require_same_kind(place: Place, kind: Kind | None) -> None:
    """UsageError where a file that does not begin as this kind of output does is at the place."""
    present = _present(place)
    if present and (kind is None or kind_of(present) != kind):
        raise _taken(place)


def require_lines_of(place: Place, fields: Collection[str]) -> None:
    """UsageError where a file that holds no lines with these fields alone is at the place."""
    present = _present(place)
    if not present:
        return
    kind = kind_of(present.partition(b"\n")[0])
    if kind is None or kind[0] != "lines" or not set(kind[1]) <= set(fields):
        raise _taken(place)


def _present(place: Place) -> bytes:
    """The beginning of what is at a place; nothing for a file of blanks."""
    try:
        with files.opened(place) as descriptor:
            return os.pread(descriptor, _BEGINNING, 0).strip()
    except FileNotFoundError:
        return b""
    except DataError as problem:
        raise UsageError(f"{place.name} is no regular file; choose another name", code="path.output") from problem


def _taken(place: Place) -> UsageError:
    reason = "is already there and was not made by this command; choose another name"
    return UsageError(f"{place.name} {reason}", code="path.output")


def kind_of(data: bytes) -> Kind | None:
    """What a file is, by its beginning; None where that does not show."""
    text = data.decode("utf-8", "replace").strip()
    line = text.partition("\n")[0].rstrip()
    if text[:1] in ("{", "["):
        return _json_kind(line, text)
    if generator := re.search(r'<meta name="generator" content="([a-z_]{1,40})">', text[:4096]):
        return "page", generator[1]
    comment = re.fullmatch(r"<!-- ([a-z_]{1,40}) -->", text[-60:].rpartition("\n")[2])
    return ("text", comment[1]) if comment else ("text", line) if line.startswith("# ") else None


def _json_kind(line: str, text: str) -> Kind | None:
    for form, candidate in (("lines", line), ("document", text)):
        try:
            value = files.parse_json(candidate.encode(), "")
        except DataError:
            continue
        if isinstance(value, list):
            form, value = "list", value[0] if value else None
        return (form, frozenset(value)) if isinstance(value, dict) else None
    return None


def _beginning_of(content: Content) -> bytes:
    if isinstance(content, bytes):
        return content
    first = content if isinstance(content, Mapping) else content[0] if content else {}
    return files.dump_json(first)
