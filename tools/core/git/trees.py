"""Trees as they are stored: entry by entry, read only where two differ, edited without touching the rest."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import SetupError
from tools.core.git.objects import Entry
from tools.core.git.packs import Objects

FOLDER = "040000"
FILE = "100644"


class Change(NamedTuple):
    """What stands under a path in two trees; None where nothing does."""

    path: str
    old: Entry | None
    new: Entry | None


def entries(objects: Objects, tree: str) -> dict[str, Entry]:
    """By name, what one tree holds; nothing for ""."""
    if not tree:
        return {}
    if tree in objects.listed:
        return dict(objects.listed[tree])
    data, width = objects.require(tree, "tree"), len(tree) // 2
    listed: dict[str, Entry] = {}
    at = 0
    while at < len(data):
        space, end = data.find(b" ", at), data.find(b"\0", at)
        if not at < space < end or end + 1 + width > len(data):
            raise SetupError(f"the tree {tree} cannot be read", code="git.object", hint=hint.git("fsck"))
        mode = data[at:space].decode("ascii", "replace").zfill(6)
        listed[os.fsdecode(data[space + 1 : end])] = Entry(mode, data[end + 1 : end + 1 + width].hex())
        at = end + 1 + width
    objects.listed[tree] = dict(listed)
    return listed


def changes(
    objects: Objects, old: str, new: str, is_entered: Callable[[str], bool], prefix: str = ""
) -> Iterator[Change]:
    """What differs between two trees, by path; a folder that is not entered counts as one entry."""
    if old == new:
        return
    before, after = entries(objects, old), entries(objects, new)
    for name in sorted(before.keys() | after.keys()):
        path = f"{prefix}{name}"
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        folders = ["", ""]
        if is_entered(path):
            folders = [entry.name if entry and entry.is_folder else "" for entry in (was, now)]
            yield from changes(objects, folders[0], folders[1], is_entered, f"{path}/")
        was, now = None if folders[0] else was, None if folders[1] else now
        if was or now:
            yield Change(path, was, now)


def find(objects: Objects, tree: str, path: str) -> Entry | None:
    """What stands under a path in a tree."""
    *folders, last = path.split("/")
    for folder in folders:
        entry = entries(objects, tree).get(folder)
        if entry is None or not entry.is_folder:
            return None
        tree = entry.name
    return entries(objects, tree).get(last)


def edited(objects: Objects, tree: str, edits: Mapping[str, Entry | None], like: str) -> str:
    """The tree with some paths replaced or (None) taken out; a file gives way to a folder that is needed."""
    held = entries(objects, tree)
    below: dict[str, dict[str, Entry | None]] = {}
    for path, entry in edits.items():
        name, _, rest = path.partition("/")
        if rest:
            below.setdefault(name, {})[rest] = entry
        elif entry is None:
            held.pop(name, None)
        else:
            held[name] = entry
    for name, inner in below.items():
        present = held.get(name)
        made = edited(objects, present.name if present and present.is_folder else "", inner, like)
        if made:
            held[name] = Entry(FOLDER, made)
        elif present is not None and present.is_folder:
            held.pop(name)
    return _written(objects, held, like) if held else ""


def _written(objects: Objects, held: Mapping[str, Entry], like: str) -> str:
    ordered = sorted((os.fsencode(name) + b"/" * entry.is_folder, name, entry) for name, entry in held.items())
    parts = [
        b"%s %s\0%s" % (entry.mode.lstrip("0").encode(), os.fsencode(name), bytes.fromhex(entry.name))
        for _, name, entry in ordered
    ]
    return objects.add("tree", b"".join(parts), like)
