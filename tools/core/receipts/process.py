"""A command's output until the command has ended, even where a process that it left behind keeps the pipe open.

The end of the output is not the end of the command: a server that a command starts holds the same pipe
for as long as it lives. So both are waited for, and what stands in the pipe when the command has ended
is the last of its output.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence

from tools.core.errors import SetupError

_BLOCK = 1 << 16
_SIGNALLED = 128
_LOOK_AGAIN = 100
"""Milliseconds between two looks at a command where the system has no descriptor for its end."""


class Output:
    """What a command prints to the pipe that is its stdout.

    `is_left_open` tells afterwards whether a process that the command left behind can still print.
    """

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        self._child = child
        self._pipe = child.stdout
        self._descriptor = child.stdout.fileno()
        self.is_left_open = False

    def blocks(self) -> Iterator[bytes]:
        """The output as it comes; the first Ctrl-C is left to the command."""
        end = _end_descriptor(self._child.pid)
        interrupted = False
        try:
            with self._pipe:
                while True:
                    try:
                        has_ended = self._wait(end)
                        block = self._rest() if has_ended else os.read(self._descriptor, _BLOCK)
                    except KeyboardInterrupt:
                        if interrupted:
                            raise
                        interrupted = True
                        continue
                    if block:
                        yield block
                    if has_ended or not block:
                        return
        finally:
            if end is not None:
                os.close(end)

    def _wait(self, end: int | None) -> bool:
        """Waits for output or for the command's end; whether it has ended."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        if end is not None:
            poll.register(end, select.POLLIN)
            return any(descriptor == end for descriptor, _ in poll.poll())
        while True:
            has_output = bool(poll.poll(_LOOK_AGAIN))
            if self._child.poll() is not None:
                return True
            if has_output:
                return False

    def _rest(self) -> bytes:
        """What is in the pipe now; what others add while it is read is not the command's."""
        import fcntl
        import termios

        waiting = int.from_bytes(fcntl.ioctl(self._descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)
        parts = []
        while waiting > 0 and (part := os.read(self._descriptor, min(waiting, _BLOCK))):
            parts.append(part)
            waiting -= len(part)
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        self.is_left_open = not any(state & select.POLLHUP for _, state in poll.poll(0))
        return b"".join(parts)


def _end_descriptor(pid: int) -> int | None:
    """A descriptor that is readable once a process has ended; None where the system gives none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def start(root: str, command: Sequence[str], *, captured: bool) -> subprocess.Popen[bytes]:
    """A command begun in the root, its errors among its output; SetupError where it cannot be."""
    output = subprocess.PIPE if captured else subprocess.DEVNULL
    try:
        return subprocess.Popen(list(command), cwd=root, stdout=output, stderr=subprocess.STDOUT)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise SetupError(f"{command[0]!r} cannot be run: {reason}", code="run.start") from problem


def exit_status(child: subprocess.Popen[bytes]) -> int:
    """How a command ended, as a shell reports it: 128 plus the signal's number for one that was killed."""
    code = child.wait()
    return code if code >= 0 else _SIGNALLED - code
