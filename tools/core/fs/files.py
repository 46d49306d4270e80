"""Files below a trusted folder: read without following links, replaced whole and durably.

A path is walked one component at a time with O_NOFOLLOW, so that a link planted inside `_bus/` or
`_report/` cannot lead a reader or a writer out of the repository. What is not a regular file is
refused, never waited on. A file that is replaced is built beside its name, synced, renamed, and its
folder synced: after a crash it is the old file or the new one.
"""

from __future__ import annotations

import errno
import os
import stat

from tools.core import hint, plain_json
from tools.core.errors import DataError, SetupError
from tools.core.fs import modes, strict_json
from tools.core.plain import TYPE_CHECKING, contextmanager, suppress
from tools.core.problem import Problem
from tools.core.workspace import BUS, REPORT, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
SANDBOX_FOLDERS = (BUS, f"{REPORT}/session")
"""What an agent must be able to write in the main checkout, as they are below it."""

MAX_DOCUMENT = 4 * 1024 * 1024
"""Bytes a JSON document may have; a larger one is damage, not data."""


@contextmanager
def folder_of(place: Place, *, create: bool = False) -> Iterator[int]:
    """A descriptor of the folder a place is in; with `create`, missing folders are made and synced.

    Raises FileNotFoundError when it is missing, DataError when a component is a link or a file.
    """
    descriptor = os.open(place.base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in place.name.split("/")[:-1]:
            following = _enter(descriptor, part, place, create=create)
            os.close(descriptor)
            descriptor = following
        yield descriptor
    finally:
        os.close(descriptor)


def _enter(descriptor: int, part: str, place: Place, *, create: bool) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=descriptor)
    except UnicodeEncodeError as problem:
        raise FileNotFoundError(errno.ENOENT, "no file has such a name", place.name) from problem
    except FileNotFoundError:
        if not create:
            raise
    except OSError as problem:
        raise not_a_file(place, problem) from problem
    with writable(place):
        with suppress(FileExistsError):  # another process was first; its sync does not cover our promise
            os.mkdir(part, dir_fd=descriptor)
        os.fsync(descriptor)
    try:
        made = os.open(part, _FOLDER, dir_fd=descriptor)
    except OSError as problem:
        raise not_a_file(place, problem) from problem
    modes.share(made, place.base)
    return made


_OTHER_KIND = (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO, errno.EMLINK)


def not_a_file(place: Place, problem: OSError) -> DataError | SetupError:
    """What to raise for a place that cannot be opened: a link or a folder in place of a file."""
    look = hint.program("ls", "-ld", "--", place.path)
    if problem.errno in _OTHER_KIND:
        reason = "a link, pipe, folder or file stands where the bus needs another kind"
        return DataError(Problem(place.name, 1, reason, "file.kind"), hint=look)
    return SetupError(Problem(place.name, 1, problem.strerror or str(problem), "file.access"), hint=look)


@contextmanager
def writable(place: Place) -> Iterator[None]:
    """Turns what the system says while writing into SetupError that names the folders needed."""
    try:
        yield
    except OSError as problem:
        raise not_written(place, problem) from problem


def not_written(place: Place, problem: OSError) -> SetupError:
    """What to raise for a place that cannot be written; names the folders a sandbox must allow."""
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        folders = [os.path.join(place.base, name) for name in SANDBOX_FOLDERS]
        return SetupError(
            f"{place.path} cannot be written: {problem.strerror}; a sandbox must allow writing to {' and '.join(folders)},"
            " which must exist when the session starts",
            code="file.read_only",
            hint=hint.program("ls", "-ld", "--", *folders),
            details={"folders": folders},
        )
    return SetupError(f"{place.path} could not be written: {problem.strerror or problem}", code="file.write")


@contextmanager
def opened(place: Place, flags: int = os.O_RDONLY, *, create: bool = False) -> Iterator[int]:
    """A descriptor of a regular file; FileNotFoundError when absent, DataError for anything else."""
    with folder_of(place, create=create) as folder:
        descriptor = open_in(folder, place, flags)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def open_in(folder: int, place: Place, flags: int) -> int:
    """Opens a place's last component in its folder; the caller closes the descriptor."""
    try:
        descriptor = os.open(os.path.basename(place.name), flags | _FILE, modes.FILE, dir_fd=folder)
    except UnicodeEncodeError as problem:
        raise FileNotFoundError(errno.ENOENT, "no file has such a name", place.name) from problem
    except FileNotFoundError:
        raise
    except OSError as problem:
        if flags & (os.O_WRONLY | os.O_RDWR) and problem.errno not in _OTHER_KIND:
            raise not_written(place, problem) from problem
        raise not_a_file(place, problem) from problem
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise not_a_file(place, OSError(errno.EISDIR, "not a regular file"))
    if flags & os.O_CREAT:
        modes.share(descriptor, place.base, facts)
    return descriptor


