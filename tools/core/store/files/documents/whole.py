"""The catalogue with its listings and finished claims, which bring it up and name the newest.

It is replaced whole: of several processes that do so at once the last one wins, and what the others saw is found
again from the listings that go with it.
"""

from __future__ import annotations

from tools.core import plain_json
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.files import small
from tools.core.store.files.documents import catalogue, finished, listing
from tools.core.store.files.documents.catalogue import KINDS, Catalogue, Kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.core.workspace import Workspace


class Whole(NamedTuple):
    """A catalogue and what it comes from."""

    head: Catalogue
    listings: Mapping[str, listing.Listing]  # by kind
    finished: finished.Finished


NONE = Whole(catalogue.NONE, dict.fromkeys(KINDS, listing.NONE), finished.Finished())


def of(kept: Kept) -> Whole:
    """What is kept, taken apart; ValueError where it is damaged."""
    listings = {kind: listing.read(kept.part(2 * at), kept.part(2 * at + 1)) for at, kind in enumerate(KINDS)}
    return Whole(kept.head, listings, finished.read(kept.part(2 * len(KINDS))))


def keep(workspace: Workspace, known: Whole) -> None:
    """Puts a catalogue in place of the one that is kept, where that can be done."""
    body = [*(part for kind in KINDS for part in known.listings[kind]), known.finished.text]
    head = {
        "version": catalogue.VERSION,
        **known.head._asdict(),
        "live": {task: [claim, file] for task, (claim, file) in known.head.live.items()},
        "parts": [*map(len, body)],
    }
    small.replace(workspace.catalogue.path, b"".join([plain_json.shown_line(head).encode(), b"\n", *body]))
