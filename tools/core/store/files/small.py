"""Small files of the bus and its cache, read and replaced in few calls and without what those cost to import.

For what a program does at every step of an agent. Nothing here is durable: what is replaced can be derived again.
"""

from __future__ import annotations

import errno
import os
import stat

LIMIT = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read(path: str, limit: int = LIMIT) -> bytes | None:
    """The whole file; None when it is absent, no regular file or longer than `limit`."""
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return None
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > limit:
            return None
        return os.read(descriptor, facts.st_size)  # not the limit: room for so much costs more than reading
    except OSError:
        return None
    finally:
        os.close(descriptor)


def tail(path: str, start: int, limit: int = LIMIT) -> tuple[bytes, int, bool]:
    """The bytes from `start` on, the file's size, and whether more than `limit` stood there, of which the last are given.

    A file that is absent is empty; one shorter than `start` is read from its beginning.
    """
    try:
        descriptor = os.open(path, _READ)
    except OSError:
        return b"", 0, False
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            return b"", 0, False
        size = facts.st_size
        start = start if start <= size else 0
        begin = max(start, size - limit)
        return os.pread(descriptor, size - begin, begin), size, begin > start
    except OSError:
        return b"", 0, False
    finally:
        os.close(descriptor)


def replace(path: str, data: bytes) -> bool:
    """Puts a file in place whole, its folder made; whether that could be done. Each process builds under a name of its own.

    A link in the place of the folder leads elsewhere, and nothing is written through it.
    """
    folder, name = os.path.split(path)
    try:
        try:
            descriptor = os.open(folder, _FOLDER)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            descriptor = os.open(folder, _FOLDER)
        try:
            _put(name, data, descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        return False
    return True


def _put(name: str, data: bytes, folder: int) -> None:
    temporary = f".{name[:180]}.{os.urandom(4).hex()}.tmp"
    try:
        _write(temporary, data, folder)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(temporary, dir_fd=folder)
        raise


def _write(name: str, data: bytes, folder: int) -> None:
    descriptor = os.open(name, _NEW, 0o666, dir_fd=folder)
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)
