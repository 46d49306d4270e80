"""The files of a folder with their inodes, as two values, and where one listing differs from another.

A value for each file would cost more to make than the folder to read. Most of a folder is as it was, in the
same order: what two listings share at their beginning and end is compared as bytes, and only what lies
between is taken apart.
"""

from __future__ import annotations

import errno
import os

from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

_WIDTH = 8
"""Bytes of an inode."""

_FEW = 20
"""Files that are looked for one by one: for more, a set of all costs less."""


class Listing(NamedTuple):
    """What a folder holds, be it a document or not."""

    names: bytes  # a slash before the first file, and behind each
    inodes: bytes

    def has(self, file: str) -> bool:
        """Whether a file is among them."""
        return os.fsencode(f"/{file}/") in self.names

    def among(self, files: Collection[str]) -> set[str]:
        """Those of some files that are among them."""
        if len(files) > _FEW:
            return set(self.files).intersection(files)
        return {file for file in files if self.has(file)}

    @property
    def size(self) -> int:
        """How many files there are."""
        return len(self.inodes) // _WIDTH

    @property
    def files(self) -> list[str]:
        """Their names."""
        return os.fsdecode(self.names).split("/")[1:-1]


_NO_FOLDER = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)

NONE = Listing(b"/", b"")
"""Of a folder that is not there, or was never listed."""


def of(path: str) -> Listing:
    """The listing of a folder as it is now; of none where there is no such folder, or a link in its place."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as problem:
        if problem.errno in _NO_FOLDER:
            return NONE
        raise
    from _struct import pack  # only a folder that has changed is listed

    try:
        with os.scandir(folder) as entries:
            listed = list(entries)
    finally:
        os.close(folder)
    names = "/".join(["", *[entry.name for entry in listed], ""]) if listed else "/"
    return Listing(os.fsencode(names), pack(f"={len(listed)}Q", *[entry.inode() for entry in listed]))


def read(names: bytes, inodes: bytes) -> Listing:
    """A listing as it was kept; ValueError for one that is torn."""
    if (names.count(b"/") - 1) * _WIDTH != len(inodes) or b"\0" in names:
        raise ValueError("a listing with more names than inodes, or fewer, or with what is no name")
    return Listing(names, inodes)


class Difference(NamedTuple):
    """The files that came, those that have another inode, and those that are gone."""

    new: set[str]
    replaced: set[str]
    gone: set[str]


def compare(before: Listing, now: Listing) -> Difference:
    """Where one listing differs from an earlier one."""
    fewer = min(before.size, now.size)
    shared = _shared(before.names, now.names)
    start = min(_shared(before.inodes, now.inodes) // _WIDTH, before.names.count(b"/", 0, shared) - 1, fewer)
    shared = _shared(before.names, now.names, at_end=True)
    end = min(
        _shared(before.inodes, now.inodes, at_end=True) // _WIDTH,
        before.names.count(b"/", len(before.names) - shared) - 1,
        fewer - start,
    )
    behind = len(now.names.split(b"/", start + 1)[-1])  # the first files are the same in both, and so are the last
    ending = len(now.names) - len(now.names.rsplit(b"/", end + 1)[0])
    first = len(now.names) - behind
    earlier, later = (_between(listing, first, ending, slice(start, listing.size - end)) for listing in (before, now))
    new = later.keys() - earlier.keys()
    gone = earlier.keys() - later.keys()
    new -= before.among(new)  # what both share may have them, where they were listed twice
    gone -= now.among(gone)
    replaced = {file for file, inode in later.items() if file not in new and earlier.get(file) != inode}
    return Difference(new, replaced, gone)


def _shared(one: bytes, other: bytes, *, at_end: bool = False) -> int:
    """How much two texts have in common at their beginning, or at their end."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        text = one[len(one) - middle : len(one) - low] if at_end else one[low:middle]
        is_same = other.endswith(text, 0, len(other) - low) if at_end else other.startswith(text, low)
        low, high = (middle, high) if is_same else (low, middle - 1)
    return low


def _between(listing: Listing, first: int, ending: int, files: slice) -> dict[str, int]:
    """The inodes by name of some files, whose names lie between so many bytes at the beginning and at the end."""
    names = listing.names[first : len(listing.names) - ending]
    inodes = memoryview(listing.inodes).cast("Q")[files].tolist()
    return dict(zip(os.fsdecode(names).split("/"), inodes, strict=True)) if inodes else {}
