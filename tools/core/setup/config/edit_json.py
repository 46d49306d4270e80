"""Values and items in strict JSON: what stands keeps its place, order, spelling and indent.

A document is changed as text, at the places that its parsed values have; it is parsed again after each change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

from tools.core import hint
from tools.core.errors import ConflictError, DataError
from tools.core.fs import files
from tools.core.integrations.vendors.vendor import Entry
from tools.core.text import json_pointer
from tools.core.text.json_pointer import Span

Path = tuple[str, ...]
EMPTY = "{}\n"


def put(text: str, entries: Sequence[Entry], name: str, earlier: Sequence[Entry] = ()) -> str:
    """The text with the entries; `earlier` are those of ours that may stand there with other values.

    Raises DataError for damage and for a wrong kind, ConflictError for a value of somebody else's.
    """
    ours = {entry.path: entry.value for entry in earlier if not entry.items}
    text = text if text.strip() else EMPTY
    for entry in entries:
        text = _put_items(text, entry, name) if entry.items else _put_value(text, entry, name, ours)
    return text


def take(text: str, entries: Sequence[Entry], name: str, mark: str, had: Collection[str] = ()) -> tuple[str, list[str]]:
    """The text without the entries, and the places where something with `mark` in it was changed by others and stays.

    `had` names the containers that stood there before us and are kept when they become empty.
    """
    if not text.strip():
        return text, []
    for entry in reversed(entries):
        text = _take_items(text, entry, name, had) if entry.items else _take_value(text, entry, name, had)
    return text, _left(text, entries, name, mark)


def containers(text: str, entries: Sequence[Entry], name: str) -> list[str]:
    """The objects and lists on the way to the entries that a text has already."""
    document = parse(text, name)
    paths = dict.fromkeys(entry.path[:depth] for entry in entries for depth in range(1, len(entry.path) + 1))
    return ["/".join(path) for path in paths if isinstance(_at(document, path), (dict, list))]


def missing(text: str, entries: Sequence[Entry], name: str) -> list[str]:
    """The places where an entry does not stand as it should."""
    value = parse(text, name)
    gone = []
    for entry in entries:
        there = _at(value, entry.path)
        items = there if isinstance(there, list) else [there]
        if any(item not in items for item in entry.items) if entry.items else there != entry.value:
            gone.append("/".join(entry.path))
    return gone


def parse(text: str, name: str) -> dict[str, Any]:
    """The object in a text; DataError with `path:line`."""
    return files.parse_object(text.encode(), name) if text.strip() else {}


# -- putting ----------------------------------------------------------------------------------------


def _put_value(text: str, entry: Entry, name: str, ours: dict[Path, object]) -> str:
    there = _at(parse(text, name), entry.path, _ABSENT)
    if there == entry.value:
        return text
    if there is _ABSENT:
        return _insert(text, entry.path, entry.value, name)
    if entry.path not in ours or there != ours[entry.path]:
        raise ConflictError(
            f"{name} has {'.'.join(entry.path)} already, and it is not ours",
            code="setup.taken",
            hint=hint.program("grep", "-n", entry.path[-1], name),
        )
    span = json_pointer.spans(text)[json_pointer.join(*entry.path)]
    return text[: span.start] + _rendered(text, entry.value, _indent_at(text, span.start)) + text[span.end :]


def _put_items(text: str, entry: Entry, name: str) -> str:
    there = _at(parse(text, name), entry.path, _ABSENT)
    if there is _ABSENT:
        return _insert(text, entry.path, [*entry.initial, *entry.items], name)
    pointer = json_pointer.join(*entry.path)
    if entry.initial and isinstance(there, str):  # these settings take a word for a list of one
        span = json_pointer.spans(text)[pointer]
        text = f"{text[: span.start]}[{text[span.start : span.end]}]{text[span.end :]}"
        there = [there]
    if not isinstance(there, list):
        raise _wrong_kind(text, entry.path, name, "a list")
    for item in entry.items:
        if item not in there:
            text = _append(text, pointer, "", item)
    return text


def _insert(text: str, path: Path, value: object, name: str) -> str:
    """Puts a value where nothing stands, with the objects around it that are missing."""
    document = parse(text, name)
    depth = 0
    while depth < len(path) - 1 and _at(document, path[: depth + 1], _ABSENT) is not _ABSENT:
        depth += 1
    if not isinstance(_at(document, path[:depth]), dict):
        raise _wrong_kind(text, path[:depth], name, "an object")
    for key in reversed(path[depth + 1 :]):
        value = {key: value}
    return _append(text, json_pointer.join(*path[:depth]), path[depth], value)


def _append(text: str, pointer: str, key: str, value: object) -> str:
    """The text with one more member (or item, without a key) at the end of an object (or list)."""
    spans = json_pointer.spans(text)
    whole, inner = spans[pointer], _children(spans, pointer)
    label = f"{json.dumps(key, ensure_ascii=False)}: " if key else ""
    if not inner:
        around = _indent_at(text, whole.start)
        within = around + _unit(text)
        if "\n" not in text.strip():
            body = label + json.dumps(value, ensure_ascii=False)
        else:
            body = f"\n{within}{label}{_rendered(text, value, within)}\n{around}"
        return text[: whole.start + 1] + body + text[whole.end - 1 :]
    gap = re.match(r"\s*", text[whole.start + 1 :])
    assert gap is not None
    end = inner[-1].end
    if "\n" not in gap[0]:
        return f"{text[:end]}, {label}{json.dumps(value, ensure_ascii=False)}{text[end:]}"
    within = gap[0].rpartition("\n")[2]
    return f"{text[:end]},\n{within}{label}{_rendered(text, value, within)}{text[end:]}"


def _rendered(text: str, value: object, indent: str) -> str:
    if "\n" not in text.strip() and text.strip() != EMPTY.strip():
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, indent=_unit(text), ensure_ascii=False).replace("\n", f"\n{indent}")


def _unit(text: str) -> str:
    """The indent that a text uses; two spaces where it shows none."""
    first = re.search(r"\n([ \t]+)\S", text)
    return first[1] if first else "  "


def _indent_at(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


# -- taking -----------------------------------------------------------------------------------------


def _take_value(text: str, entry: Entry, name: str, had: Collection[str]) -> str:
    if _at(parse(text, name), entry.path, _ABSENT) != entry.value:
        return text
    return _without_empty(_cut(text, json_pointer.join(*entry.path)), entry.path[:-1], name, had)


def _take_items(text: str, entry: Entry, name: str, had: Collection[str]) -> str:
    pointer = json_pointer.join(*entry.path)
    for item in entry.items:
        there = _at(parse(text, name), entry.path)
        if isinstance(there, list) and item in there:
            text = _cut(text, f"{pointer}/{there.index(item)}")
    is_made = "/".join(entry.path) not in had
    if entry.initial and is_made and _at(parse(text, name), entry.path) == list(entry.initial):
        text = _cut(text, pointer)
        return _without_empty(text, entry.path[:-1], name, had)
    return _without_empty(text, entry.path, name, had)


def _without_empty(text: str, path: Path, name: str, had: Collection[str]) -> str:
    """Takes the containers away that became empty with what we took, from the inside out."""
    while path and "/".join(path) not in had and _at(parse(text, name), path, _ABSENT) in ({}, []):
        text = _cut(text, json_pointer.join(*path))
        path = path[:-1]
    return text


def _cut(text: str, pointer: str) -> str:
    """The text without one member or item, and without the comma that parted it from its neighbour."""
    spans = json_pointer.spans(text)
    parent = pointer.rpartition("/")[0]
    inner, whole, span = _children(spans, parent), spans[parent], spans[pointer]
    number = inner.index(span)
    if number:
        return text[: inner[number - 1].end] + text[span.end :]
    if len(inner) == 1:
        return text[: whole.start + 1] + text[whole.end - 1 :]
    start = whole.start + 1 + len(text[whole.start + 1 :]) - len(text[whole.start + 1 :].lstrip())
    comma = text.index(",", span.end)
    following = comma + 1 + len(text[comma + 1 :]) - len(text[comma + 1 :].lstrip())
    return text[:start] + text[following:]


def _left(text: str, entries: Sequence[Entry], name: str, mark: str) -> list[str]:
    """Where something of ours stands that others have changed."""
    document, left = parse(text, name), []
    for entry in entries:
        there = _at(document, entry.path, _ABSENT)
        parts = there if isinstance(there, list) else [there]
        if there is not _ABSENT and (not entry.items or any(mark in json.dumps(part) for part in parts)):
            left.append("/".join(entry.path))
    return left


# -- looking ------------------------------------------------------------------------------------------


class _Absent:
    """Stands for what is not there; null is a value."""


_ABSENT = _Absent()


def _at(value: Any, path: Path, default: object = None) -> Any:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return default
        value = value[key]
    return value


def _children(spans: dict[str, Span], parent: str) -> list[Span]:
    depth = parent.count("/") + 1
    prefix = parent + "/"
    return sorted(span for pointer, span in spans.items() if pointer.startswith(prefix) and pointer.count("/") == depth)


def _wrong_kind(text: str, path: Path, name: str, kind: str) -> DataError:
    spans = json_pointer.spans(text)
    line = json_pointer.line_of(text, spans, json_pointer.join(*path))
    where = ".".join(path) or "the document"
    return DataError(
        f"{name}:{line}: {where} is not {kind}", code="setup.kind", hint=hint.program("sed", "-n", f"{line}p", name)
    )
