"""What can go wrong, by what the caller can do next: one class, one exit code, one hint.

The exit code sits on the class (`docs/refusals.md` lists them); `code` is a stable dotted name that
scripts may match on; `hint` is a command that helps, as data. An error about a file is made of the
Problem that says what is wrong where, so that a reader can pass it on.
"""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

from tools.core.hint import Hint
from tools.core.problem import Problem


class ToolkitError(Exception):
    """A refusal or failure that is explained in one sentence; subclasses carry the exit code."""

    exit_code = 70
    kind = "bug"

    def __init__(
        self,
        message: str | Problem,
        *,
        code: str = "",
        hint: Hint | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.problem = message if isinstance(message, Problem) else None
        self.message = str(message)
        self.code = self.problem.code if self.problem else code
        self.hint = hint
        place = {"path": self.problem.path, "line": self.problem.line} if self.problem else {}
        self.details: dict[str, object] = {**place, **(details or {})}

    def problem_in(self, path: str) -> Problem:
        """What is wrong where, as a reader of a file reports it."""
        return self.problem or Problem(path, 1, self.message, self.code)


class UsageError(ToolkitError):
    """The command line is wrong: an unknown flag, a bad value or id, a thing that does not exist."""

    exit_code = 2
    kind = "usage"


class GuardError(ToolkitError):
    """Wrong seat, branch or owner: act from the right one, or override with a reason."""

    exit_code = 3
    kind = "guard"


class ConflictError(ToolkitError):
    """Another agent holds it, or it is done: talk to them, or take other work."""

    exit_code = 4
    kind = "conflict"


class BusyError(ToolkitError):
    """A lock was not free in time: try again."""

    exit_code = 5
    kind = "busy"


class DataError(ToolkitError):
    """A file is damaged, or is not a file: repair or restore it."""

    exit_code = 6
    kind = "data"


class SetupError(ToolkitError):
    """Something outside the toolkit is missing or refuses: no checkout, git, a full disk."""

    exit_code = 7
    kind = "setup"
