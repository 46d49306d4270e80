"""The records' one definition, and how foreign ones are read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.models import lenient
from tools.core.models.bus import CLAIM_STATUSES, OWN_FIELDS, Claim, Event, Message, TakenFrom
from tools.core.models.lenient import claim_from, event_from, message_from
from tools.core.models.record import over, to_mapping

EVENT = {"id": "0" * 26, "ts": "2026-01-31T12:00:00Z", "agent_id": "a", "event": "note", "summary": "s"}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
keys = st.sampled_from([*OWN_FIELDS, "agent_id", "branch", "status", "fence", "taken_from", "paths", "engineer", "odd"])
anything_read = st.dictionaries(keys | st.text(max_size=5), anything, max_size=8)


@given(anything_read)
def test_no_foreign_record_makes_a_reader_raise_and_all_text_is_text(raw):
    event, message, claim = event_from(raw), message_from(raw, "T"), claim_from(raw, "T")
    lenient.assignment_from(raw, "T")
    lenient.manifest_from(raw)
    texts = [event.id, event.ts, event.summary, message.sender, message.note, claim.agent_id, claim.status]
    assert all(isinstance(text, str) for text in (*texts, *event.receipts, *event.meta.values(), *claim.paths))
    assert claim.fence >= 0 and claim.state in CLAIM_STATUSES


def test_empty_optional_fields_are_left_out():
    assert to_mapping(Event(**EVENT, branch="", receipts=(), meta={})) == EVENT


def test_a_message_is_written_from_and_read_back():
    message = Message(id="0" * 26, ts=EVENT["ts"], sender="a", type="note", task_id="T", summary="s", meta={"k": "v"})
    assert to_mapping(message)["from"] == "a"
    assert message_from(to_mapping(message), "T") == message


def test_a_claim_is_read_back_with_whom_it_was_taken_from():
    taken = TakenFrom(agent_id="b", at=EVENT["ts"], reason="gone")
    claim = Claim(
        task_id="T",
        agent_id="a",
        branch="x",
        status="active",
        claimed_at=EVENT["ts"],
        fence=2,
        paths=("a/",),
        taken_from=taken,
    )
    assert claim_from(json.loads(json.dumps(to_mapping(claim))), "T") == claim


def test_unknown_fields_outlive_a_rewrite_and_known_ones_do_not():
    event = Event(**EVENT)
    assert over(event, {"odd": 1, "branch": "old"}) == {**EVENT, "odd": 1}


def test_old_shapes_are_understood():
    event = event_from({"from": "a", "type": "note", "task": "T", "receipt": "x.json", "shift": "mid", "ts": "t"})
    assert (event.agent_id, event.event, event.task_id, event.receipts) == ("a", "note", "T", ("x.json",))
    assert event.meta == {"shift": "mid"}
    assert message_from({"agent_id": "a", "event": "status"}, "hub").task_id == "hub"
    assert lenient.assignment_from({"engineer": "unassigned"}, "T").engineer is None


@pytest.mark.parametrize(
    ("status", "state", "live"),
    [("pending", "active", True), ("in_progress", "active", True), ("closed", "done", False), ("cancelled", "done", False),
     ("abandoned", "done", False), ("paused", "paused", True), ("Released", "released", False), ("", "active", True)],
)  # fmt: skip
def test_old_words_for_a_claims_state_have_a_meaning(status, state, live):
    claim = claim_from({"status": status}, "T")
    assert (claim.state, claim.is_live) == (state, live)


@pytest.mark.parametrize("fence", [-1, "3", 2.5, True, None, 1 << 60])
def test_a_fence_that_is_no_count_is_none(fence):
    assert claim_from({"fence": fence}, "T").fence == 0


def test_a_claims_task_is_that_of_its_file_whatever_it_says():
    assert claim_from({"task_id": "../x"}, "T").task_id == "T"


def test_records_compare_by_what_they_say():
    assert Event(**EVENT) == Event(**EVENT) != Event(**{**EVENT, "summary": "other"})
    assert len({Event(**EVENT), Event(**EVENT)}) == 1
    assert "summary='s'" in repr(Event(**EVENT))
