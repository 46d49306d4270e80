"""What should stand in a file of any form: put in, taken out, and whether it stands there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from tools.core.errors import DataError
from tools.core.integrations.vendors.vendor import Entry, FileWish
from tools.core.setup.config import document, edit_json, edit_text, edit_toml

FORMS = ("json", "toml", "html", "hash", "shell", "whole")
SHEBANG = "#!/bin/sh\n"
_MARKERS = {"html": edit_text.HTML, "hash": edit_text.HASH, "shell": edit_text.HASH}


class Taken(NamedTuple):
    """A file without what was ours; None where nothing else was in it. `left` names what others changed and stays."""

    data: bytes | None
    left: list[str]


def put(data: bytes | None, wish: FileWish, earlier: Sequence[Entry] = ()) -> bytes:
    """The file's bytes with what should stand in it; raises before anything is written."""
    if wish.form == "whole":
        return wish.text.encode()
    parts = document.decode(data or b"", wish.path)
    return parts._replace(text=_put_text(parts.text, wish, earlier)).encode()


def _put_text(text: str, wish: FileWish, earlier: Sequence[Entry]) -> str:
    if wish.form in _MARKERS:
        text = text or (SHEBANG if wish.form == "shell" else "")
        return edit_text.put(text, wish.text, _MARKERS[wish.form], wish.path, after_shebang=wish.form == "shell")
    if wish.form == "toml":
        return edit_toml.put(text, wish.entries, wish.path, earlier)
    try:
        return edit_json.put(text, wish.entries, wish.path, earlier)
    except DataError as problem:
        problem.details["fragment"] = fragment(wish)
        raise


def take(data: bytes, wish: FileWish, mark: str, had: Collection[str] = ()) -> Taken:
    """The file's bytes without what is ours in it; `mark` tells ours where others changed it.

    `had` is what `containers` said of the file before.
    """
    if wish.form == "whole":
        same = data == wish.text.encode()
        return Taken(None, []) if same else Taken(data, [wish.path])
    parts = document.decode(data, wish.path)
    left: list[str] = []
    if wish.form in _MARKERS:
        text = edit_text.take(parts.text, _MARKERS[wish.form], wish.path)
    elif wish.form == "toml":
        text, left = edit_toml.take(parts.text, wish.entries, wish.path, had)
    else:
        text, left = edit_json.take(parts.text, wish.entries, wish.path, mark, had)
    return Taken(None if _is_empty(text, wish.form) else parts._replace(text=text).encode(), left)


def containers(data: bytes | None, wish: FileWish) -> list[str]:
    """The objects, tables and lists on the way to the entries that a file has already."""
    if not data or wish.form not in ("json", "toml"):
        return []
    containers_in = edit_toml.containers if wish.form == "toml" else edit_json.containers
    return containers_in(document.decode(data, wish.path).text, wish.entries, wish.path)


def _is_empty(text: str, form: str) -> bool:
    return text.strip() in {"json": ("", "{}"), "shell": ("", SHEBANG.strip())}.get(form, ("",))


def missing(data: bytes | None, wish: FileWish) -> list[str]:
    """What does not stand in the file as it should."""
    if data is None:
        return ["the file"]
    if wish.form == "whole":
        return [] if data == wish.text.encode() else ["the file"]
    parts = document.decode(data, wish.path)
    if wish.form in _MARKERS:
        body = edit_text.body_of(parts.text, _MARKERS[wish.form], wish.path)
        return [] if body == wish.text.rstrip() else ["the block"]
    missing_in = edit_toml.missing if wish.form == "toml" else edit_json.missing
    return missing_in(parts.text, wish.entries, wish.path)


def fragment(wish: FileWish) -> str:
    """What a person may paste where setup cannot: the file as it would be if nothing else stood in it."""
    return put(None, wish).decode()
