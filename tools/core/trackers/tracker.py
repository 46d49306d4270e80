"""The trackers that are known, each a module that reads or writes items.

A new one is a module with `NAME`, `PATHS` (where its data lie, the first that exists counts) and
`read_items`, and a line here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Protocol, cast

from tools.core import hint
from tools.core.errors import UsageError
from tools.core.trackers.outgoing import Outgoing
from tools.core.trackers.pieces import Reading
from tools.core.trackers.source_files import Source


class Importer(Protocol):
    """A tracker whose items can be taken over."""

    NAME: str
    PATHS: tuple[str, ...]

    def read_items(self, source: Source) -> Reading:
        """All pieces of work, what could not be read and what is no work; raises where the source as a whole is unreadable."""


class Exporter(Protocol):
    """A tracker that can be given the tasks of this backlog."""

    NAME: str

    def write_items(self, outgoing: Iterable[Outgoing]) -> Iterator[str]:
        """The text of an export, in pieces."""


IMPORTERS = {
    "beads": "beads",
    "backlog": "backlog_md",
    "ticket": "ticket",
    "taskmaster": "taskmaster",
    "github": "github",
    "checklist": "checklist",
}
"""The module of each tracker that can be read, by the name a user says."""

EXPORTERS = {"beads": "beads", "github": "github", "markdown": "checklist", "csv": "comma_separated"}
"""The module of each tracker that can be written."""


def importer(name: str) -> Importer:
    """The reader of a tracker; only that one is loaded."""
    return cast(Importer, import_module(f"{__package__}.{IMPORTERS[name]}"))


def exporter(name: str) -> Exporter:
    """The writer of a tracker; only that one is loaded."""
    return cast(Exporter, import_module(f"{__package__}.{EXPORTERS[name]}"))


def locate(tracker: Importer, root: str, given: str | None) -> Source:
    """Where a tracker's data are: what was given, else the first usual place in the checkout that exists.

    A relative path is one from the root; UsageError when there is nothing.
    """
    paths = (given,) if given else tracker.PATHS
    if not paths:
        raise UsageError(
            f"{tracker.NAME} has no usual place: name a file, or - for what comes through a pipe",
            code="import.path",
            hint=hint.tool("agent.task_import", "--help"),
        )
    for path in paths:
        absolute = os.path.normpath(os.path.join(root, path))
        if os.path.lexists(absolute):
            inside = absolute.startswith(root + os.sep)
            return Source(absolute, os.path.relpath(absolute, root) if inside else absolute)
    shown = " or ".join(paths)
    raise UsageError(
        f"{shown} does not exist",
        code="import.path",
        hint=hint.tool("agent.task_import", "--help"),
    )
