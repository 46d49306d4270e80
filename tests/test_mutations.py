"""Each promise weakened on purpose makes a fast test fail."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.crash.traced import why_not
from tests.mutation import Mutation
from tests.mutations import MUTATIONS, UNCHANGED, notice, weakened


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_a_weakened_promise_is_noticed(mutation: Mutation, tmp_path: Path) -> None:
    if mutation.traces and (reason := why_not()):
        pytest.skip(reason)
    if mutation.browses and not (shutil.which("chromium") and find_spec("playwright")):
        pytest.skip("no Chromium or no playwright here")
    noticed, words = notice(mutation, tmp_path)
    assert noticed, words


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_each_weakening_is_of_a_text_that_is_there(mutation: Mutation) -> None:
    assert weakened(mutation)


@pytest.mark.slow
def test_the_toolkit_as_it_is_passes_the_same_tests(tmp_path: Path) -> None:
    noticed, words = notice(UNCHANGED, tmp_path)
    assert not noticed, words
    assert " passed" in words
