"""Following logs as they grow: each new whole record once, whatever happens to the files.

A log may not exist yet, may be replaced by a merge, or be truncated by a restore. The file that was
followed is kept open, so that when another stands in its place only the lines that the old one did
not have are new. Starting to follow costs the same however long the log is.
"""

from __future__ import annotations

import itertools
import os

from tools.core.errors import DataError
from tools.core.fs import files, jsonl
from tools.core.plain import TYPE_CHECKING
from tools.core.problem import Problem
from tools.core.workspace import Place

if TYPE_CHECKING:
    from collections.abc import Iterator


class Follower:
    """One log, read on from where it was; `poll` yields what is new."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._file: int | None = None  # the file followed so far, kept open
        self._end = 0
        self._shown: set[str] = set()  # lines polled since the start, by hash
        self._complaint = ""

    def skip_present(self) -> None:
        """Takes everything that is there now as shown."""
        try:
            with files.opened(self._place) as descriptor:
                self._keep(descriptor)
                last = next(jsonl.lines_backwards(descriptor), None)
                if last is not None:
                    self._end = last.end if last.whole else last.offset
        except (FileNotFoundError, DataError):
            return

    def poll(self) -> Iterator[jsonl.StoredRecord | Problem]:
        """Whole lines that came since the last poll, oldest first."""
        try:
            with files.opened(self._place) as descriptor:
                self._complaint = ""
                yield from self._new_lines(descriptor)
        except FileNotFoundError:
            return
        except DataError as error:
            if error.message != self._complaint:  # reported once, not at every poll
                self._complaint = error.message
                yield error.problem_in(self._place.name)

    def _new_lines(self, descriptor: int) -> Iterator[jsonl.StoredRecord | Problem]:
        stat = os.fstat(descriptor)
        followed = os.fstat(self._file) if self._file is not None else None
        before: set[str] = set()
        if followed is None:
            self._keep(descriptor)
        elif (followed.st_dev, followed.st_ino) != (stat.st_dev, stat.st_ino):
            before = self._lines_of_old_file()
            self._keep(descriptor)
            self._end = 0
        elif stat.st_size < self._end:  # cut short in place: what is left was there before
            last = next(jsonl.lines_backwards(descriptor), None)
            self._end = 0 if last is None else last.end if last.whole else last.offset
        for line in jsonl.lines_of(descriptor, self._end):
            if not line.whole:
                break
            self._end = line.end
            if line.hash in before:
                continue
            self._shown.add(line.hash)
            outcome = jsonl.examine(self._place, line, None)
            if outcome is not None:
                yield outcome

    def _lines_of_old_file(self) -> set[str]:
        """What was there and taken as shown; what came after the last poll is still news."""
        assert self._file is not None
        shown = itertools.takewhile(lambda line: line.whole and line.end <= self._end, jsonl.lines_of(self._file))
        return {line.hash for line in shown} | self._shown

    def _keep(self, descriptor: int) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file = os.dup(descriptor)
