"""What a server says is live is what a reader of every document would find, however odd a claim is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.postgres import PlantedStore
from tools.core.errors import ToolkitError
from tools.core.models.bus import ASSIGNMENTS, CLAIMS
from tools.core.store import live
from tools.core.store.api import Live
from tools.core.workspace import Workspace

WORDS = ["active", "paused", "released", "done", "Done", "closed", "in_progress", "", 7, None, ["done"]]
STAMPS = ["2026-01-02T00:00:00Z", "2026-01-02", "2026-01-01T00:00:00+02:00", "soon", "", 7, None]
CLAIM = st.fixed_dictionaries(
    {"agent_id": st.sampled_from(["codex-1", 7]), "status": st.sampled_from(WORDS)},
    optional={name: st.sampled_from(STAMPS) for name in ("released_at", "updated_at", "claimed_at")},
).map(lambda claim: json.dumps(claim).encode())
GARBAGE = st.sampled_from(
    [b"{", b"[]", b"", b"\xff", b'{"status":"done","status":"active"}', b'{"status":"done"}\n', b'{"status":"\\u0000"}',
     b'{"status":"done","x":"\\ud800"}', b'{"status":"done","x":NaN}', json.dumps({"status": "done", "x": "x" * 70_000}).encode()]
)  # fmt: skip
TASKS = [f"T-{number}" for number in range(8)]


@pytest.fixture(scope="module")
def planted(server: Any) -> PlantedStore:
    return PlantedStore(Workspace("/", "/nowhere"), server.new_bus())


def shown(answer: Live) -> tuple[dict[str, object], dict[str, int]]:
    documents = {
        name: str(part) if isinstance(part, ToolkitError) else part.content
        for name, part in sorted(answer.documents.items())
    }
    return documents, answer.finished


@settings(max_examples=30)
@given(
    claims=st.dictionaries(st.sampled_from(TASKS), CLAIM | GARBAGE),
    assigned=st.sets(st.sampled_from(TASKS)),
    also=st.sets(st.sampled_from(TASKS), max_size=2),
    newest=st.integers(0, 3),
    kinds=st.sampled_from([(CLAIMS,), (ASSIGNMENTS,), (CLAIMS, ASSIGNMENTS)]),
)
def test_the_narrow_question_and_the_wide_one_have_one_answer(
    planted: PlantedStore, claims: dict[str, bytes], assigned: set[str], also: set[str], newest: int, kinds: Any
) -> None:
    for task in TASKS:
        planted.put(f"claims/{task}", claims.get(task))
        planted.put(f"assignments/{task}", b'{"engineer":"codex-1"}' if task in assigned else None)
    wide = live.of_all(planted.documents(CLAIMS, ASSIGNMENTS), kinds, also, newest)
    assert shown(planted.live(*kinds, also=also, newest=newest)) == shown(wide)


def test_finished_claims_are_not_read(planted: PlantedStore) -> None:
    for task in TASKS:
        planted.put(f"claims/{task}", b'{"status":"done","agent_id":"codex-1"}')
        planted.put(f"assignments/{task}", b'{"engineer":"codex-1"}')
    assert planted.live(CLAIMS, ASSIGNMENTS) == Live({}, {"done": len(TASKS)})
