"""What the tree of a bus says of itself: the version of its layout, and how confirmed operations are swapped."""

from __future__ import annotations

from tools.core import hint
from tools.core.errors import DataError, SetupError
from tools.core.fs import files
from tools.core.git import trees
from tools.core.git.packs import Objects
from tools.core.store import layout
from tools.core.sync import door

REFS = "refs"
BRANCH = "branch"
"""How a confirmed operation is swapped: by a ref for each task, or by the branch where a host takes no such refs."""


def content_of(objects: Objects, tree: str) -> dict[str, object]:
    """The tree's own `format.json`; empty where it has none."""
    entry = trees.find(objects, tree, layout.FORMAT_FILE) if tree else None
    blob = objects.get(entry.name, door.MAX_DOCUMENT) if entry is not None and entry.is_file else None
    return object_of(blob.data if blob is not None else None, layout.FORMAT_FILE) or {}


def require_readable(objects: Objects, tree: str) -> None:
    """SetupError when a tree says that a newer toolkit wrote it."""
    version = content_of(objects, tree).get("format", 1)
    if type(version) is int and version > layout.FORMAT:
        raise SetupError(
            f"the bus is in format {version}, which a newer toolkit wrote; this one reads up to {layout.FORMAT}",
            code="bus.format",
            hint=hint.program("teof", "--version"),
            details={"format": version, "newest": layout.FORMAT},
        )


def confirms_on_branch(objects: Objects, tree: str) -> bool:
    """Whether a tree says that confirmed operations swap the branch."""
    return content_of(objects, tree).get("confirm") == BRANCH


def content(*, on_branch: bool) -> dict[str, object]:
    """What a tree in today's layout says of itself."""
    return {"confirm": BRANCH if on_branch else REFS, "format": layout.FORMAT}


def object_of(data: bytes | None, name: str) -> dict[str, object] | None:
    """The JSON object in some bytes; None where there is none."""
    try:
        return None if data is None else files.parse_object(data, name)
    except DataError:
        return None
