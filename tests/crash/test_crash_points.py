"""Each writer killed at its system calls, and refused by the system there: old state or new, and the next run works."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.crash import state
from tests.crash.conftest import Case, copy, recover
from tests.crash.trace import Point
from tests.crash.traced import Outcome, Traced
from tests.crash.writers import PRESENT, Writer

SEED = 20261122
NO_SNAPSHOT = "no snapshot:"
"""What a boot says whose handshake is on the disk and whose snapshots of the bus are not."""

DRAWN = 150
"""Points drawn over all writers where not all are tried; three of five are kills."""
KILLS = max(2, DRAWN * 3 // 5 // len(PRESENT))
FAULTS = max(1, DRAWN * 2 // 5 // len(PRESENT))

every_writer = pytest.mark.parametrize("writer", PRESENT, ids=lambda writer: writer.name.replace(" ", "-"))


def drawn(points: Sequence[Point], count: int, name: str) -> list[Point]:
    """The same few points each time, other ones for each writer."""
    return random.Random(f"{SEED} {name}").sample(points, min(count, len(points)))


@every_writer
@pytest.mark.promise(2)
def test_a_writer_killed_anywhere_leaves_the_old_state_or_the_new_one(
    writer: Writer, case_of: Callable[[Writer], Case], traced: Traced, ground: Path, figure: Callable[[str], None]
) -> None:
    case = case_of(writer)
    points = case.trace.kills()
    some = drawn(points, KILLS, writer.name)
    hit = sum(attack(case, point, traced, ground) for point in some)
    figure(f"crash: {writer.name}: killed at {hit} of {len(points)} system calls (seed {SEED})")


@every_writer
@pytest.mark.promise(8)
def test_a_writer_refused_anywhere_fails_well_and_leaves_the_old_state_or_the_new_one(
    writer: Writer, case_of: Callable[[Writer], Case], traced: Traced, ground: Path, figure: Callable[[str], None]
) -> None:
    case = case_of(writer)
    points = case.trace.faults()
    some = drawn(points, FAULTS, writer.name)
    hit = sum(attack(case, point, traced, ground) for point in some)
    figure(f"crash: {writer.name}: {hit} of {len(points)} faults injected (seed {SEED})")


TORN = next(writer for writer in PRESENT if writer.name == "bus_claim claim (torn tail)")
EVENT_LOG = next(writer for writer in PRESENT if writer.name == "bus_event log")


def test_a_torn_tail_is_announced_once_though_its_mender_died(
    case_of: Callable[[Writer], Case], traced: Traced, ground: Path
) -> None:
    case = case_of(TORN)
    cuts = [point for point in case.trace.kills() if point.call.name == "ftruncate"]
    assert cuts and all(attack(case, point, traced, ground) for point in cuts)


def test_a_failing_disk_is_no_bug_of_ours(case_of: Callable[[Writer], Case], traced: Traced, ground: Path) -> None:
    case = case_of(EVENT_LOG)
    root = next(point for point in case.trace.faults() if point.what == "error=EIO" and point.call.name == "openat")
    top = copy(case.ready, ground / "failing")
    ended = traced.inject(top, EVENT_LOG.command, "openat", "error=EIO", root.call.nth - 1)
    shutil.rmtree(top)
    assert ended.exit == 7 and "Input/output error" in ended.err


@pytest.mark.soak
@every_writer
def test_every_point_of_a_writer(
    writer: Writer, case_of: Callable[[Writer], Case], traced: Traced, ground: Path, figure: Callable[[str], None]
) -> None:
    case = case_of(writer)
    kills = sum(attack(case, point, traced, ground) for point in case.trace.kills())
    faults = sum(attack(case, point, traced, ground) for point in case.trace.faults())
    figure(f"crash: {writer.name}: killed at all {kills} system calls, all {faults} faults injected")


def attack(case: Case, point: Point, traced: Traced, folder: Path) -> bool:
    """Runs the writer up to a point and looks at what is left; whether the point was reached."""
    top = copy(case.ready, folder / "work")
    try:
        ended = traced.inject(top, case.writer.command, point.call.name, point.what, point.call.nth)
        check(case, point, ended, traced, top)
    except AssertionError as problem:
        raise AssertionError(f"{case.writer.name}: {point}\n{problem}") from None
    finally:
        shutil.rmtree(top)
    return ended.signal == 9 or "error" in point.what


def check(case: Case, point: Point, ended: Outcome, traced: Traced, top: Path) -> None:
    """Everything that must hold after an accident; what follows from one disk content is looked at once."""
    well = ended.signal == 9 or ended.exit in (0, 2, 3, 4, 5, 6, 7)
    assert well and "Traceback" not in ended.err, f"ended badly: {ended}"
    assert not (ended.exit == 0 and point.binding and point.what != "error=EINTR") or NO_SNAPSHOT in ended.err, (
        "acknowledged, but not synced"
    )
    state.check_nothing_old_is_lost(case.old, top)
    left = f"{ended.exit} {bool(ended.out)} {_names_what_is_missing(ended)} {state.fingerprint(top)}"
    if left not in case.seen:
        check_what_follows(case, ended, traced, top)
        case.seen.add(left)


def _names_what_is_missing(ended: Outcome) -> bool:
    return "skipped:" in ended.err or NO_SNAPSHOT in ended.err


def check_what_follows(case: Case, ended: Outcome, traced: Traced, top: Path) -> None:
    """Recovery gives the old state or the new one, and the next run of the command works."""
    recover(top)
    now = state.state_of(top)
    check_state(case, ended, now)
    again = traced.run(top, case.writer.command)
    allowed = case.writer.again if now == case.after else (0, *case.writer.again)
    assert again.exit in allowed, f"the next run failed: {again}"
    state.check_nothing_old_is_lost(case.old, top)
    state.check_sound(top)


def check_state(case: Case, ended: Outcome, now: state.State) -> None:
    """Old or new, and new where the caller was told so; a check that said what it could not read may find less."""
    if case.writer.chooses and ended.exit == 0 and now != case.after:
        state.check_grows(case.before, now)
        assert len(state.bus_of(now)) == len(state.bus_of(case.after))
        return
    if NO_SNAPSHOT in ended.err:
        assert state.bus_of(now) == state.bus_of(case.after), "the handshake is not there"
    if _names_what_is_missing(ended) or any(reason in ended.out for reason in state.FAULTS):
        now = {name: text for name, text in now.items() if name in case.before or not name.startswith("_report/")}
        state.check_each_file(case.before, now, case.after)
        return
    (state.check_each_file if case.writer.steps else state.check_all_or_nothing)(case.before, now, case.after)
    told = ended.exit == 0 or (ended.out and not case.writer.talks)
    assert not told or now == case.after, f"acknowledged and not there: {ended}"
