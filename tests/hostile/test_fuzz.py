"""Readers of damaged files: an answer or a refusal that is explained, in time, whatever stands in the file."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import time
from pathlib import Path

import pytest

from tests.core.plans.test_rules import good
from tests.hostile import corpus
from tests.hostile.conftest import attempt
from tests.hostile.mutator import damaged
from tests.hostile.seeds import SEEDS

PLAN = "_plans/2026-01-02-a-plan.plan.json"
FEW = 6
"""Damaged files of each kind in every run of the tests."""

SOAK = 600
"""Seconds of the long run, over all kinds together."""


def try_one(root: Path, place: str, seed: int) -> None:
    """Puts a damaged file in place, and lets some of its readers try; the seed gives it again."""
    chance = random.Random(seed)
    sound, commands = SEEDS[place]
    corpus.put(root, place, damaged(sound, chance))
    present = [command for command in commands if importlib.util.find_spec(f"tools.{command[0]}")]
    for command in chance.sample(present, min(3, len(present))):
        try:
            attempt(command)
        except AssertionError as failure:
            raise AssertionError(f"try_one(field, {place!r}, {seed}): {failure}") from failure


@pytest.mark.parametrize("place", SEEDS)
def test_a_damaged_file_is_read_or_refused(field: Path, place: str) -> None:
    for other, (sound, _) in SEEDS.items():
        if other != "_bus/.journal":
            corpus.put(field, other, sound)
    for seed in range(FEW):
        try_one(field, place, seed)


def test_a_plan_that_cites_what_no_file_can_be_called_is_read(field: Path) -> None:
    plan = good()
    corpus.put(
        field, PLAN, json.dumps({**plan, "receipts": ["\ud800", "a/\ud800/b"], "plan_id": "2026-01-02-a-plan"}).encode()
    )
    for command in SEEDS[PLAN][1]:
        attempt(command)


@pytest.mark.soak
def test_damaged_files_are_read_or_refused_for_ten_minutes(field: Path) -> None:
    first = int(os.environ.get("FUZZ_SEED", time.time_ns() % 10**9))
    places = [place for place in SEEDS if place != "_bus/.journal"]
    for place in places:
        corpus.put(field, place, SEEDS[place][0])
    begun, number = time.monotonic(), 0
    while time.monotonic() - begun < float(os.environ.get("FUZZ_SECONDS", SOAK)):
        place = places[number % len(places)]
        try_one(field, place, first + number)
        if number % 3:
            corpus.put(field, place, SEEDS[place][0])  # else the damage of several files comes together
        number += 1
    print(f"fuzz: {number} damaged files, first seed {first}")
