"""The power fails: an ext4 image is shut down without a flush, and what was acknowledged must be on it.

The shutdown is the file system's own (the ioctl behind `godown` in xfstests): from that moment nothing
reaches the image, and what was only in memory is gone. Mounting it again replays its journal, as after
a power cut. What this cannot show is a disk that loses what it said was flushed.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash import state
from tests.crash.writers import EVENT, PRESENT, Writer

EXT4_IOC_SHUTDOWN = 0x8004587D
WITHOUT_FLUSH = struct.pack("I", 2)
SECONDS = float(os.environ.get("TEOF_SOAK_SECONDS", "60"))
RACER = """
import sys
from tests.crash.racer import main
main(sys.argv[1], sys.argv[2])
"""


class Disk:
    """A small disk whose power can be cut; `top` is the repository on it."""

    def __init__(self, folder: Path) -> None:
        self.image = folder / "image"
        self.point = folder / "disk"
        self.top = self.point / "repo"
        self.point.mkdir()
        with self.image.open("wb") as image:
            image.truncate(24 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-J", "size=4", self.image], check=True)

    def mount(self) -> None:
        """Powers it on; what a kernel does to help programs that forget to sync is switched off."""
        options = "loop,commit=300,noauto_da_alloc"
        subprocess.run(["mount", "-t", "ext4", "-o", options, self.image, self.point], check=True, capture_output=True)

    def unmount(self) -> None:
        """Takes it away, once nobody uses it any more."""
        for _ in range(200):
            if subprocess.run(["umount", self.point], capture_output=True).returncode == 0:
                return
            time.sleep(0.02)
        subprocess.run(["umount", "-l", self.point], check=True)

    def settle(self) -> None:
        """Lets everything reach the disk, so that only what comes now is at risk."""
        subprocess.run(["sync", "-f", self.point], check=True)

    def shut_down(self) -> None:
        """From now on nothing reaches the disk."""
        descriptor = os.open(self.point, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, WITHOUT_FLUSH)
        finally:
            os.close(descriptor)

    def cut(self) -> None:
        """The power fails and comes back."""
        self.shut_down()
        self.unmount()
        self.mount()


@pytest.fixture
def disk(tmp_path: Path, _repository_template: Path) -> Iterator[Disk]:
    """A mounted disk with a repository; skipped where that is not allowed."""
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("power cuts need root and mkfs.ext4")
    made = Disk(tmp_path)
    try:
        made.mount()
    except subprocess.CalledProcessError as problem:
        pytest.skip(f"no loop device can be mounted here: {problem.stderr.decode().strip()[:120]}")
    shutil.copytree(_repository_template, made.top)
    made.settle()
    yield made
    made.unmount()


def play(run: Callable[..., Any], top: Path, command: tuple[str, ...]) -> None:
    """Runs a command of a writer in the repository on the disk."""
    run(*rooted(command, top))


def rooted(command: tuple[str, ...], top: Path) -> list[str]:
    """The command with `--root` after its own name and subcommand."""
    place = 2 if len(command) > 1 and not command[1].startswith("-") else 1
    return [*command[:place], "--root", str(top), *command[place:]]


PLAIN = tuple(writer for writer in PRESENT if writer.accident is None)


@pytest.mark.parametrize("writer", PLAIN, ids=lambda writer: writer.name.replace(" ", "-"))
def test_what_was_acknowledged_is_there_after_a_power_cut(writer: Writer, disk: Disk, run: Callable[..., Any]) -> None:
    for command in (*writer.before, writer.command):
        play(run, disk.top, command)
    written = state.files_of(disk.top)
    disk.cut()
    assert state.files_of(disk.top) == written
    play(run, disk.top, EVENT)


def test_the_method_sees_a_writer_that_does_not_sync(
    disk: Disk, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as weaker:
        weaker.setattr(os, "fsync", lambda descriptor: None)
        play(run, disk.top, EVENT)
    written = state.files_of(disk.top)
    disk.cut()
    assert any(name.startswith("_bus/") for name in written)
    assert not any(name.startswith("_bus/") for name in state.files_of(disk.top))


def test_the_method_sees_a_document_that_is_renamed_before_it_is_synced(disk: Disk) -> None:
    (disk.top / "document").write_text("old")
    disk.settle()
    (disk.top / "new").write_text("new")
    os.rename(disk.top / "new", disk.top / "document")
    folder = os.open(disk.top, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    disk.cut()
    assert (disk.top / "document").read_text() == ""


def racer(disk: Disk, number: int) -> subprocess.Popen[str]:
    """A process that writes without end and says what was acknowledged."""
    return subprocess.Popen(
        [sys.executable, "-c", RACER, disk.top, f"agent-{number}"],
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def interrupted(disk: Disk, moment: float) -> set[str]:
    """Two processes write until the power fails; what they were told is safe."""
    running = [racer(disk, number) for number in (1, 2)]
    told = set()
    for process in running:
        assert process.stdout is not None
        told.add(process.stdout.readline().strip())
    time.sleep(moment)
    disk.shut_down()
    for process in running:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 7, err
        told.update(out.split())
    disk.unmount()
    disk.mount()
    return told


def survived(disk: Disk) -> set[str]:
    """The ids of all records and the fences of all claims on the disk, once the next writer has been there."""
    from tests.crash.racer import facts

    found = facts(str(disk.top))
    state.check_sound(disk.top)
    return found


def cut_again_and_again(disk: Disk, rounds: int, seconds: float) -> tuple[int, int]:
    """Cuts the power at random moments; how often, and how many acknowledged facts were looked for."""
    moments, count, until = random.Random(20261122), 0, time.monotonic() + seconds
    told: set[str] = set()
    while count < rounds and time.monotonic() < until:
        told |= interrupted(disk, moments.uniform(0.0, 0.5))
        count += 1
        missing = {fact for fact in told if fact} - survived(disk)
        assert not missing, f"acknowledged and gone after cut {count}: {sorted(missing)[:5]}"
    return count, len(told)


def test_power_cuts_at_random_moments_lose_nothing_acknowledged(disk: Disk, figure: Callable[[str], None]) -> None:
    cuts, facts = cut_again_and_again(disk, 3, 30)
    figure(f"power: {cuts} cuts while two processes wrote, {facts} acknowledged writes all there (seed 20261122)")


@pytest.mark.soak
def test_many_power_cuts_lose_nothing_acknowledged(disk: Disk, figure: Callable[[str], None]) -> None:
    cuts, facts = cut_again_and_again(disk, 10_000, SECONDS)
    figure(f"power: {cuts} cuts while two processes wrote, {facts} acknowledged writes all there (soak)")


def fill(disk: Disk) -> Path:
    """Takes all space there is."""
    path = disk.point / "filler"
    with path.open("wb", buffering=0) as filler:
        for size in (1 << 20, 4096, 512):
            try:
                while filler.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    return path


@pytest.mark.parametrize("writer", PLAIN, ids=lambda writer: writer.name.replace(" ", "-"))
def test_a_full_disk_costs_nothing_but_the_write_that_did_not_fit(
    writer: Writer, disk: Disk, run: Callable[..., Any]
) -> None:
    for command in writer.before:
        play(run, disk.top, command)
    before = state.files_of(disk.top)
    filler = fill(disk)
    refused = run(*rooted(writer.command, disk.top), code=None)
    if refused.code != 0:
        assert refused.code == 7, refused.err
        assert state.files_of(disk.top) == before
    filler.unlink()
    play(run, disk.top, writer.command)
    state.check_sound(disk.top)
