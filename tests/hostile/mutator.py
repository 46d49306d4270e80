"""Files as chance would damage them: sound ones cut, doubled, swapped, and filled with what readers stumble over."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

VALUES: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**53, 10**40, "", " ", "\0", "\x1b[31m", "\ud800", "a" * 300, "é", "\u202e", "../../x", "/etc/passwd", "-rf",
    "2026-13-45T99:99:99Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "12345", "1e999", "true", "null", "codex-1", "T-1", "QUEUE-001",
    "active", "done", "note", "claim", "retired", [], {}, [[]], {"": ""}, ["x", None], {"agent_id": "codex-1"}, [{"id": 1}], "x\ny", "| a | b |",
    "# Task: x", "Status: done", "Depends: QUEUE-001, , ;", "=1+1", '"', "'", "\\", "`", "${x}", "%s", "{}", "[x](y)", "<script>",
]  # fmt: skip
SCRAPS = [
    b"{", b"}", b"[", b"]", b'"', b",", b":", b"\n", b"\r\n", b"\r", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\u",
    b'"a":', b"{}\n",
    b"null", b"NaN", b"-", b"1e999", b"9" * 400, b"[" * 5000, b'{"a":' * 3000, b" " * 3000, b"# " * 500, b"\t", b"- [ ] ", b"---\n", b"```\n", b"= [",
    b"x=",
    b"<<<<<<< HEAD\n", b"=======\n", b">>>>>>> x\n", b"a" * 70_000, b"\n" * 2000, b"\xe2\x80\xa8", b"''' ", b"#", b"\x1b[2J", b"\xf0\x9f\x8e\x89",
]  # fmt: skip


def damaged(seed: bytes, chance: random.Random) -> bytes:
    """A file that was sound, changed in one to six places."""
    if chance.random() < 0.5:
        seed = _changed_values(seed, chance)
    for _ in range(chance.randint(0, 5)):
        seed = chance.choice(_CHANGES)(seed, chance)
    return seed[:400_000]


def _changed_values(seed: bytes, chance: random.Random) -> bytes:
    """The same, where it is JSON or lines of it, with other values, keys and kinds of them."""
    try:
        return json.dumps(_other(json.loads(seed), chance), ensure_ascii=chance.random() < 0.5).encode(
            "utf-8", "surrogatepass"
        )
    except ValueError:
        pass
    lines = seed.split(b"\n")
    for number in range(len(lines)):
        if chance.random() < 0.4:
            try:
                lines[number] = json.dumps(_other(json.loads(lines[number]), chance)).encode()
            except ValueError:
                continue
    return b"\n".join(lines)


def _other(value: Any, chance: random.Random) -> Any:
    if chance.random() < 0.12:
        return chance.choice(VALUES)
    if isinstance(value, dict):
        pairs = [(key, _other(part, chance)) for key, part in value.items() if chance.random() > 0.06]
        if chance.random() < 0.1:
            pairs.append(
                (
                    chance.choice(["meta", "claim", "id", "prev", "fence", "task_id", "x", "receipts", ""]),
                    chance.choice(VALUES),
                )
            )
        return dict(pairs)
    if isinstance(value, list):
        parts = [_other(part, chance) for part in value]
        return parts * 2 if chance.random() < 0.05 else parts
    return value


def _scrap(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(SCRAPS) + data[at:]


def _cut(data: bytes, chance: random.Random) -> bytes:
    begin, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return data[:begin] + data[min(end, begin + chance.choice([1, 8, 200, len(data)])) :]


def _doubled(data: bytes, chance: random.Random) -> bytes:
    begin, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return data[:end] + data[begin:end] * chance.choice([1, 1, 30]) + data[end:]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8) if data else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _shuffled(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines)


_CHANGES: list[Callable[[bytes, random.Random], bytes]] = [_scrap, _scrap, _cut, _doubled, _flipped, _shuffled]
