"""When a clone finds that a branch does not serve its bus well any more."""

from __future__ import annotations

import os

import pytest

from tools.core.sync import memory
from tools.core.sync.memory import Memory

NOW = 1_800_000_000


def exchanged(tries: list[int]) -> Memory:
    """A memory of one exchange every five seconds, each with so many tries."""
    kept = Memory()
    for number, count in enumerate(tries):
        kept.count(NOW - 3000 + 5 * number, count)
    return kept


@pytest.mark.parametrize(
    ("tries", "reason"),
    [
        ([1] * 300, ""),
        ([1] * 361, "361 exchanges in the last hour are more than 6 a minute"),
        ([2] * 3 + [1] * 27, ""),
        ([2] * 4 + [1] * 26, "4 of the last hour's 30 exchanges had to be repeated"),
        ([2] * 19, ""),
    ],
)
def test_many_or_repeated_exchanges_outgrow_a_branch(workspace, tries, reason):
    assert memory.outgrown(workspace, exchanged(tries), NOW) == reason


def test_exchanges_of_more_than_an_hour_ago_do_not_count(workspace):
    kept = exchanged([2] * 400)
    assert memory.outgrown(workspace, kept, NOW + 3601) == ""
    kept.count(NOW + 7200, 1)
    assert kept.exchanges == [[NOW + 7200, 1]]


def test_a_long_log_outgrows_a_branch(workspace):
    os.makedirs(os.path.dirname(workspace.events.path))
    with open(workspace.events.path, "wb") as log:
        log.truncate(21_000_000)
    assert memory.outgrown(workspace, Memory(), NOW) == "the event log has 21 MB"


def test_what_is_remembered_survives_a_file_and_is_empty_for_another_bus(workspace):
    os.makedirs(workspace.bus.path)
    kept = memory.load(workspace)
    kept.count(NOW, 3)
    memory.save(workspace, kept)
    assert memory.load(workspace).exchanges == [[NOW, 3]]
    kept.bus += 1
    memory.save(workspace, kept)
    assert memory.load(workspace).exchanges == []
