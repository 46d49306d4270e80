"""What a repository holds, made comparable between two runs, and what must be true of it after any accident."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path

from tools.core.fs import jsonl

State = dict[str, str]
_IGNORED = ("_bus/.cache", "_bus/.journal", "_bus/.torn", ".git")
_CHANGING = (
    (
        re.compile(r'"meta": ?\{\s*"clone": ?"[0-9a-f]{16}"\s*\},?\s*'),
        "",
    ),  # a boot that cannot name its clone says no less
    (re.compile(r'"prev": ?"[0-9a-f]{16}"'), '"prev":RANDOM'),
    (re.compile(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b"), "ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\b\d{8}T\d{6}Z(?:-\d+)?"), "STAMP"),
    (re.compile(r"\b(\d+ (?:s|min|h|d)) ago\b"), "AGE"),
    (re.compile(r"\b[0-9a-f]{40,64}\b"), "HASH"),
    (re.compile(r'"duration_seconds": [0-9.e-]+'), '"duration_seconds": 0'),
)


def files_of(top: Path) -> dict[str, bytes]:
    """Every file of a repository by its path, but for git's and the bus's own hidden ones."""
    found = {}
    for folder, folders, names in os.walk(top):
        inside = os.path.relpath(folder, top)
        prefix = "" if inside == "." else f"{inside}/"
        folders[:] = [name for name in folders if f"{prefix}{name}" not in _IGNORED]
        for name in names:
            path = f"{prefix}{name}"
            if not path.startswith(_IGNORED) and not (name.startswith(".") and name.endswith(".tmp")):
                found[path] = (top / path).read_bytes()
    return found


def fingerprint(top: Path) -> str:
    """All that lies in a repository, hidden files too; equal for two runs that were stopped at the same stage.

    Of git's files and the index only their sizes count, since their content is never twice the same.
    """
    parts = []
    for folder, folders, names in os.walk(top):
        folders.sort()
        inside = os.path.relpath(folder, top)
        parts.append(f"{inside}/ {len(names)}")
        for name in [] if inside.startswith(".git/objects") else sorted(names):
            if inside.startswith(".git") or "index" in name:
                parts.append(f"{name} {os.path.getsize(Path(folder, name))}")
            elif ".cache" not in inside:
                parts.append(f"{name} {Path(folder, name).read_bytes().decode(errors='replace')}")
    text = "\n".join(parts)
    for pattern, word in (
        *_CHANGING,
        (re.compile(r"\.[0-9a-f]+\.tmp"), ".tmp"),
        (re.compile(r"objects/\w\w/"), "object"),
    ):
        text = pattern.sub(word, text)
    return text


def state_of(top: Path) -> State:
    """The repository's content without what differs between two runs: ids, moments, hashes, unfinished lines."""
    found: State = {}
    for path, data in files_of(top).items():
        if path.endswith(".jsonl"):
            data = data[: data.rfind(b"\n") + 1]
        name, text = path, data.decode(errors="replace")
        for pattern, word in _CHANGING:
            name, text = pattern.sub(word, name), pattern.sub(word, text)
        if text:
            found[name] = found.get(name, "") + text
    return found


def bus_of(state: State) -> State:
    """The part that one transaction changes."""
    return {name: text for name, text in state.items() if name.startswith("_bus/")}


FAULTS = [os.strerror(code) for code in (errno.ENOSPC, errno.EIO, errno.EINTR)]
"""How a report says that it could not read a document."""


def check_all_or_nothing(before: State, now: State, after: State) -> None:
    """The bus is as it was or as a clean run leaves it; other files are each old or new."""
    bus = bus_of(now)
    assert bus in (bus_of(before), bus_of(after)), f"neither old nor new: {differing(bus, before, after)}"
    check_each_file(before, now, after)


def check_each_file(before: State, now: State, after: State) -> None:
    """Each file is old, new, a log with a part of what is new, or a report that names the fault; no old one is gone."""
    for name in before.keys() | now.keys():
        old, new, text = before.get(name, ""), after.get(name, ""), now.get(name, "")
        partial = name.endswith(".jsonl") and text.startswith(old) and new.startswith(text)
        names_fault = name.startswith("_report/") and any(reason in text for reason in FAULTS)
        assert text in (old, new) or partial or names_fault, f"{name} is neither old nor new: {text!r}"


def differing(bus: State, before: State, after: State) -> str:
    """What stands in the files that are neither all old nor all new."""
    names = bus.keys() | bus_of(before).keys() | bus_of(after).keys()
    kinds = {
        name: ("old" if bus.get(name) == before.get(name) else "new" if bus.get(name) == after.get(name) else "?")
        for name in names
        if before.get(name) != after.get(name)
    }
    return json.dumps(kinds, sort_keys=True)


def check_grows(before: State, after: State) -> None:
    """A clean run adds to logs and takes no file away."""
    for name, text in before.items():
        assert name in after, f"{name} is gone"
        assert not name.endswith(".jsonl") or after[name].startswith(text), f"{name} was rewritten"


def check_nothing_old_is_lost(old: dict[str, bytes], top: Path) -> None:
    """Every whole line that a log had is still where it was; an unfinished one is there or set aside."""
    for path, data in old.items():
        if not path.endswith(".jsonl"):
            continue
        whole = data[: data.rfind(b"\n") + 1]
        now = (top / path).read_bytes()
        assert now.startswith(whole), f"{path} lost earlier bytes"
        torn = data[len(whole) :]
        if torn and not now.startswith(data):
            kept = [(top / "_bus/.torn" / name).read_bytes() for name in os.listdir(top / "_bus/.torn")]
            assert torn in kept, f"{path}: an unfinished line is gone"


def check_sound(top: Path) -> None:
    """No torn or glued record, no repeated id, every `prev` is the line before, every document whole."""
    assert not (top / "_bus/.journal").exists()
    for path, data in files_of(top).items():
        if path.endswith(".jsonl"):
            assert not data or data.endswith(b"\n"), f"{path} ends in an unfinished line"
            _check_log(path, data.split(b"\n")[:-1])
        elif path.endswith(".json"):
            assert json.loads(data), f"{path} is empty"


def _check_log(path: str, lines: list[bytes]) -> None:
    before, seen = None, set()
    for number, line in enumerate(lines, 1):
        record = jsonl.parse(line)
        assert record.get("id") is None or record["id"] not in seen, f"{path}:{number} repeats an id"
        seen.add(record.get("id"))
        if "prev" in record:
            assert before is not None and record["prev"] == jsonl.line_hash(before), f"{path}:{number}: prev"
        before = line
