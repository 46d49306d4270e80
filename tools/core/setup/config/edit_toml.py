"""Values and items in TOML: comments, order and quoting stay. Home of tomlkit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from tools.core import hint
from tools.core.errors import ConflictError, DataError
from tools.core.integrations.vendors.vendor import Entry

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def parse(text: str, name: str) -> TOMLDocument:
    """The document; DataError with `path:line`."""
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        return tomlkit.parse(text)
    except ParseError as problem:
        raise DataError(f"{name}:{problem.line}: not TOML: {problem}", code="setup.damaged") from problem


def put(text: str, entries: Sequence[Entry], name: str, earlier: Sequence[Entry] = ()) -> str:
    """The text with the entries; raises as `edit_json.put` does."""
    import tomlkit

    if text and not text.endswith("\n"):
        text += "\n"
    document = parse(text, name)
    ours = {entry.path: entry.value for entry in earlier if not entry.items}
    for entry in entries:
        table = _table(document, entry.path[:-1], name)
        key = entry.path[-1]
        if entry.items:
            _put_items(table, key, entry, name)
        elif key not in table or (entry.path in ours and _plain(table[key]) == ours[entry.path]):
            table[key] = _as_table(entry.value)
        elif _plain(table[key]) != entry.value:
            where = ".".join(entry.path)
            raise ConflictError(
                f"{name} has {where} already, and it is not ours",
                code="setup.taken",
                hint=hint.program("grep", "-n", key, name),
            )
    return tomlkit.dumps(document)


def take(text: str, entries: Sequence[Entry], name: str, had: Collection[str] = ()) -> tuple[str, list[str]]:
    """The text without the entries, and the places where others changed what was ours; `had` as in `edit_json.take`."""
    import tomlkit

    document = parse(text, name)
    left = []
    for entry in reversed(entries):
        table: Any = document
        for key in entry.path[:-1]:
            table = table.get(key, {})
        key = entry.path[-1]
        if key not in table:
            continue
        if entry.items:
            _take_items(table, key, entry, had)
        elif _plain(table[key]) == entry.value:
            del table[key]
        else:
            left.append("/".join(entry.path))
        _drop_empty(document, entry.path[:-1], had)
    taken = tomlkit.dumps(document)
    return (taken[:-1] if taken.endswith("\n\n") else taken), left  # the blank line before a table of ours


def missing(text: str, entries: Sequence[Entry], name: str) -> list[str]:
    """The places where an entry does not stand as it should."""
    document = _plain(parse(text, name))
    gone = []
    for entry in entries:
        there: Any = document
        for key in entry.path:
            there = there.get(key) if isinstance(there, dict) else None
        present = all(item in (there or []) for item in entry.items) if entry.items else there == entry.value
        if not present:
            gone.append("/".join(entry.path))
    return gone


def containers(text: str, entries: Sequence[Entry], name: str) -> list[str]:
    """The tables and lists on the way to the entries that a text has already."""
    document = _plain(parse(text, name))
    present = []
    for path in dict.fromkeys(entry.path[:depth] for entry in entries for depth in range(1, len(entry.path) + 1)):
        there: Any = document
        for key in path:
            there = there.get(key) if isinstance(there, dict) else None
        if isinstance(there, (dict, list)):
            present.append("/".join(path))
    return present


def _table(document: Any, path: Sequence[str], name: str) -> Any:
    import tomlkit

    table = document
    for number, key in enumerate(path):
        if key not in table:
            table[key] = tomlkit.table(is_super_table=number < len(path) - 1 or path == ("mcp_servers",))
        table = table[key]
        if not isinstance(_plain(table), dict):
            raise DataError(
                f"{name}:1: {'.'.join(path)} is not a table",
                code="setup.kind",
                hint=hint.program("grep", "-n", key, name),
            )
    return table


def _as_table(value: object) -> Any:
    import tomlkit

    if not isinstance(value, dict):
        return value
    table = tomlkit.table()
    for key, part in value.items():
        table[key] = part
    return table


def _put_items(table: Any, key: str, entry: Entry, name: str) -> None:
    if key not in table:
        table[key] = [*entry.initial, *entry.items]
        if hasattr(table[key], "multiline"):
            table[key].multiline(True)
        return
    there = table[key]
    if not isinstance(_plain(there), list):
        raise DataError(
            f"{name}:1: {'.'.join(entry.path)} is not a list",
            code="setup.kind",
            hint=hint.program("grep", "-n", key, name),
        )
    for item in entry.items:
        if item not in _plain(there):
            there.append(item)


def _take_items(table: Any, key: str, entry: Entry, had: Collection[str]) -> None:
    there = table[key]
    for item in entry.items:
        if isinstance(_plain(there), list) and item in _plain(there):
            there.remove(item)
    if "/".join(entry.path) not in had and _plain(there) == list(entry.initial):
        del table[key]


def _drop_empty(document: Any, path: Sequence[str], had: Collection[str]) -> None:
    for depth in range(len(path), 0, -1):
        if "/".join(path[:depth]) in had:
            return
        table = document
        for key in path[: depth - 1]:
            table = table.get(key, {})
        if path[depth - 1] in table and _plain(table[path[depth - 1]]) == {}:
            del table[path[depth - 1]]


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value
