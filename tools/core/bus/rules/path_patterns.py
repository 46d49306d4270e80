"""Whether two path patterns, as in `.gitignore`, may name the same file.

The answer errs towards yes: two wildcards that meet in a component are taken to overlap. Unlike in
`.gitignore`, `src/` means the folder at the root: people who claim it do not mean every `src`.
"""

from __future__ import annotations

_WILD = "*?["


def may_overlap(left: str, right: str) -> bool:
    """Whether some file could match both patterns; a folder covers all that is in it."""
    return _can_meet(_parts(left), _parts(right))


def fixed_folders(pattern: str) -> tuple[str, ...]:
    """The leading parts without wildcards: two patterns overlap only if one's are a prefix of the other's."""
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


def _can_meet(left: list[str], right: list[str]) -> bool:
    waiting = [(0, 0)]
    seen = set(waiting)
    while waiting:
        i, j = waiting.pop()
        if i == len(left) or j == len(right):
            return True  # the shorter pattern covers everything below it
        steps = [*_skips(left, right, i, j), *((a, b) for b, a in _skips(right, left, j, i))]
        if "**" not in (left[i], right[j]) and _same(left[i], right[j]):
            steps.append((i + 1, j + 1))
        waiting.extend(step for step in steps if step not in seen)
        seen.update(steps)
    return False


def _skips(left: list[str], right: list[str], i: int, j: int) -> list[tuple[int, int]]:
    """The positions after `**` at `left[i]` matches nothing, or one more component of `right`."""
    if left[i] != "**":
        return []
    eats = j + 1 < len(right) or i + 1 == len(left)  # what follows `**` still has to match something
    return [(i + 1, j), (i, j + 1)] if eats else [(i + 1, j)]


def _same(left: str, right: str) -> bool:
    if not _is_wild(left) and not _is_wild(right):
        return left == right
    return _prefix_agrees(left, right) and _prefix_agrees(left[::-1], right[::-1])


def _prefix_agrees(left: str, right: str) -> bool:
    for first, second in zip(left, right, strict=False):
        if first in _WILD or second in _WILD or "]" in (first, second):
            return True
        if first != second:
            return False
    return True


def _is_wild(part: str) -> bool:
    return any(char in part for char in _WILD)
