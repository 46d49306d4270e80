"""The claims that are over, as one text in the order in which they ended: a line for each, the newest first.

Values for 10,000 of them would cost more to make than all else that a command does. A line has the seconds
from the claim's end to a day far ahead, its task and its state; so lines in the order of letters are in the
order of time, and of those that ended in one second the first name comes first.
"""

from __future__ import annotations

from tools.core import ids
from tools.core.models.claim_state import CLAIM_STATUSES, LIVE
from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDTH = 12
_FAR_AHEAD = 10**_WIDTH - 1
_OVER = tuple(state for state in CLAIM_STATUSES if state not in LIVE)


class Ended(NamedTuple):
    """A claim that is over."""

    task: str
    state: str
    ended: int  # in Unix seconds


class Finished(NamedTuple):
    """All that are over."""

    text: bytes = b"\n"  # a line end before the first line, and behind each

    def _at(self, task: str) -> int:
        """Where a task's name begins in its line; -1 for none."""
        return self.text.find(b" %s " % task.encode())

    def state(self, task: str) -> str:
        """The state of a task's claim; "" where it is not among them."""
        at = self._at(task)
        return self.text[self.text.index(b" ", at + 1) + 1 : self.text.index(b"\n", at)].decode() if at >= 0 else ""

    def without(self, task: str) -> Finished:
        """The others."""
        at = self._at(task)
        if at < 0:
            return self
        return Finished(self.text[: self.text.rindex(b"\n", 0, at)] + self.text[self.text.index(b"\n", at) :])

    def including(self, claim: Ended) -> Finished:
        """These and another one."""
        line = _line(claim)
        low, high = 0, len(self.text) - 1  # each at the line end before a line
        while low < high:
            start = self.text.rindex(b"\n", low, (low + high) // 2 + 1)
            end = self.text.index(b"\n", start + 1)
            low, high = (end, high) if self.text[start + 1 : end] < line else (low, start)
        return Finished(b"%s\n%s%s" % (self.text[:low], line, self.text[low:]))

    def newest(self, count: int) -> list[str]:
        """The tasks whose claims ended last, the last one first; ValueError where a line is none."""
        lines = self.text.split(b"\n", count + 1)[1 : count + 1]
        rows = [line.decode().split(" ") for line in lines if line]
        if not all(len(row) == 3 and ids.is_task(row[1]) for row in rows):
            raise ValueError("a finished claim with what is none")
        return [task for _, task, _ in rows]

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each state that occurs."""
        counts = {state: self.text.count(b" %s\n" % state.encode()) for state in _OVER}
        return {state: count for state, count in counts.items() if count}


def of(claims: Iterable[Ended]) -> Finished:
    """Claims that are over, in any order, each task once."""
    lines = sorted(map(_line, claims))
    return Finished(b"\n".join([b"", *lines, b""])) if lines else Finished()


def read(text: bytes) -> Finished:
    """The claims as they were kept; ValueError for what cannot have been."""
    if text[:1] != b"\n" or text[-1:] != b"\n" or b"\0" in text:
        raise ValueError("finished claims with what is none")
    return Finished(text)


def _line(claim: Ended) -> bytes:
    return f"{_FAR_AHEAD - min(max(claim.ended, 0), _FAR_AHEAD):0{_WIDTH}} {claim.task} {claim.state}".encode()
