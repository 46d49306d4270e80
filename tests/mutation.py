"""A weakening of the toolkit that tests must notice."""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    """One weakening: the text of a file that is replaced, and the tests that must notice."""

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]
    chosen: str = ""  # pytest -k

    @property
    def traces(self) -> bool:
        """Whether its tests need strace."""
        return any("crash" in test for test in self.tests)

    @property
    def browses(self) -> bool:
        """Whether its tests need a browser."""
        return any("browser" in test for test in self.tests)
