"""Whether two path patterns, as in `.gitignore`, may name the same file.

The answer errs towards yes: two wildcards that meet in a component are taken to overlap. Unlike in
`.gitignore`, `src/` means the folder at the root: people who claim it do not mean every `src`.
"""

from __future__ import annotations

_WILD = "*?["


def may_overlap(one: str, other: str) -> bool:
    """Whether some file could match both patterns; a folder covers all that is in it."""
    return _meet(_parts(one), _parts(other))


def fixed_folders(pattern: str) -> tuple[str, ...]:
    """The leading parts that are no wildcards; patterns overlap only where one's begin with the other's."""
    parts = _parts(pattern)
    wild = (number for number, part in enumerate(parts) if _is_wild(part))
    return tuple(parts[: next(wild, len(parts))])


def _parts(pattern: str) -> list[str]:
    text = pattern.strip()
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if text.endswith("/"):
        parts.append("**")
    if "/" not in text:
        parts.insert(0, "**")  # a bare name matches at any depth; a folder is meant from the root
    return parts


def _meet(one: list[str], other: list[str]) -> bool:
    waiting = [(0, 0)]
    seen = set(waiting)
    while waiting:
        i, j = waiting.pop()
        if i == len(one) or j == len(other):
            return True  # what has ended covers all that is below it
        steps = [*_skips(one, other, i, j), *((a, b) for b, a in _skips(other, one, j, i))]
        if "**" not in (one[i], other[j]) and _same(one[i], other[j]):
            steps.append((i + 1, j + 1))
        waiting.extend(step for step in steps if step not in seen)
        seen.update(steps)
    return False


def _skips(one: list[str], other: list[str], i: int, j: int) -> list[tuple[int, int]]:
    """What `**` at `one[i]` may do: stand for nothing, or for one more component of the other."""
    if one[i] != "**":
        return []
    eats = j + 1 < len(other) or i + 1 == len(one)  # what follows `**` still has to match something
    return [(i + 1, j), (i, j + 1)] if eats else [(i + 1, j)]


def _same(one: str, other: str) -> bool:
    if not _is_wild(one) and not _is_wild(other):
        return one == other
    return _prefix_agrees(one, other) and _prefix_agrees(one[::-1], other[::-1])


def _prefix_agrees(one: str, other: str) -> bool:
    for left, right in zip(one, other, strict=False):
        if left in _WILD or right in _WILD or "]" in (left, right):
            return True
        if left != right:
            return False
    return True


def _is_wild(part: str) -> bool:
    return any(char in part for char in _WILD)
