"""Names that differ only in case: the same answer however many are asked for, and wherever the names come from."""

from __future__ import annotations

import os
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.core.fs.folders import Names
from tools.core.workspace import Place

NAMES = st.sampled_from(
    [f"{name}{number}.json" for name in ("t-", "T-", "Straße-", "STRASSE-") for number in range(12)]
)


@settings(max_examples=100)
@pytest.mark.parametrize("is_known", [False, True])
@given(present=st.sets(NAMES, max_size=9), asked=st.lists(NAMES, max_size=40))
def test_each_is_told_from_those_there_and_those_that_came_since(is_known, present, asked):
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(f"{root}/claims")
        for name in present:
            open(f"{root}/claims/{name}", "w").close()
        names = Names(Place(root, "claims"), "/".join(["", *present, ""]) if is_known and present else "")
        there = set(present)
        for name in asked:
            twins = {each for each in there if each.casefold() == name.casefold()} - {name}
            assert names.twin(name) in (twins or {""})
            if not twins:
                there.add(name)


def test_a_folder_that_is_not_there_has_none(tmp_path):
    assert Names(Place(str(tmp_path), "claims")).twin("T-1.json") == ""
