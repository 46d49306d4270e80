"""The end of a log: mended where a writer died, then appended to in one write.

If the last line is a complete record, only its newline is missing and is added. Otherwise the write
was never acknowledged: the bytes move to `.torn/`. All of this happens under the bus lock.
"""

from __future__ import annotations

import os

from tools.core import clock
from tools.core.errors import DataError
from tools.core.fs import files, jsonl
from tools.core.plain import TYPE_CHECKING, suppress
from tools.core.problem import Problem
from tools.core.workspace import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def tail_of(place: Place) -> tuple[int, bytes]:
    """The size of a log, and its last line where that has no line end."""
    try:
        with files.opened(place) as descriptor:
            size = os.fstat(descriptor).st_size
            if not size or os.pread(descriptor, 1, size - 1) == b"\n":
                return size, b""
            last = next(jsonl.lines_backwards(descriptor))
            return size, os.pread(descriptor, size - last.offset, last.offset)
    except FileNotFoundError:
        return 0, b""


def bytes_from(place: Place, start: int) -> bytes | None:
    """What a log has from byte `start` on; None when it is shorter than that or not there."""
    try:
        with files.opened(place) as descriptor:
            size = os.fstat(descriptor).st_size
            return os.pread(descriptor, size - start, start) if size >= start else None
    except FileNotFoundError:
        return None if start else b""


def is_record(raw: bytes) -> bool:
    """Whether an unfinished last line is a whole record that only lacks its line end."""
    try:
        jsonl.parse(raw)
    except ValueError:
        return False
    return True


def ids_behind(place: Place, mark: int) -> set[object]:
    """The ids of the records from byte `mark` on; of all when the log is shorter than that."""
    try:
        with files.opened(place) as descriptor:
            size = os.fstat(descriptor).st_size
    except FileNotFoundError:
        return set()
    start = mark if mark <= size else 0
    return {line.record.get("id") for line in jsonl.scan(place, start) if not isinstance(line, Problem)}


def append(torn_folder: Place, place: Place, waiting: Sequence[dict[str, object]]) -> int:
    """Appends records in one write, after mending the tail; the descriptor is the caller's to sync."""
    return _append_with(torn_folder, place, lambda descriptor: _write_records(descriptor, waiting))


def append_lines(torn_folder: Place, place: Place, lines: Sequence[bytes]) -> int:
    """Appends whole lines exactly as they are; the descriptor is the caller's to sync."""
    data = b"\n".join([*lines, b""])
    return _append_with(torn_folder, place, lambda descriptor: _write_or_take_back(descriptor, data))


def _append_with(torn_folder: Place, place: Place, write: Callable[[int], None]) -> int:
    with files.folder_of(place, create=True) as folder, files.writable(place):
        descriptor = files.open_in(folder, place, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            is_new = not os.fstat(descriptor).st_size  # or created by a writer that died before syncing the directory
            _mend_tail(torn_folder, place, descriptor)
            write(descriptor)
            if is_new:
                os.fsync(descriptor)
                os.fsync(folder)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor


def _write_records(descriptor: int, waiting: Sequence[dict[str, object]]) -> None:
    if not waiting:
        return
    last = jsonl.last_line(descriptor)
    prev = last.hash if last else ""
    lines = []
    for record in waiting:
        record.pop("prev", None)
        if prev:
            record["prev"] = prev
        raw = jsonl.encode(record)
        prev = jsonl.line_hash(raw)
        lines.append(raw + b"\n")
    _write_or_take_back(descriptor, b"".join(lines))


def _write_or_take_back(descriptor: int, data: bytes) -> None:
    size = os.fstat(descriptor).st_size
    try:
        files.write_whole(descriptor, data)
    except OSError:
        with suppress(OSError):  # what was begun was never acknowledged; leave no torn tail behind
            os.ftruncate(descriptor, size)
        raise


def _mend_tail(torn_folder: Place, place: Place, descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    if not size or os.pread(descriptor, 1, size - 1) == b"\n":
        return
    last = next(jsonl.lines_backwards(descriptor))
    torn = os.pread(descriptor, size - last.offset, last.offset)
    if is_record(torn):
        files.write_whole(descriptor, b"\n")
        return
    keep_torn(torn_folder, place, torn)
    os.ftruncate(descriptor, last.offset)


def keep_torn(torn_folder: Place, place: Place, torn: bytes) -> None:
    """Keeps a copy of bytes that are about to leave a log."""
    name = f"{os.path.basename(place.name)}-{clock.file_stamp(clock.now())}"
    for number in range(1, 10_000):
        with suppress(FileExistsError):
            files.create(torn_folder.child(name if number == 1 else f"{name}-{number}"), torn)
            return
    raise DataError(f"{torn_folder.name} is full of torn lines", code="bus.torn")


def sync(descriptor: int, place: Place) -> None:
    """Makes what was appended durable and closes the log."""
    try:
        with files.writable(place):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def bring_back(torn_folder: Place, place: Place, lines: Sequence[bytes]) -> None:
    """Appends lines exactly as they once were, so that what points to them by hash holds again; durable."""
    descriptor = append(torn_folder, place, [])
    try:
        files.write_whole(descriptor, b"".join(line + b"\n" for line in lines))
    except BaseException:
        os.close(descriptor)
        raise
    sync(descriptor, place)
