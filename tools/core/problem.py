"""The one shape of what is wrong where: a file, a line, a reason, and a code that scripts may match on."""

from __future__ import annotations

from tools.core.plain import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong; `line` counts from 1.

    `pointer` (RFC 6901) names the value in a JSON document where one is meant.
    """

    path: str
    line: int
    reason: str
    code: str
    pointer: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}: "
        return f"{place}{self.pointer}: {self.reason}" if self.pointer else f"{place}{self.reason}"

    def at(self, path: str, line: int) -> Problem:
        """The same problem of a document in a file, its value at a line."""
        return self._replace(path=path, line=line)


def inside(code: str, pointer: str, reason: str) -> Problem:
    """A problem inside a document, as a rule tells it that does not know the document's file."""
    return Problem("", 1, reason, code, pointer)
