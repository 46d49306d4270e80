"""Folders below a trusted one: made durably, tried for writing, dated, and walked without following links."""

from __future__ import annotations

import errno
import os
import time

from tools.core.errors import DataError, SetupError
from tools.core.fs import files
from tools.core.plain import TYPE_CHECKING, suppress
from tools.core.workspace import Place

if TYPE_CHECKING:
    from collections.abc import Iterator


def make_folder(place: Place) -> None:
    """Makes a folder and those above it, each synced into its parent."""
    with files.folder_of(place.child("x"), create=True):
        pass


def require_writable(place: Place) -> None:
    """SetupError where a folder, or the nearest one above it that is there, cannot be written.

    DataError where a link or a file stands in its way, as in `folder_of`.
    """
    with suppress(FileNotFoundError), files.folder_of(place.child("x")):
        pass
    path = place.path
    while not os.path.lexists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    if not may_write(path):
        code = errno.EROFS if os.access(os.path.dirname(path), os.R_OK) and _is_read_only(path) else errno.EACCES
        raise files.not_written(place, OSError(code, os.strerror(code)))


def may_write(path: str) -> bool:
    """Whether this process may write a file or folder, as the system would decide now."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _is_read_only(path: str) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


class Names:
    """The names in a folder, to be asked for those that differ in nothing but their case."""

    _FEW = 20
    """Questions that cost less than a set of many names."""

    def __init__(self, place: Place, listed: str = "") -> None:
        """`listed` are the names, a slash before the first and behind each, where somebody knows them already."""
        self._names = listed or _listed(place)
        self._folded = self._names.casefold()
        self._set: set[str] = set()
        self._questions = 0
        self._added: dict[str, str] = {}  # those that came since, by their folded form

    def twin(self, name: str) -> str:
        """One that is this but for its case; "" for none, and then this is one of them from now on."""
        folded = name.casefold()
        if folded in self._added or self._has(folded):
            present = (*self._names.split("/"), *self._added.values())
            return next((each for each in present if each.casefold() == folded and each != name), "")
        self._added[folded] = name
        return ""

    def _has(self, folded: str) -> bool:
        self._questions += 1
        if self._questions <= self._FEW:
            return f"/{folded}/" in self._folded
        self._set = self._set or set(self._folded.split("/"))
        return folded in self._set


def _listed(place: Place) -> str:
    try:
        with files.folder_of(place.child("x")) as folder:
            return "/".join(["", *os.listdir(folder), ""])
    except FileNotFoundError:
        return ""


def walk(place: Place) -> Iterator[Place]:
    """Every regular file below a folder, sorted by path; links are not followed, files being built left out."""
    try:
        with files.folder_of(place.child("x")) as folder, os.scandir(folder) as entries:
            listed = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False))
                for entry in entries
            )
    except (FileNotFoundError, DataError):
        return
    for name, is_folder, is_file in listed:
        if is_folder:
            yield from walk(place.child(name))
        elif is_file and not (name.startswith(".") and name.endswith(".tmp")):
            yield place.child(name)


def clock_skew(place: Place) -> float:
    """How many seconds this process's clock is away from the one that dates its files; 0 where that cannot be told.

    A file of ours is written to ask: a process whose clock was moved does not move the kernel's.
    """
    with suppress(OSError, DataError, SetupError), files.folder_of(place, create=True) as folder:
        descriptor = files.open_in(folder, place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            os.write(descriptor, b"\n")
            return abs(os.fstat(descriptor).st_mtime - time.time())
        finally:
            os.close(descriptor)
    return 0.0
