"""Assignment and claim in place before the agent starts."""

import pytest

SEED = ("agent.claim_seed", "--task", "QUEUE-1", "--agent", "codex-2")


@pytest.fixture(autouse=True)
def manager(seat):
    seat("codex-1", roles=["manager"])


def test_a_seeded_claim_is_paused_and_its_agent_starts_it(run, seat, document):
    run(*SEED, "--claimed-at", "2026-01-02T03:04:05Z", "--notes", "warm start")
    claim, given = document("claims/QUEUE-1"), document("assignments/QUEUE-1")
    assert (claim["agent_id"], claim["status"], claim["claimed_at"]) == ("codex-2", "paused", "2026-01-02T03:04:05Z")
    assert (given["engineer"], given["manager"]) == ("codex-2", "codex-1")
    seat("codex-3")
    run("agent.bus_claim", "claim", "--task", "QUEUE-1", "--reason", "mine", code=3)
    seat("codex-2")
    run("agent.bus_claim", "claim", "--task", "QUEUE-1")
    assert document("claims/QUEUE-1")["status"] == "active"


def test_seeding_what_its_agent_already_works_on_does_not_stop_the_work(run, document):
    run(*SEED, "--status", "active")
    run(*SEED, "--notes", "read the plan first")
    claim = document("claims/QUEUE-1")
    assert (claim["status"], claim["notes"]) == ("active", "read the plan first")


@pytest.mark.parametrize("more", [["--claimed-at", "2999-01-01T00:00:00Z"], ["--claimed-at", "soon"], ["--plan", "x"]])
def test_bad_values_are_refused(run, unchanged, more):
    unchanged()
    run(*SEED, *more, code=2)
    unchanged()


def test_a_task_in_other_hands_or_done_is_refused(run, unchanged):
    run("agent.bus_claim", "claim", "--task", "QUEUE-1")
    unchanged()
    run(*SEED, "--scaffold", code=4)
    unchanged()
    run("agent.bus_claim", "release", "--task", "QUEUE-1")
    assert "--reopen" in run(*SEED, code=4).err


def test_another_seat_seeds_only_for_itself_once_a_manager_is_known(run, seat, document):
    run("agent.bus_event", "log", "--event", "handshake", "--summary", "here", "--extra", "roles=manager")
    seat("codex-3")
    assert "codex-1" in run(*SEED, code=3).err
    run("agent.claim_seed", "--task", "QUEUE-2", "--agent", "codex-3")
    assert document("claims/QUEUE-2")["agent_id"] == "codex-3"


def test_where_no_manager_is_known_any_seat_may_seed(run, seat, document):
    seat("codex-3")
    run(*SEED)
    assert document("assignments/QUEUE-1")["manager"] == "codex-3"