def read_bytes(place: Place, limit: int = MAX_DOCUMENT) -> bytes | None:
    """The whole file, or None when there is none; DataError beyond `limit` bytes."""
    try:
        with opened(place) as descriptor:
            return whole(descriptor, place, limit)
    except FileNotFoundError:
        return None


def whole(descriptor: int, place: Place, limit: int = MAX_DOCUMENT) -> bytes:
    """The whole of an open file; DataError beyond `limit` bytes."""
    parts: list[bytes] = []
    left = limit + 1
    while left > 0:
        part = os.read(descriptor, min(left, 1 << 20))
        if not part:
            return b"".join(parts)
        parts.append(part)
        left -= len(part)
    raise DataError(Problem(place.name, 1, f"more than {limit} bytes", "file.size"))


def parse_json(data: bytes, name: str) -> object:
    """Strict JSON: UTF-8, no duplicate key, no NaN, bounded depth; DataError with `path:line`."""
    try:
        return strict_json.read(data.decode("utf-8"))
    except UnicodeDecodeError as problem:
        reason, line = "not UTF-8", data.count(b"\n", 0, problem.start) + 1
    except RecursionError:
        reason, line = "nested too deeply", 1
    except ValueError as problem:
        place = strict_json.place_of(problem)
        reason, line = (f"not JSON: {place.reason}", place.line) if place else (str(problem), 1)
    raise DataError(Problem(name, line, reason, "file.json"))


def read_json(place: Place) -> dict[str, object] | None:
    """The JSON object in a file, None when there is no file; DataError with `path:line`."""
    data = read_bytes(place)
    return None if data is None else parse_object(data, place.name)


def parse_object(data: bytes, name: str) -> dict[str, object]:
    """Strict JSON that must be an object; DataError with `path:line`."""
    value = parse_json(data, name)
    if not isinstance(value, dict):
        raise DataError(Problem(name, 1, "not a JSON object", "file.json"))
    return value


def dump_json(value: object, *, sort_keys: bool = True) -> bytes:
    """A JSON document as the toolkit writes it: two spaces, sorted keys, final newline."""
    try:
        return plain_json.pretty(value, sort_keys=sort_keys).encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8; its escape says the same
        import json  # it escapes

        return json.dumps(value, indent=2, sort_keys=sort_keys, allow_nan=False).encode() + b"\n"


def write_whole(descriptor: int, data: bytes) -> None:
    """Writes all of it; raises OSError where the system stops short."""
    written = os.write(descriptor, data)
    while written < len(data):
        more = os.write(descriptor, memoryview(data)[written:])
        if more == 0:
            raise OSError(errno.ENOSPC, "no bytes were taken")
        written += more


def replace(place: Place, data: bytes | Iterator[bytes]) -> None:
    """Puts a file in place whole: after a crash it is the old one or the new one.

    What is too large to hold comes in parts. Without a lock the last of several writers wins, each whole.
    """
    with folder_of(place, create=True) as folder, writable(place):
        name = os.path.basename(place.name)
        with _built(folder, place, data) as temporary:
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)


def temporary_name(name: str) -> str:
    """A name to build a file under: no other process has it, whatever its pid, container or host."""
    return f".{name[:180]}.{os.urandom(4).hex()}.tmp"


@contextmanager
def _built(folder: int, place: Place, data: bytes | Iterator[bytes]) -> Iterator[str]:
    """The name in the same folder under which the content lies, synced; gone afterwards."""
    temporary = temporary_name(os.path.basename(place.name))
    beside = Place(place.base, os.path.join(os.path.dirname(place.name), temporary))
    try:
        with writable(place):
            _build(folder, beside, data)
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)


def _build(folder: int, beside: Place, data: bytes | Iterator[bytes]) -> None:
    descriptor = open_in(folder, beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        for part in (data,) if isinstance(data, bytes) else data:
            write_whole(descriptor, part)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create(place: Place, data: bytes) -> None:
    """Puts a new file in place whole; FileExistsError when the name is taken. Needs no lock."""
    with folder_of(place, create=True) as folder:
        name = os.path.basename(place.name)
        with _built(folder, place, data) as temporary:
            _link(folder, temporary, name, place)
        os.fsync(folder)


def _link(folder: int, temporary: str, name: str, place: Place) -> None:
    try:
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError as problem:
        raise not_a_file(place, problem) from problem


def remove(place: Place) -> None:
    """Removes a file and syncs its folder; a missing one is fine."""
    try:
        with folder_of(place) as folder, writable(place):
            try:
                os.unlink(os.path.basename(place.name), dir_fd=folder)
            except FileNotFoundError:
                return
            os.fsync(folder)
    except FileNotFoundError:
        return


def names_in(place: Place, suffix: str = "") -> list[str]:
    """The sorted names in a folder that end in `suffix`, hidden ones left out; [] when missing."""
    try:
        with folder_of(place.child("x")) as folder:
            names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(name for name in names if name.endswith(suffix) and not name.startswith("."))


def exists(place: Place) -> bool:
    """Whether a regular file is there, no link followed."""
    try:
        with opened(place):
            return True
    except (FileNotFoundError, DataError):
        return False
