"""The files of a folder with their inodes, as two values, and where one listing differs from another.

A row for each file would cost more to read than the folder itself. Most of a folder is as it was, in the
same order: what two listings share at their beginning and end is compared as bytes, and only what lies
between is taken apart.
"""

from __future__ import annotations

import os

from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import TypeVar

    Text = TypeVar("Text", str, bytes)

_WIDTH = 8
"""Bytes of an inode."""


class Listing(NamedTuple):
    """What a folder holds, be it a document or not."""

    names: str  # a slash before the first file, and behind each
    inodes: bytes

    def has(self, file: str) -> bool:
        """Whether a file is among them."""
        return f"/{file}/" in self.names

    @property
    def size(self) -> int:
        """How many files there are."""
        return len(self.inodes) // _WIDTH

    @property
    def files(self) -> list[str]:
        """Their names."""
        return self.names.split("/")[1:-1]


NONE = Listing("/", b"")
"""Of a folder that is not there, or was never listed."""


def of(path: str) -> Listing:
    """The listing of a folder as it is now."""
    from array import array  # only a folder that has changed is listed

    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return NONE
    try:
        with os.scandir(folder) as entries:
            inodes = {entry.name: entry.inode() for entry in entries}
    finally:
        os.close(folder)
    return Listing("/".join(["", *inodes, ""]) if inodes else NONE.names, array("Q", inodes.values()).tobytes())


def read(names: bytes, inodes: bytes) -> Listing:
    """A listing as it was kept; ValueError for one that is torn."""
    listing = Listing(os.fsdecode(names), inodes)
    if (listing.names.count("/") - 1) * _WIDTH != len(inodes):
        raise ValueError("a listing with more names than inodes, or fewer")
    return listing


class Difference(NamedTuple):
    """What the files are that are new or have another inode, and those that are gone."""

    differing: set[str]
    gone: set[str]


def compare(before: Listing, now: Listing) -> Difference:
    """Where one listing differs from an earlier one."""
    fewer = min(before.size, now.size)
    start = min(
        _shared(before.inodes, now.inodes) // _WIDTH,
        before.names.count("/", 0, _shared(before.names, now.names)) - 1,
        fewer,
    )
    ending = _shared(before.names, now.names, at_end=True)
    end = min(
        _shared(before.inodes, now.inodes, at_end=True) // _WIDTH,
        before.names.count("/", len(before.names) - ending) - 1,
        fewer - start,
    )
    earlier, later = _between(before, start, end), _between(now, start, end)
    differing = {file for file, inode in later.items() if earlier.get(file) != inode}
    gone = earlier.keys() - later.keys()
    if gone:  # what both share may have it, where it was listed twice
        gone = gone.difference(now.files)
    return Difference(differing, gone)


def _shared(one: Text, other: Text, *, at_end: bool = False) -> int:
    """How much two texts have in common at their beginning, or at their end."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if at_end:
            is_same = one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]
        else:
            is_same = one[low:middle] == other[low:middle]
        low, high = (middle, high) if is_same else (low, middle - 1)
    return low


def _between(listing: Listing, start: int, end: int) -> dict[str, int]:
    """The inodes by name, without so many files at the beginning and at the end."""
    between = slice(start, listing.size - end)
    return dict(zip(listing.files[between], memoryview(listing.inodes).cast("Q")[between].tolist(), strict=True))
