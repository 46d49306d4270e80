"""A block between two markers in somebody else's text: put in, replaced in place, taken out."""

from __future__ import annotations

from typing import NamedTuple

from tools.core import hint
from tools.core.errors import DataError


class Markers(NamedTuple):
    """The lines before and behind a block."""

    begin: str
    end: str


HTML = Markers("<!-- teof:begin v1 -->", "<!-- teof:end -->")
HASH = Markers("# teof:begin v1", "# teof:end")


class _Place(NamedTuple):
    start: int
    end: int  # behind the line end of the second marker


def put(text: str, body: str, markers: Markers, name: str, *, after_shebang: bool = False) -> str:
    """The text with the block: replaced where it stands, else at the end with a blank line before it."""
    block = f"{markers.begin}\n{body.rstrip()}\n{markers.end}\n"
    place = _find(text, markers, name)
    if place is not None:
        ending = block if text[place.start : place.end].endswith("\n") else block.rstrip("\n")
        return text[: place.start] + ending + text[place.end :]
    if after_shebang:
        first, newline, rest = text.partition("\n")
        return f"{first}{newline or chr(10)}{block}{rest}"
    if not text:
        return block
    lead = "\n" if text.endswith("\n") else "\n\n"
    return text + lead + block


def take(text: str, markers: Markers, name: str) -> str:
    """The text without the block and the blank line that `put` set before it."""
    place = _find(text, markers, name)
    if place is None:
        return text
    before, behind = text[: place.start], text[place.end :]
    if before.endswith("\n\n"):
        before = before[:-1]
    return before + behind


def body_of(text: str, markers: Markers, name: str) -> str | None:
    """What stands between the markers; None where there is no block."""
    place = _find(text, markers, name)
    if place is None:
        return None
    return (
        text[place.start : place.end]
        .rstrip("\n")
        .removeprefix(markers.begin + "\n")
        .removesuffix(markers.end)
        .rstrip("\n")
    )


def _find(text: str, markers: Markers, name: str) -> _Place | None:
    """Where the block is; DataError for one marker without the other, for two blocks, for the wrong order."""
    begins, ends, at = [], [], 0
    for line in text.splitlines(keepends=True):
        plain = line.rstrip("\r\n")
        if plain == markers.begin:
            begins.append(at)
        elif plain == markers.end:
            ends.append(at + len(line))
        at += len(line)
    if not begins and not ends:
        return None
    if len(begins) != 1 or len(ends) != 1 or ends[0] <= begins[0]:
        number = text.count("\n", 0, (begins or ends)[-1]) + 1
        raise DataError(
            f"{name}:{number}: the markers {markers.begin!r} and {markers.end!r} do not stand in one pair",
            code="setup.markers",
            hint=hint.program("grep", "-n", "teof:", name),
        )
    return _Place(begins[0], ends[0])
