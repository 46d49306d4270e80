"""What is known of the claims and assignments of a bus in files: one derived file of the cache.

Its first line is JSON and has all that is live, which most readers need alone; behind it are the listings of the
folders and the finished claims. One that is damaged or of another version counts as none.
It is replaced whole: of several processes that do so at once the last one wins, and what the others saw is
found again from the listings that go with it.
"""

from __future__ import annotations

from tools.core import ids, plain_json
from tools.core.plain import TYPE_CHECKING, NamedTuple
from tools.core.store.files import small
from tools.core.store.files.documents import finished, listing
from tools.core.store.files.documents.claim_file import ShortClaim
from tools.core.store.files.documents.named import Position

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from tools.core.workspace import Workspace

    Live = Mapping[str, tuple[ShortClaim, list[int]]]
    """Claims by task, with what their files were like."""

CLAIMS, ASSIGNMENTS = KINDS = ("claims", "assignments")

_VERSION = 1
_LIMIT = 1 << 28


class Body(NamedTuple):
    """What is needed to bring a catalogue up, or to name the newest of the finished claims."""

    listings: Mapping[str, listing.Listing]  # by kind
    finished: finished.Finished


class Catalogue(NamedTuple):
    """The documents of a bus."""

    folders: Mapping[str, list[int] | None]
    """By kind, as each was; None where there was none; see `settled`."""
    log: Position  # events before it are known
    live: Live
    unread: Sequence[str]  # claims that cannot be read
    standing: Mapping[str, str]  # assignments of what is not done, with the state of the claim, "" for none
    counts: Mapping[str, int]  # how many claims are over, by state
    body: Body


class Kept(NamedTuple):
    """A catalogue as it is kept, its body not yet looked at."""

    head: Catalogue  # with an empty body
    data: bytes
    ends: Sequence[int]  # where the line of the head ends in the data, and behind it each part of the body

    def whole(self) -> Catalogue:
        """The catalogue with its body; ValueError for a damaged one."""
        listings = {kind: listing.read(self._part(2 * at), self._part(2 * at + 1)) for at, kind in enumerate(KINDS)}
        return self.head._replace(body=Body(listings, finished.read(self._part(2 * len(KINDS)))))

    def names(self, kind: str) -> bytes:
        """The names in a folder as in its listing; ValueError where the body is damaged."""
        names = self._part(2 * KINDS.index(kind))
        if b"\0" in names:
            raise ValueError("a name with what is none")
        return names

    def _part(self, number: int) -> bytes:
        if self.ends[-1] != len(self.data) or len(self.ends) != 2 * len(KINDS) + 2:
            raise ValueError("the body has another length than was written")
        return self.data[self.ends[number] : self.ends[number + 1]]


NONE = Catalogue({}, Position(), {}, (), {}, {}, Body(dict.fromkeys(KINDS, listing.NONE), finished.Finished()))
"""Of a bus without documents, or of which nothing is known."""


def kept(workspace: Workspace) -> Kept | None:
    """The catalogue in the cache; None where there is none that can be read."""
    data = small.read(workspace.catalogue.path, _LIMIT) or b""
    ends = [data.find(b"\n") + 1]
    try:
        known: Any = plain_json.load_object(data[: ends[0]])
        if known["version"] != _VERSION or not _are_names([*known["unread"], *known["standing"]]):
            return None
        live = {task: (_claim(values), file) for task, (values, file) in known["live"].items() if ids.is_task(task)}
        end, before = known["log"]
        head = NONE._replace(
            folders=dict(known["folders"]),
            log=Position(int(end), str(before)),
            live=live,
            unread=list(known["unread"]),
            standing=dict(known["standing"]),
            counts={state: int(count) for state, count in known["counts"].items()},
        )
        for length in known["parts"]:
            ends.append(ends[-1] + int(length))
        return Kept(head, data, ends)
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError):
        return None


def _are_names(values: list[object]) -> bool:
    return all(isinstance(value, str) and "/" not in value for value in values)


def _claim(values: list[Any]) -> ShortClaim:
    claim = ShortClaim._make(values)
    return claim._replace(paths=tuple(claim.paths))


def keep(workspace: Workspace, known: Catalogue) -> None:
    """Puts a catalogue in place of the one that is kept, where that can be done."""
    body = [*(part for kind in KINDS for part in known.body.listings[kind]), known.body.finished.text]
    head = {
        "version": _VERSION,
        "folders": known.folders,
        "log": known.log,
        "live": {task: [claim, file] for task, (claim, file) in known.live.items()},
        "unread": known.unread,
        "standing": known.standing,
        "counts": known.counts,
        "parts": [*map(len, body)],
    }
    small.replace(workspace.catalogue.path, b"".join([plain_json.shown_line(head).encode(), b"\n", *body]))
