"""What bus_status shows, and what its presets and flags choose."""

from datetime import timedelta

import pytest

from tests.acting import context_of
from tools.core import clock
from tools.core.bus import status
from tools.core.context import as_module


@pytest.fixture
def view(workspace, noon):
    context = context_of(workspace, now=noon)
    return lambda preset=None, **values: status.with_preset(status.View(**values), preset, context)


@pytest.fixture
def shown(workspace, store, view, noon):
    def gather(preset=None, **values):
        return status.gather(
            context_of(workspace=workspace, store=store, now=noon),
            view(preset, **values),
        )

    return gather


def test_presets_are_defaults_that_a_flag_beats(view, noon):
    assert view() == status.View()
    assert view("manager").since == noon - timedelta(hours=4) and not view("manager").active_only
    assert view("support").since == noon - timedelta(hours=6) and view("support").active_only
    assert view("support", since=noon, limit=3, manager_window=timedelta(0)) == status.View(
        (), True, noon, 3, (), timedelta(0)
    )


def test_claims_live_ones_first_events_newest_last_and_how_many_are_older(shown, logged, run):
    run("agent.bus_claim", "claim", "--agent", "codex-1", "--task", "B")
    run("agent.bus_claim", "claim", "--agent", "codex-1", "--task", "A")
    run("agent.bus_claim", "release", "--agent", "codex-1", "--task", "A")
    logged(summary="last")
    snapshot = shown(limit=2)
    assert [(claim.task_id, claim.state) for claim in snapshot.claims] == [("B", "active"), ("A", "done")]
    assert snapshot.events[-1].record.summary == "last" and snapshot.more_events == 2
    assert [claim.task_id for claim in shown(active_only=True).claims] == ["B"]
    assert shown(agents=["codex-2"]).claims == []
    text = status.full(snapshot, as_module)
    assert "claims: 1 live, 1 finished" in text and "2 older: --limit 4" in text


def test_a_silent_manager_is_a_warning_with_its_summary_and_data(shown, logged, seat, noon):
    seat("boss", roles=["manager"])
    assert "WARNING boss missing" in status.full(shown(), as_module)
    logged(
        agent_id="boss",
        event="status",
        summary="watching",
        ts=clock.to_text(noon - timedelta(minutes=31)),
        meta={"shift": "mid"},
    )
    assert "WARNING boss stale" in status.full(shown(), as_module) and "watching [shift=mid]" in status.full(
        shown(), as_module
    )
    assert "WARNING" not in status.full(shown(manager_window=timedelta(minutes=31)), as_module)
    assert status.as_document(shown())["managers"][0]["state"] == "stale"


def test_open_requests_say_how_to_answer(shown, logged):
    request = logged(thread="T", type="request", summary="help", to="codex-2")
    assert f"[--task T --reply-to {request['id']}]" in status.full(shown(), as_module)
    assert "1 open requests" in status.compact(shown())


def test_an_empty_bus_says_so(shown):
    assert "no live claims" in status.full(shown(), as_module) and "no managers" in status.full(shown(), as_module)


def test_a_stale_manager_does_not_change_the_exit_code(run, seat):
    seat("boss", roles=["manager"])
    for arguments in ((), ("--preset", "manager"), ("--summary",), ("--json",)):
        assert "boss" in run("agent.bus_status", *arguments).out
