"""Files that belong to others: read as they are, replaced whole with their mode, removed with the folders we made.

A link inside its repository is followed once, so that the file it names is edited; one that leaves it is refused.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from contextlib import suppress
from typing import NamedTuple

from tools.core import hint
from tools.core.errors import DataError, SetupError, UsageError
from tools.core.fs import files, folders

MAX_SIZE = 4 * 1024 * 1024


class Target(NamedTuple):
    """A file as it was read; `path` has its link followed, `data` is None where there is none."""

    path: str
    data: bytes | None
    mode: int


def read(path: str, base: str) -> Target:
    """The file at a path below `base`; UsageError outside, DataError for what is no file, SetupError for no access."""
    place = _followed(path, base)
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return Target(place, None, 0o644)
    except OSError as problem:
        if problem.errno in (errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
            raise _not_a_file(path) from problem
        raise _refused(path, problem) from problem
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise _not_a_file(path)
        if facts.st_size > MAX_SIZE:
            raise DataError(
                f"{path}: more than {MAX_SIZE} bytes", code="setup.size", hint=hint.program("ls", "-l", path)
            )
        return Target(place, os.read(descriptor, MAX_SIZE), stat.S_IMODE(facts.st_mode))
    except OSError as problem:
        raise _refused(path, problem) from problem
    finally:
        os.close(descriptor)


def _followed(path: str, base: str) -> str:
    place = os.path.realpath(path)
    top = os.path.realpath(base)
    if place != top and not place.startswith(top + os.sep):
        raise UsageError(
            f"{path} is a link that leaves {base}",
            code="setup.link",
            hint=hint.program("ls", "-l", path),
            details={"target": place},
        )
    return place


def require_writable(target: Target) -> None:
    """SetupError where the file, or the nearest folder above it that is there, cannot be written."""
    place = target.path
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    folder = place if os.path.isdir(place) else os.path.dirname(place)
    if not folders.may_write(folder) or (target.data is not None and not folders.may_write(target.path)):
        raise _refused(target.path, OSError(errno.EACCES, os.strerror(errno.EACCES)))


def missing_folders(path: str) -> list[str]:
    """The folders above a file that are not there yet, outermost first."""
    missing, folder = [], os.path.dirname(path)
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    return missing[::-1]


def write(target: Target, data: bytes) -> None:
    """Puts the file in place whole, its mode kept."""
    folder, name = os.path.split(target.path)
    _make_folders(folder)
    temporary = f"{folder}/{files.temporary_name(name)}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            files.write_whole(descriptor, data)
            os.fchmod(descriptor, target.mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(temporary, target.path)
        _sync(folder)
    except OSError as problem:
        raise _refused(target.path, problem) from problem


def remove(path: str, folders: list[str]) -> None:
    """Removes a file and those of some folders that became empty, innermost first."""
    try:
        os.unlink(path)
        _sync(os.path.dirname(path))
    except FileNotFoundError:
        pass
    except OSError as problem:
        raise _refused(path, problem) from problem
    for folder in sorted(folders, key=len, reverse=True):
        try:
            os.rmdir(folder)
        except OSError:
            continue


def sweep(path: str, *, patience: float) -> None:
    """Removes what runs that died were building beside a file, once it is older than so many seconds."""
    folder, name = os.path.split(path)
    building = re.compile(re.escape(f".{name[:180]}.") + r"[0-9a-f]{8}\.tmp")
    with suppress(OSError):
        for entry in os.listdir(folder):
            if building.fullmatch(entry) and time.time() - os.lstat(f"{folder}/{entry}").st_mtime >= patience:
                os.unlink(f"{folder}/{entry}")


def _make_folders(folder: str) -> None:
    for new in missing_folders(f"{folder}/x"):
        try:
            os.mkdir(new)
        except FileExistsError:
            continue
        except OSError as problem:
            raise _refused(new, problem) from problem
        _sync(os.path.dirname(new))


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_a_file(path: str) -> DataError:
    return DataError(
        f"{path}: a folder, pipe or link stands where a file belongs",
        code="setup.kind",
        hint=hint.program("ls", "-ld", path),
    )


def _refused(path: str, problem: OSError) -> SetupError:
    return SetupError(
        f"{path}: {problem.strerror or problem}",
        code="setup.access",
        hint=hint.program("ls", "-ld", os.path.dirname(path)),
    )
