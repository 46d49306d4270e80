"""What an import has to change: a pure comparison of both sides, made before anything is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tools.core.backlog import items
from tools.core.text import secrets
from tools.core.trackers import item_text, kept
from tools.core.trackers.backlog_files import BacklogFile, BacklogFiles
from tools.core.trackers.imports import dependencies, naming
from tools.core.trackers.item_text import Links, Parts, Rendered
from tools.core.trackers.kept import Kept
from tools.core.trackers.pieces import LeftOut, Piece, Reading


class Options(NamedTuple):
    """The options of the command; `only` are statuses of the backlog, none means all."""

    update: bool = False
    force: bool = False
    only: tuple[str, ...] = ()
    prefix: str = ""


class Sides(NamedTuple):
    """What is compared: what was kept of earlier imports, the backlog, and the last holder of each claimed task."""

    source: str
    kept: Mapping[str, Kept]
    backlog: BacklogFiles
    claimed: Mapping[str, str] = {}


class Write(NamedTuple):
    """A file of the backlog that is to be written whole."""

    name: str
    data: bytes
    is_new: bool


class Row(NamedTuple):
    """One task of the report and what happened to it."""

    task_id: str
    where: str
    what: str


class Changes(NamedTuple):
    """The files to write, what is kept afterwards, and the report; none of it is done yet."""

    writes: list[Write]
    kept: dict[str, Kept]
    ids: dict[str, str]  # the id here of every piece that is here afterwards
    created: list[Row]
    updated: list[Row]
    unchanged: list[Row]
    changed_there: list[Row]
    conflicts: list[Row]
    left_out: list[LeftOut]
    vanished: list[Row]
    notes: list[str]


class _Aim(NamedTuple):
    """A piece, its file in the backlog (if any), and its text as it would be written now."""

    piece: Piece
    file: BacklogFile | None
    rendered: Rendered


def of(reading: Reading, sides: Sides, options: Options) -> Changes:
    """Everything an import changes; raises nothing."""
    changes = Changes([], dict(sides.kept), {}, [], [], [], [], [], list(reading.left_out), [], [])
    pieces = _selected(reading.pieces, options, changes)
    pieces = _not_ours(pieces, sides, options, changes)
    waits = dependencies.of(pieces, _is_here(pieces, sides))
    changes.notes.extend(waits.notes)
    task_ids = {**{key: piece.task_id for key, piece in sides.kept.items()}, **changes.ids}
    secretive = secrets.places_with_secrets([piece.raw for piece in pieces])
    new: list[tuple[Piece, bytes, Kept]] = []
    for place, piece in enumerate(pieces):
        links = Links(
            changes.ids[piece.key],
            [task_ids[key] for key in waits.by_key[piece.key]],
            task_ids.get(piece.parent, piece.parent),
        )
        rendered = item_text.render_piece(piece, links, sides.source, item_text.short_hash(piece.raw))
        if place in secretive:
            piece, rendered = _redacted(piece, rendered)
        file = _file_of(piece, sides)
        if file is None and (piece.key not in sides.kept or options.force):
            new.append((piece, _encoded(rendered.text), kept.of(links.task_id, piece.raw, rendered)))
        else:
            _again(_Aim(piece, file, rendered), sides, options, changes)
    _create(new, sides, changes)
    _look_for_vanished(reading, sides, changes)
    return changes


def _redacted(piece: Piece, rendered: Rendered) -> tuple[Piece, Rendered]:
    """The same without the secrets in them."""
    sections = {name: secrets.redact(section) for name, section in rendered.sections.items()}
    return piece._replace(raw=_without_secrets(piece.raw)), Rendered(secrets.redact(rendered.head), sections)


def _without_secrets(raw: str) -> str:
    """A text without its secrets; what was JSON is JSON afterwards."""
    if raw.startswith("{"):
        return json.dumps(secrets.redact_value(json.loads(raw)), ensure_ascii=False, separators=(",", ":"))
    return secrets.redact(raw)


def _selected(pieces: Sequence[Piece], options: Options, changes: Changes) -> list[Piece]:
    """The pieces whose status is selected, one for each key."""
    first: dict[str, Piece] = {}
    for piece in pieces:
        if options.only and piece.status not in options.only:
            continue
        earlier = first.setdefault(piece.key, piece)
        if earlier is not piece:
            changes.left_out.append(LeftOut(piece.where, f"{piece.key[:80]} stands at {earlier.where} already"))
    return list(first.values())


def _not_ours(pieces: Sequence[Piece], sides: Sides, options: Options, changes: Changes) -> list[Piece]:
    """The pieces that are not tasks of ours; the others are named in the report, and every one that stays gets its id."""
    task_ids = {key: piece.task_id for key, piece in sides.kept.items()}
    if sides.backlog.by_source:
        task_ids.update((piece.key, file.task_id) for piece in pieces if (file := _file_of(piece, sides)))
    foreign = []
    for piece in pieces:
        if piece.is_ours and piece.task_id.casefold() in sides.backlog.by_id:
            changes.unchanged.append(Row(piece.task_id, piece.where, "it began here"))
        else:
            foreign.append(piece)
    names = naming.ids_of(foreign, options.prefix, task_ids)
    changes.notes.extend(names.notes)
    staying = []
    for piece in foreign:
        task_id = names.by_key[piece.key]
        namesake = sides.backlog.by_id.get(task_id.casefold())
        if namesake is None or piece.key in task_ids:
            changes.ids[piece.key] = task_id
            staying.append(piece)
        else:
            changes.conflicts.append(
                Row(task_id, piece.where, f"the id is that of queue/{namesake.name}, which stays as it is")
            )
    return staying


def _file_of(piece: Piece, sides: Sides) -> BacklogFile | None:
    """The file a piece became, whatever it is called now."""
    by_source = sides.backlog.by_source
    return by_source.get(item_text.source_line(sides.source, piece.key)) if by_source else None


def _is_here(pieces: Sequence[Piece], sides: Sides) -> frozenset[str]:
    """The keys a task may depend on: of tasks that are here or come with this import and were not dropped."""
    return frozenset([*(piece.key for piece in pieces), *sides.kept]) - {
        piece.key for piece in pieces if piece.status == items.DROPPED
    }


def _again(aim: _Aim, sides: Sides, options: Options, changes: Changes) -> None:
    """A piece that was taken over before."""
    piece, file = aim.piece, aim.file
    row = Row(changes.ids[piece.key], piece.where, "")
    if file is None:
        changes.unchanged.append(row._replace(what="its file is gone here; --force brings it back"))
        return
    kept_before = sides.kept.get(piece.key)
    if kept_before is not None and _is_as_kept(aim.rendered, kept_before):
        changes.unchanged.append(row)
        return
    theirs = _as_compared(aim.rendered.parts, file, sides)
    base = kept_before.marks if kept_before is not None else _marks_of_interrupted(aim, file)
    if _is_same(theirs, file.parts, base):
        changes.unchanged.append(row)
        if kept_before is None or options.update or options.force:
            changes.kept[piece.key] = kept.of(row.task_id, piece.raw, aim.rendered)
    elif options.update or options.force:
        _merge(aim, theirs, base, options, changes)
    else:
        changes.changed_there.append(row._replace(what="changed there; --update brings it"))


def _as_compared(theirs: Parts, file: BacklogFile, sides: Sides) -> Parts:
    """Their parts without what does not count as a change: the digest, and of a claimed task what its claim says."""
    theirs["source digest"] = file.parts.get("source digest", theirs["source digest"])
    holder = sides.claimed.get(file.task_id)
    if holder is not None:
        theirs["status"] = file.parts.get("status", theirs["status"])
        if theirs.get("assignee", "") == f"Assignee: {holder}":
            theirs["assignee"] = file.parts.get("assignee", "")
    return {name: part for name, part in theirs.items() if part}


def _is_as_kept(rendered: Rendered, before: Kept) -> bool:
    """Whether a piece is exactly what was taken over last."""
    return (
        rendered.head == before.head and item_text.marks(rendered.sections) == before.sections and not before.unsettled
    )


def _is_same(theirs: Parts, ours: Parts, base: Mapping[str, str]) -> bool:
    """Whether nothing changed there but what ours says already."""
    return all(
        item_text.mark(part) == base.get(name) or part == ours.get(name) for name, part in theirs.items()
    ) and not (set(base) - set(theirs))


def _marks_of_interrupted(aim: _Aim, file: BacklogFile) -> Mapping[str, str]:
    """The marks of what was imported last where nothing was kept.

    An import that was interrupted wrote the file and did not keep the piece: where the file names
    the text that is there now, it is that.
    """
    parts = aim.rendered.parts
    return item_text.marks(parts) if file.parts.get("source digest") == parts["source digest"] else {}


def _merge(aim: _Aim, theirs: Parts, base: Mapping[str, str], options: Options, changes: Changes) -> None:
    assert aim.file is not None
    piece, task_id = aim.piece, changes.ids[aim.piece.key]
    merged = item_text.merge(aim.file.parts, base, theirs, theirs_wins=options.force)
    for names, rows, text in (
        (merged.taken, changes.updated, "taken over"),
        (merged.conflicts, changes.conflicts, "changed here and there, ours stays"),
    ):
        if names:
            rows.append(Row(task_id, piece.where, f"{text}: {', '.join(names)}"))
    if merged.kept:
        changes.notes.append(f"queue/{aim.file.name}: changed here, left as it is: {', '.join(merged.kept)}")
    if merged.taken:
        merged.parts["source digest"] = aim.rendered.parts["source digest"]
        changes.writes.append(Write(aim.file.name, _encoded(item_text.text_of(merged.parts)), is_new=False))
    unsettled = {name: base.get(name, "") for name in merged.conflicts}  # reported until both agree
    changes.kept[piece.key] = kept.of(task_id, piece.raw, aim.rendered, unsettled)


def _create(new: Sequence[tuple[Piece, bytes, Kept]], sides: Sides, changes: Changes) -> None:
    """The pieces that are not here yet, with the bytes of their files and what is kept: high priority first, then the oldest."""
    rank = {word: str(number) for number, word in enumerate(items.PRIORITIES)}
    ordered = sorted(new, key=lambda made: rank[made[0].priority] + (made[0].created or "~"))
    width = max(sides.backlog.width, len(str(sides.backlog.last_number + len(ordered))))
    for number, (piece, data, keeping) in enumerate(ordered, sides.backlog.last_number + 1):
        name = f"{str(number).zfill(width)}-{naming.slug(piece.title)}.md"
        changes.writes.append(Write(name, data, is_new=True))
        changes.created.append(Row(keeping.task_id, piece.where, f"queue/{name}"))
        changes.kept[piece.key] = keeping


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _look_for_vanished(reading: Reading, sides: Sides, changes: Changes) -> None:
    """Pieces that were taken over and are not in the source any more; they stay."""
    there = {piece.key for piece in reading.pieces}
    for key, piece in sides.kept.items():
        if key not in there and key.startswith(reading.scope):
            changes.vanished.append(Row(piece.task_id, key, "no longer there; it stays here"))
