"""Where records lie in a tree, and how a log is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.store import layout


@pytest.mark.parametrize(
    "path, of, segment",
    [
        ("events/events.jsonl", "events", 0),
        ("events/events/000012.jsonl", "events", 12),
        ("messages/T-1.jsonl", "messages/T-1", 0),
        (layout.log_path("messages/T-1"), "messages/T-1", 0),
        (layout.segment_path("messages/T-1", 3), "messages/T-1", 3),
        (layout.segment_path("messages/000001", 3), "messages/000001", 3),
        ("claims/T-1.json", "claims/T-1", 0),
        (layout.document_path("assignments/T-1"), "assignments/T-1", 0),
        ("claims/finished/2026-10.jsonl", "finished/2026-10", 0),
        ("claims/finished/2026-10/000001.jsonl", "finished/2026-10", 1),
    ],
)
def test_a_path_of_a_bus_says_what_it_is(path: str, of: str, segment: int) -> None:
    address = layout.address(path)
    assert address is not None and (address.of, address.segment) == (of, segment)


@pytest.mark.parametrize(
    "path",
    ["claims/00/T-1.json", "claims/con.json", "claims/../x.json", "events/sub/deep.jsonl", "events/events/1.jsonl",
     "messages/x/T-1.jsonl", "claims/finished/2026-13.jsonl", ".git/config", "AGENTS.md", "claims", "claims/T-1.json/x",
     "events/events.jsonl\n", "messages/a b.jsonl"],
)  # fmt: skip
def test_anything_else_is_nothing_of_a_bus(path: str) -> None:
    assert layout.address(path) is None


@given(st.lists(st.integers(0, 60_000), max_size=60), st.integers(0, 5000))
def test_segments_and_the_open_end_are_the_log_and_each_closes_at_a_line_end(sizes: list[int], torn: int) -> None:
    data = b"".join(b"x" * size + b"\n" for size in sizes) + b"y" * torn
    closed, rest = layout.cut(data)
    assert b"".join(closed) + rest == data
    assert all(layout.SEGMENT < len(part) <= layout.SEGMENT + 60_002 and part.endswith(b"\n") for part in closed)
