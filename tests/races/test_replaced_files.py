"""Files that are replaced without a lock: each of many writers at once succeeds, and every reader sees a whole file."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from tools.core.fs import files
from tools.core.workspace import Place

WRITERS, ROUNDS, SIZE = 8, 40, 20_000


def write(folder: str, number: int) -> None:
    """Replaces one file again and again with its own number, of its own length."""
    for _ in range(ROUNDS):
        files.replace(Place(folder, "marks/x.json"), b"%d" % number * (SIZE + number))


def broken(data: bytes | None) -> bool:
    """Whether it is not what one writer wrote."""
    return data is not None and (len(set(data)) != 1 or len(data) != SIZE + int(data[:1]))


def test_eight_writers_of_one_file_all_succeed_and_none_is_seen_half(tmp_path: Path) -> None:
    processes = [multiprocessing.Process(target=write, args=(str(tmp_path), number)) for number in range(WRITERS)]
    for process in processes:
        process.start()
    seen = []
    while any(process.is_alive() for process in processes):
        seen.append(broken(files.read_bytes(Place(str(tmp_path), "marks/x.json"))))
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * WRITERS
    assert not any(seen) and os.listdir(tmp_path / "marks") == ["x.json"]


def test_processes_of_one_pid_make_files_of_different_names() -> None:
    assert len({files.temporary_name("x.json") for _ in range(1000)}) == 1000


def test_a_file_that_could_not_be_written_leaves_nothing_beside_it(tmp_path: Path) -> None:
    def parts():
        yield b"begun"
        raise ValueError("the rest cannot be had")

    with pytest.raises(ValueError):
        files.replace(Place(str(tmp_path), "marks/x.json"), parts())
    assert os.listdir(tmp_path / "marks") == []
