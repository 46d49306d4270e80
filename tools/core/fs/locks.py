"""One writer at a time: the lock is `flock` on a folder that is there anyway.

There is no lock file to delete, clean or commit, and a read-only descriptor is enough. The kernel
queues those who wait and frees the lock of a process that dies. A folder that was replaced while we
waited is another lock, so the descriptor is compared with the path and the wait begun anew. The
name in `.cache/holder` is a hint for a process that waits too long, never the lock.

Order, so that no two processes wait for each other: the checkout's `_report/`, then the bus. git work that
cannot run twice takes a third lock, on the common git folder, the only one held across a process.
"""

from __future__ import annotations

import errno
import os
import time

from tools.core import hint
from tools.core.errors import BusyError, DataError, SetupError
from tools.core.fs import files
from tools.core.plain import TYPE_CHECKING, contextmanager, suppress
from tools.core.workspace import Place

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator
else:
    import _signal as signal  # what `signal` wraps, without the enums it makes

try:
    import fcntl
except ImportError:  # no flock on this platform: filelock keeps a neighbour file
    fcntl = None  # type: ignore[assignment]

PATIENCE = 10.0
"""Seconds a writer waits before it says who holds the lock."""


_announced = "python"


def announce(command: str) -> None:
    """What this process calls itself to those who wait for a lock it holds."""
    global _announced
    _announced = command


class _TookTooLong(Exception):
    pass


@contextmanager
def hold(folder: Place, *, holder: Place | None = None, patience: float = PATIENCE) -> Iterator[None]:
    """Holds the lock that a folder is; BusyError after `patience` seconds, naming the holder."""
    if fcntl is None:
        from tools.core.fs import folders

        folders.make_folder(folder)
        yield from _hold_neighbour(folder, patience)
        return
    descriptor = _take(folder, holder, patience)
    try:
        if holder is not None:
            _say_who(holder)
        yield
    finally:
        os.close(descriptor)  # the lock goes with the descriptor


def _take(folder: Place, holder: Place | None, patience: float) -> int:
    from tools.core.fs import local_locks  # a reader takes none

    deadline = time.monotonic() + patience
    while True:
        with files.folder_of(folder.child("x"), create=True) as opened:
            descriptor = os.dup(opened)
        try:
            _flock(descriptor, folder, holder, deadline)
            if _is_still(descriptor, folder):
                local_locks.require(descriptor, folder)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if time.monotonic() > deadline:
            raise _busy(folder, holder)


def _is_still(descriptor: int, folder: Place) -> bool:
    ours = os.fstat(descriptor)
    try:
        there = os.stat(folder.path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)


def _flock(descriptor: int, folder: Place, holder: Place | None, deadline: float) -> None:
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _wait(descriptor, deadline)
    except _TookTooLong:
        raise _busy(folder, holder) from None
    except OSError as problem:
        raise SetupError(
            f"{folder.path} cannot be locked: {problem.strerror}; the bus needs a local file system with flock",
            code="lock.unsupported",
            hint=hint.program("export", f"TEOF_BUS={hint.WORDS}"),
        ) from problem


def _wait(descriptor: int, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _TookTooLong
    waiting = True

    def too_long(signum: int, frame: object) -> None:
        if waiting:
            raise _TookTooLong

    try:
        before = signal.signal(signal.SIGALRM, too_long)
    except ValueError:  # signals reach only the main thread
        _wait_in_thread(descriptor, deadline)
        return
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})  # a parent may have blocked it
    try:
        signal.setitimer(signal.ITIMER_REAL, left)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        waiting = False
    finally:
        waiting = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _wait_in_thread(descriptor: int, deadline: float) -> None:
    """Tries the lock again and again."""
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.01)
    raise _TookTooLong


def _say_who(holder: Place) -> None:
    text = f"{os.getpid()} {os.uname().nodename} {int(time.time())} {_announced}\n"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with suppress(OSError, DataError, SetupError), files.opened(holder, flags, create=True) as descriptor:
        os.write(descriptor, text.encode(errors="replace"))


def _busy(folder: Place, holder: Place | None) -> BusyError:
    who = _who(holder)
    return BusyError(
        f"{folder.path} is locked by {who}" if who else f"{folder.path} is locked by another process",
        code="lock.busy",
        hint=hint.again(),
    )


def _who(holder: Place | None) -> str:
    try:
        data = files.read_bytes(holder, 4096) if holder is not None else None
        pid, host, since, command = (data or b"").decode(errors="replace").split(" ", 3)
        return f"pid {int(pid)} on {host}, {command.strip()}, for {int(time.time()) - int(since)} s"
    except (ValueError, DataError, SetupError):
        return ""


def _hold_neighbour(folder: Place, patience: float) -> Iterator[None]:
    import filelock

    try:
        with filelock.FileLock(f"{folder.path}.lock", timeout=patience):
            yield
    except filelock.Timeout as problem:
        raise _busy(folder, None) from problem
    except OSError as problem:
        if problem.errno in (errno.ENOLCK, errno.EOPNOTSUPP):
            raise SetupError(f"{folder.path} cannot be locked", code="lock.unsupported") from problem
        raise
